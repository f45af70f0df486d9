//! Makes observations of agent events that came alone.
//!
//! Wakes on: forum.jobs.event
//! Reads: jobs, lane_pauses, leases, api_keys, agent_events, sessions
//! Writes: jobs, leases, observations, observation_sources, dead_letters, audit, events
//! Emits: job.processing, job.completed, job.retry_scheduled, job.failed, observation.created

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::lane::{self, Lane, Made};
use shared::function::{Function, Trigger};
use shared::generation::GenerationError;
use shared::message::envelope::CloudEvent;
use shared::store::jobs::{JobRow, Source};
use shared::value::JobKind;

/// The function.
pub struct JobEvent;

impl Function for JobEvent {
    const NAME: &'static str = "job-event";
    const TRIGGER: Trigger = Trigger::Job(JobKind::Event);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, _doorbell: CloudEvent) -> Result<(), HandlerError> {
        lane::handle::<Self>(ctx).await
    }
}

impl Lane for JobEvent {
    const LANE: JobKind = JobKind::Event;

    async fn work(ctx: &Ctx, _job: &JobRow, source: Source) -> Result<Made, GenerationError> {
        lane::generate(ctx, source).await
    }
}
