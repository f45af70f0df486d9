//! `job-event` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<job_event::JobEvent>()
}
