//! `cmd-close-thread` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<cmd_close_thread::CmdCloseThread>()
}
