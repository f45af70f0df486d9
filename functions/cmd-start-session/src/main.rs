//! `cmd-start-session` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_start_session::CmdStartSession>()
}
