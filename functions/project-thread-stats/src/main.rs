//! `project-thread-stats` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<project_thread_stats::ProjectThreadStats>()
}
