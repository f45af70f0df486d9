//! `sweep-expired-leases` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<sweep_expired_leases::SweepExpiredLeases>()
}
