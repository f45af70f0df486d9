//! `cmd-change-run-state` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_change_run_state::CmdChangeRunState>()
}
