//! `cmd-close-run` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_close_run::CmdCloseRun>()
}
