//! `cmd-end-session` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_end_session::CmdEndSession>()
}
