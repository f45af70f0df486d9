//! `sweep-silent-sessions` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<sweep_silent_sessions::SweepSilentSessions>()
}
