//! `project-thread-views` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<project_thread_views::ProjectThreadViews>()
}
