//! `drain-outbox` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<drain_outbox::DrainOutbox>()
}
