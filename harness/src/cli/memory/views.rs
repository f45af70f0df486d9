//! What the commands of memory read in the server's documents: the members they show, and nothing else, so that a newer
//! server with more words is still understood.

use serde::Deserialize;
use shared::id::Kind;
use shared::value::{JobStatus, Word};

use crate::cli::jobs;
use crate::cli::output::Output;
use crate::cli::text::line;

/// What became of an event that was told alone, once its command is applied.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    pub(super) event: Option<EventView>,
    pub(super) generation_job: GenerationJob,
    pub(super) wait_timed_out: bool,
}

/// What became of a batch, once its command is applied.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ToldBatch {
    pub(super) items: Option<Vec<Item>>,
    pub(super) wait_timed_out: bool,
}

/// What became of one event of a batch.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    pub(super) event: EventView,
    pub(super) generation_job: GenerationJob,
}

/// An agent event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventView {
    pub(super) agent_event_id: String,
    pub(super) batch_id: String,
}

impl EventView {
    /// Whether it came with this command, whose UUID its batch then has. One that was known came with an earlier one.
    pub(super) fn came_with(&self, command_id: &str) -> bool {
        Kind::Command.parse(command_id).is_some_and(|uuid| self.batch_id == Kind::Batch.with(uuid))
    }
}

/// The job that makes observations, and how it gets to its lane.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GenerationJob {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) transport: String,
}

impl GenerationJob {
    /// Whether nothing is left to wait for: it succeeded, or there is none.
    pub(super) fn is_done(&self) -> bool {
        self.id.is_none() || self.status.as_deref() == Some(JobStatus::Completed.as_str())
    }

    /// Its id, how it stands, and how it gets to its lane: what of it is known.
    pub(super) fn describe(&self) -> String {
        let parts = [self.id.as_ref(), self.status.as_ref(), Some(&self.transport)];
        let parts = parts.into_iter().flatten().map(|part| line(part)).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("  ")
    }

    /// Says what to do about it, if anything is to be done.
    pub(super) fn remark(&self, output: &Output, timed_out: bool) {
        let Some(id) = &self.id else { return };
        let status = self.status.as_deref().unwrap_or_default();
        if timed_out {
            output.note(&format!("note: the job is not over; `agentforum jobs show {}` says how it stands", line(id)));
        }
        if status == JobStatus::Failed.as_str() {
            output.note(&format!("note: the job failed; `agentforum jobs show {}` says why", line(id)));
        }
        if let Some(next) = jobs::next_step(id, status, &self.transport) {
            output.note(&next);
        }
    }
}

/// A page of what was found.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundPage {
    pub(super) items: Vec<FoundView>,
    pub(super) next_cursor: Option<String>,
    pub(super) truncated: bool,
}

/// An observation, a post or a pull request that was found.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundView {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) snippet: String,
    pub(super) session_id: Option<String>,
    pub(super) thread_id: Option<String>,
    pub(super) created_at: String,
}

/// What was found as one text.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ContextView {
    pub(super) text: String,
    pub(super) truncated: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    // MEMORY-2
    #[test]
    fn an_event_is_new_when_its_batch_is_the_one_of_the_command() {
        let event = EventView { batch_id: "bat_019a0000-0000-7000-8000-000000000000".to_owned(), ..Default::default() };
        assert!(event.came_with("cmd_019a0000-0000-7000-8000-000000000000"));
        assert!(!event.came_with("cmd_019a0000-0000-7000-8000-000000000001"));
        assert!(!event.came_with(""));
    }

    // MEMORY-1, SEC-6
    #[test]
    fn a_job_is_described_by_what_is_known_and_done_when_it_succeeded_or_is_none() {
        let read = |text: &str| serde_json::from_str::<GenerationJob>(text).expect("a job");
        let queued = read(r#"{"id":"evt_1","status":"queued\u001b[2J","transport":"enqueued","new":1}"#);
        assert_eq!((queued.describe().as_str(), queued.is_done()), ("evt_1  queued[2J  enqueued", false));
        let skipped = read(r#"{"transport":"skipped"}"#);
        assert_eq!((skipped.describe().as_str(), skipped.is_done()), ("skipped", true));
        assert!(read(r#"{"id":"evt_1","status":"completed","transport":"enqueued"}"#).is_done());
        assert!(!read(r#"{"id":"evt_1","status":"failed","transport":"skipped"}"#).is_done(), "of a known event");
    }
}
