//! Stores what agents did, and the job that makes observations of it.
//!
//! Wakes on: forum.commands.ingest_agent_events
//! Reads: commands, sessions, agent_events, lane_pauses
//! Writes: commands, agent_events, jobs, events
//! Emits: agent_event.received, job.queued, forum.jobs.event, forum.jobs.event_batch

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, IngestAgentEvents};
use shared::message::envelope::CloudEvent;
use shared::store::agent_events::Batches;

pub use decide::decide;

/// The function.
pub struct CmdIngestAgentEvents;

impl Function for CmdIngestAgentEvents {
    const NAME: &'static str = "cmd-ingest-agent-events";
    const TRIGGER: Trigger = Trigger::Command(IngestAgentEvents::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Batches, _>(ctx, Self::NAME, &message, decide).await
    }
}
