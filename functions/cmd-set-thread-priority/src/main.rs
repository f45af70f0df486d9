//! `cmd-set-thread-priority` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_set_thread_priority::CmdSetThreadPriority>()
}
