//! `cmd-send-nudge` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_send_nudge::CmdSendNudge>()
}
