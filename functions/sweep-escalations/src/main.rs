//! `sweep-escalations` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<sweep_escalations::SweepEscalations>()
}
