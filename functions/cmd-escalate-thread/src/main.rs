//! `cmd-escalate-thread` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_escalate_thread::CmdEscalateThread>()
}
