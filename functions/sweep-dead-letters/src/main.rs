//! `sweep-dead-letters` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<sweep_dead_letters::SweepDeadLetters>()
}
