//! `project-search` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<project_search::ProjectSearch>()
}
