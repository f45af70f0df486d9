//! Builds the index entries of observations again.
//!
//! Wakes on: forum.jobs.reindex
//! Reads: jobs, lane_pauses, leases, api_keys, observations
//! Writes: jobs, leases, observation_text, dead_letters, audit, events
//! Emits: job.processing, job.completed, job.retry_scheduled, job.failed, observation.reindexed

use shared::ctx::Ctx;
use shared::domain::job::JobPayload;
use shared::error::HandlerError;
use shared::function::lane::{self, Lane, Made};
use shared::function::{Function, Trigger};
use shared::generation::GenerationError;
use shared::message::envelope::CloudEvent;
use shared::store::jobs::{self, JobRow, Source};
use shared::store::memory::{self, Reindexed};
use shared::store::{Commit, CommitError, Context, Durability, observations};
use shared::value::{ErrorClass, JobKind};

/// Observations of one commit: few enough that nobody waits for it.
const SLICE: u32 = 200;

/// The function.
pub struct JobReindex;

impl Function for JobReindex {
    const NAME: &'static str = "job-reindex";
    const TRIGGER: Trigger = Trigger::Job(JobKind::Reindex);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, _doorbell: CloudEvent) -> Result<(), HandlerError> {
        lane::handle::<Self>(ctx).await
    }
}

impl Lane for JobReindex {
    const LANE: JobKind = JobKind::Reindex;

    /// Slice after slice, each with its events in a commit of its own: one that is done again changes nothing that a search
    /// would show.
    async fn work(ctx: &Ctx, job: &JobRow, source: Source) -> Result<Made, GenerationError> {
        let payload = match source {
            Source::Index(payload) => payload,
            Source::Refused(error) => return Err(error),
            Source::Material(_) => {
                return Err(GenerationError::new(ErrorClass::Unrecoverable, "the job carries what another lane needs"));
            }
        };
        let again = |error: String| GenerationError::new(ErrorClass::Transient, error);
        let mut after = 0;
        loop {
            let (scope, payload) = (job.scope.clone(), payload.clone());
            let read =
                ctx.store.read(move |reader| memory::observations_of(reader, &scope, what(&payload), after, SLICE));
            let slice = read.await.map_err(|error| again(error.to_string()))?;
            let Some((last, _)) = slice.last() else { return Ok(Made::default()) };
            after = *last;
            let rows: Vec<i64> = slice.iter().map(|(row, _)| *row).collect();
            let context = Context {
                correlation_id: job.correlation_id.clone(),
                traceparent: job.traceparent.clone(),
                ..ctx.authoring(Self::NAME)
            };
            let events = slice.iter().map(|(_, id)| observations::reindexed(&job.scope, id));
            let commit = Commit::new(Durability::Full, context)
                .then_all(jobs::still_held(job, ctx.config.jobs.lease))
                .then_all(memory::reindex(&job.scope, &rows))
                .then_all(events);
            match ctx.store.commit(commit).await {
                Ok(_) => {}
                // What the job made comes too late anyway.
                Err(CommitError::Guard(_)) => return Ok(Made::default()),
                Err(CommitError::Store(error)) => return Err(again(error.to_string())),
            }
        }
    }
}

/// What the job is about.
fn what(payload: &JobPayload) -> Reindexed<'_> {
    match (&payload.observation_id, payload.source_type.as_str(), &payload.scope_id) {
        (Some(observation_id), _, _) => Reindexed::Observation(observation_id),
        (None, "session", Some(session_id)) => Reindexed::Session(session_id),
        _ => Reindexed::Project,
    }
}
