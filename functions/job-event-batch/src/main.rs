//! `job-event-batch` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<job_event_batch::JobEventBatch>()
}
