//! `cmd-assign-thread` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_assign_thread::CmdAssignThread>()
}
