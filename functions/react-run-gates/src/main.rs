//! `react-run-gates` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<react_run_gates::ReactRunGates>()
}
