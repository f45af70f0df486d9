//! `drain-outbox` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<drain_outbox::DrainOutbox>()
}
