//! `project-run-snapshots` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<project_run_snapshots::ProjectRunSnapshots>()
}
