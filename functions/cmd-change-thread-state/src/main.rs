//! `cmd-change-thread-state` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_change_thread_state::CmdChangeThreadState>()
}
