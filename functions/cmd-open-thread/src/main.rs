//! `cmd-open-thread` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_open_thread::CmdOpenThread>()
}
