//! What the commands about jobs read in the server's documents: the members they show, and nothing else, so that a
//! newer server with more words is still understood.

use serde::Deserialize;

use crate::cli::text::line;

/// A job as lists and details show it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct JobView {
    pub(super) job_id: String,
    pub(super) kind: String,
    pub(super) project_id: String,
    pub(super) source_type: String,
    pub(super) source_id: String,
    pub(super) session_id: Option<String>,
    pub(super) status: String,
    pub(super) transport: String,
    pub(super) attempts: i64,
    pub(super) max_attempts: i64,
    pub(super) retried_count: i64,
    pub(super) next_attempt_at: Option<String>,
    pub(super) locked_until: Option<String>,
    pub(super) error_class: Option<String>,
    pub(super) error: Option<String>,
    pub(super) observations: i64,
    pub(super) usage: Option<UsageView>,
    pub(super) key_id: Option<String>,
    pub(super) request_id: String,
    pub(super) correlation_id: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) started_at: Option<String>,
    pub(super) finished_at: Option<String>,
    pub(super) lifecycle: Vec<StepView>,
    pub(super) already_queued: bool,
}

/// What a job took.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageView {
    pub(super) provider: String,
    pub(super) model: Option<String>,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cost_microdollars: u64,
}

/// One thing that happened to a job.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StepView {
    pub(super) pos: i64,
    #[serde(rename = "type")]
    pub(super) step: String,
    pub(super) at: String,
    pub(super) attempts: i64,
    pub(super) next_attempt_at: Option<String>,
    pub(super) error_class: Option<String>,
    pub(super) source: Option<String>,
}

/// A page of jobs, and how many there are in all.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct JobPage {
    pub(super) items: Vec<JobView>,
    pub(super) total: usize,
    pub(super) offset: usize,
}

/// A new job.
#[derive(Deserialize)]
pub(super) struct NewJob {
    pub(super) job: JobView,
}

/// The lanes that the caller reaches.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Lanes {
    pub(super) items: Vec<LaneView>,
}

/// A lane.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LaneView {
    pub(super) kind: String,
    pub(super) function: String,
    pub(super) enabled: bool,
    pub(super) paused: bool,
    pub(super) reason: Option<String>,
    pub(super) queued: i64,
    pub(super) processing: i64,
    pub(super) failed: i64,
}

/// A text that may be missing.
pub(super) fn or_none(text: Option<&String>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| line(text))
}
