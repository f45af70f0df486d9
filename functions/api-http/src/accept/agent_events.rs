//! What commands that bring agent events are answered with: each event as it is stored, and the job that makes
//! observations of it.

use std::collections::{BTreeSet, HashSet};

use http::StatusCode;
use serde::Serialize;
use shared::message::command::IngestAgentEvents;
use shared::store::agent_events::{self, AgentEventView, KnownEvent};
use shared::store::commands::AppliedTo;
use shared::store::{Reader, StoreError};
use shared::value::{JobStatus, KeyScope};
use utoipa::ToSchema;

use super::answers::{Applied, CommandAnswer, CommandReceipt};

/// Whether a doorbell is rung for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobTransport {
    /// It is.
    Enqueued,
    /// It is not: its lane is paused or disabled.
    QueuedOnly,
    /// There was no reason: nothing is to be made of the event, or the event was known.
    Skipped,
}

impl JobTransport {
    /// Of a job that is there.
    #[must_use]
    pub fn of(rings: bool) -> Self {
        if rings { Self::Enqueued } else { Self::QueuedOnly }
    }
}

/// The job that makes observations of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GenerationJob {
    /// Identity; absent when there is no job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    /// Whether this request had it rung for.
    pub transport: JobTransport,
}

impl GenerationJob {
    /// Its id, unless it is over.
    fn unfinished(&self) -> Option<&String> {
        self.id.as_ref().filter(|_| self.status.is_some_and(|status| !status.is_terminal()))
    }
}

/// An event of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// The event as it is stored, without its payload.
    pub event: AgentEventView,
    /// The job that makes observations of it.
    pub generation_job: GenerationJob,
}

/// The answer to one agent event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The event as it is stored; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<AgentEventView>,
    /// The job that makes observations of it; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation_job: Option<GenerationJob>,
    /// True when the wait for the job ended before it did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wait_timed_out: bool,
    /// Whether the event came with this command.
    #[serde(skip)]
    created: bool,
}

/// The answer to a batch of agent events.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The events in their order; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<BatchItem>>,
    /// True when the wait for the jobs ended before they did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wait_timed_out: bool,
    /// Whether any event came with this command.
    #[serde(skip)]
    created: bool,
}

/// The events that a command brought, and whether any of them was new; nothing if it brought none.
fn brought(
    reader: &mut Reader<'_>,
    of: Applied<'_>,
    with_payload: bool,
) -> Result<Option<(Vec<BatchItem>, bool)>, StoreError> {
    let AppliedTo::Batch { batch_id } = of.to else { return Ok(None) };
    let command: IngestAgentEvents = serde_json::from_str(&of.row.payload)
        .map_err(|_| StoreError::Row("the payload of a command is damaged".to_owned()))?;
    let keys = command.keys(&of.row.scope);
    let known = agent_events::by_keys(reader, &of.row.scope, &keys, with_payload)?;
    let mut seen = HashSet::new();
    let mut created = false;
    let items = known.into_iter().map(|KnownEvent { event, job }| {
        // What stands twice in a batch was known the second time.
        let is_new = event.batch_id == *batch_id && seen.insert(event.agent_event_id.clone());
        created |= is_new;
        let transport = match job {
            Some((_, rings)) if is_new => JobTransport::of(rings),
            _ => JobTransport::Skipped,
        };
        let id = event.job_id.clone().filter(|_| job.is_some());
        BatchItem { event, generation_job: GenerationJob { id, status: job.map(|(status, _)| status), transport } }
    });
    let items: Vec<_> = items.collect();
    Ok(Some((items, created)))
}

impl CommandAnswer for EventAnswer {
    const PROJECTION: Option<&'static str> = None;
    const SCOPES: [KeyScope; 2] = [KeyScope::MemoriesWrite, KeyScope::MemoriesWrite];
    const CAUSES_JOBS: bool = true;

    fn status(&self, done: StatusCode) -> StatusCode {
        if self.created { StatusCode::CREATED } else { done }
    }

    fn unfinished_jobs(&self) -> Vec<String> {
        self.generation_job.iter().filter_map(GenerationJob::unfinished).cloned().collect()
    }

    fn time_out(&mut self) {
        self.wait_timed_out = true;
    }

    fn pending(command: CommandReceipt) -> Self {
        Self { command, event: None, generation_job: None, wait_timed_out: false, created: false }
    }

    fn read(reader: &mut Reader<'_>, command: CommandReceipt, of: Applied<'_>) -> Result<Self, StoreError> {
        let Some((items, created)) = brought(reader, of, true)? else { return Ok(Self::pending(command)) };
        let (event, generation_job) = items.into_iter().next().map(|item| (item.event, item.generation_job)).unzip();
        Ok(Self { command, event, generation_job, wait_timed_out: false, created })
    }
}

impl CommandAnswer for BatchAnswer {
    const PROJECTION: Option<&'static str> = None;
    const SCOPES: [KeyScope; 2] = [KeyScope::MemoriesWrite, KeyScope::MemoriesWrite];
    const CAUSES_JOBS: bool = true;

    fn status(&self, done: StatusCode) -> StatusCode {
        if self.created { StatusCode::CREATED } else { done }
    }

    fn unfinished_jobs(&self) -> Vec<String> {
        let jobs = self.items.iter().flatten().filter_map(|item| item.generation_job.unfinished());
        // Most of a batch shares one.
        jobs.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn time_out(&mut self) {
        self.wait_timed_out = true;
    }

    fn pending(command: CommandReceipt) -> Self {
        Self { command, items: None, wait_timed_out: false, created: false }
    }

    fn read(reader: &mut Reader<'_>, command: CommandReceipt, of: Applied<'_>) -> Result<Self, StoreError> {
        let Some((items, created)) = brought(reader, of, false)? else { return Ok(Self::pending(command)) };
        Ok(Self { command, items: Some(items), wait_timed_out: false, created })
    }
}
