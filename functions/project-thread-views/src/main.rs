//! `project-thread-views` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<project_thread_views::ProjectThreadViews>()
}
