//! `job-reindex` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<job_reindex::JobReindex>()
}
