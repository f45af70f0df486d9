//! `react-nudges` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<react_nudges::ReactNudges>()
}
