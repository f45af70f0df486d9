//! `job-summary` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<job_summary::JobSummary>()
}
