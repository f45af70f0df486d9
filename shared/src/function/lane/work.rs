//! A group of claimed jobs: their sources, the work on each, and what each comes to.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::join_all;
use futures::stream::{self, StreamExt};

use super::{Lane, Made};
use crate::clock::{Clock, Stopwatch, Time};
use crate::ctx::Ctx;
use crate::domain::job::Fate;
use crate::function::batch::panic_text;
use crate::generation::GenerationError;
use crate::id::Kind;
use crate::store::dead_letters::DeadLetter;
use crate::store::jobs::{self, JobRow, Source};
use crate::store::{Commit, CommitError, Context, Durability, Guard, Statement, StoreError, observations};
use crate::value::{ErrorClass, JobKind, Word};

/// Jobs whose sources are read at once: all of those that are about one event, few of those that are about many.
fn together(kind: JobKind) -> usize {
    match kind {
        JobKind::Event => 100,
        JobKind::EventBatch | JobKind::Reindex => 4,
        JobKind::Summary => 1,
    }
}

/// Outcomes that are stored side by side, so that they share a transaction.
const STORED_TOGETHER: usize = 100;

/// What working on a job came to.
enum Outcome {
    Made(Made),
    Failed(GenerationError),
    /// Not tried: the provider wants to be left alone until then, or there is no time.
    PutBack(Time),
}

/// Works on a claimed group. A job that fails or panics stops none of the others.
pub(super) async fn group<L: Lane>(ctx: &Ctx, claimed: Vec<JobRow>, stopwatch: Stopwatch) {
    let mut claimed = claimed.into_iter().peekable();
    while claimed.peek().is_some() {
        let loaded = load(ctx, claimed.by_ref().take(together(L::LANE)).collect()).await;
        let worked = stream::iter(loaded)
            .map(|(job, source)| async move {
                if super::is_over(ctx, stopwatch) {
                    return (job, Outcome::PutBack(ctx.clock.now()));
                }
                let outcome = one::<L>(ctx, &job, source).await;
                (job, outcome)
            })
            .buffer_unordered(ctx.provider.concurrency())
            .ready_chunks(STORED_TOGETHER);
        let mut worked = std::pin::pin!(worked);
        while let Some(outcomes) = worked.next().await {
            join_all(outcomes.into_iter().map(|(job, outcome)| store::<L>(ctx, job, outcome))).await;
        }
    }
}

/// The jobs with what they are about. What cannot be read is a failure of the job that needs it, and of no other.
async fn load(ctx: &Ctx, chunk: Vec<JobRow>) -> Vec<(JobRow, Source)> {
    let unread = |error: StoreError| {
        tracing::warn!(%error, "what a job is about could not be read");
        Source::Refused(GenerationError::new(ErrorClass::Transient, "what the job is about could not be read"))
    };
    let (now, chunk) = (ctx.clock.now(), Arc::new(chunk));
    let read = {
        let chunk = Arc::clone(&chunk);
        ctx.store.read(move |reader| Ok(chunk.iter().map(|job| jobs::load(reader, job, now)).collect::<Vec<_>>()))
    };
    let read = read.await;
    let chunk = Arc::unwrap_or_clone(chunk);
    match read {
        Ok(sources) => {
            let sources = sources.into_iter().map(|source| source.unwrap_or_else(unread));
            chunk.into_iter().zip(sources).collect()
        }
        Err(error) => {
            let refused = unread(error);
            chunk.into_iter().map(|job| (job, refused.clone())).collect()
        }
    }
}

async fn one<L: Lane>(ctx: &Ctx, job: &JobRow, source: Source) -> Outcome {
    if let Some(until) = ctx.slots.quiet_until(L::LANE, ctx.clock.now()) {
        return Outcome::PutBack(until);
    }
    let stopwatch = Clock::stopwatch();
    let worked = AssertUnwindSafe(L::work(ctx, job, source)).catch_unwind().await;
    let lane = L::LANE.as_str();
    ctx.metrics.job_duration_seconds.with_label_values(&[lane]).observe(stopwatch.elapsed().as_secs_f64());
    match worked {
        Ok(Ok(made)) => Outcome::Made(made),
        Ok(Err(error)) => {
            if error.class == ErrorClass::RateLimited {
                let wait = error.retry_after.unwrap_or(ctx.config.jobs.backoff).min(ctx.config.jobs.backoff_max);
                ctx.slots.quiet(L::LANE, ctx.clock.now().plus(wait));
            }
            Outcome::Failed(error)
        }
        Err(panic) => {
            let reason = panic_text(panic.as_ref());
            tracing::error!(function = L::NAME, job_id = %job.job_id, %reason, "a job panicked");
            Outcome::Failed(GenerationError::new(ErrorClass::Transient, "the work on the job panicked"))
        }
    }
}

/// Stores what a job came to; what cannot be stored now is found when the job's time with its lane is over.
async fn store<L: Lane>(ctx: &Ctx, job: JobRow, outcome: Outcome) {
    let stored = match outcome {
        Outcome::Made(made) => complete::<L>(ctx, &job, made).await,
        Outcome::Failed(error) => fail::<L>(ctx, &job, &error).await,
        Outcome::PutBack(until) => commit::<L>(ctx, &job, jobs::put_back(&job, until)).await.map(|()| false),
    };
    match stored {
        Ok(true) => ctx.bells.job_finished(&job.job_id),
        Ok(false) => {}
        // Called off, or taken away and worked on by another.
        Err(CommitError::Guard(_)) => {
            tracing::info!(function = L::NAME, job_id = %job.job_id, "what the job made comes too late");
        }
        Err(CommitError::Store(error)) => {
            tracing::error!(function = L::NAME, job_id = %job.job_id, %error, "what the job came to was not stored");
        }
    }
}

async fn complete<L: Lane>(ctx: &Ctx, job: &JobRow, made: Made) -> Result<bool, CommitError> {
    let Made { drafts, times, mut statements, usage } = made;
    let newest = |sources: &[String]| {
        let named = times.iter().filter(|(id, _)| sources.is_empty() || sources.contains(id));
        named.map(|(_, at)| *at).max().unwrap_or(job.created_at)
    };
    statements.extend(observations::insert(job, &drafts, newest, &ctx.ids));
    let statements = jobs::complete(job, statements, drafts.len(), &usage);
    match commit::<L>(ctx, job, statements).await {
        Ok(()) => {
            let name = usage.provider;
            let count = |direction: &str, tokens: u64| {
                ctx.metrics.generation_tokens_total.with_label_values(&[name, direction]).inc_by(tokens);
            };
            count("input", usage.input_tokens);
            count("output", usage.output_tokens);
            tracing::debug!(function = L::NAME, job_id = %job.job_id, observations = drafts.len(), "job completed");
            Ok(true)
        }
        // Revoked while the provider was at it: nothing of it is kept.
        Err(CommitError::Guard(Guard::DecidedOn)) => {
            let error = GenerationError::new(ErrorClass::Revoked, "the key that caused the job works no more");
            fail::<L>(ctx, job, &error).await
        }
        Err(error) => Err(error),
    }
}

/// Whether it is given up.
async fn fail<L: Lane>(ctx: &Ctx, job: &JobRow, error: &GenerationError) -> Result<bool, CommitError> {
    let attempt = u32::try_from(job.attempts).unwrap_or(u32::MAX);
    let limits = ctx.config.jobs.limits();
    let fate = limits.fate(error.class, attempt, error.retry_after, ctx.clock.now(), ctx.ids.fraction());
    let given_up = fate == Fate::Failed;
    let letter = given_up.then(|| letter(ctx, L::NAME, job, error.class, error.detail.clone()));
    let class = error.class.as_str();
    tracing::warn!(function = L::NAME, job_id = %job.job_id, class, reason = %error.detail, given_up, "job failed");
    commit::<L>(ctx, job, jobs::fail(job, error, fate, letter)).await?;
    if given_up {
        ctx.metrics.dead_letters_total.with_label_values(&["job", L::NAME]).inc();
    }
    Ok(given_up)
}

async fn commit<L: Lane>(ctx: &Ctx, job: &JobRow, statements: Vec<Statement>) -> Result<(), CommitError> {
    let context = Context {
        correlation_id: job.correlation_id.clone(),
        causation_id: job.causation_id.clone(),
        traceparent: job.traceparent.clone(),
        ..ctx.authoring(L::NAME)
    };
    ctx.store.commit(Commit::new(Durability::Full, context).then_all(statements)).await.map(drop)
}

/// The dead letter of a job that is given up.
#[must_use]
pub fn letter(ctx: &Ctx, function: &str, job: &JobRow, class: ErrorClass, error: String) -> DeadLetter {
    DeadLetter {
        id: ctx.ids.next(Kind::DeadLetter),
        scope: job.scope.clone(),
        source: "job",
        function: function.to_owned(),
        topic: super::topic_of(job.kind),
        message_id: format!("msg_{}", job.job_id),
        key: format!("job/{}", job.job_id),
        payload: job.payload.clone(),
        error_class: class.as_str(),
        error,
        attempts: job.attempts,
        first_failed_at: job.started_at.unwrap_or(job.created_at),
    }
}
