//! `cmd-send-signal` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_send_signal::CmdSendSignal>()
}
