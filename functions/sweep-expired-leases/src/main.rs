//! `sweep-expired-leases` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<sweep_expired_leases::SweepExpiredLeases>()
}
