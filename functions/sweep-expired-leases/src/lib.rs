//! Rings again for every row that waits and whose doorbell may be lost: expired outbox leases, accepted commands, events
//! behind a checkpoint, jobs, replays. What people are told is compared with the facts. Also what makes a start after a crash
//! complete.
//!
//! Wakes on: the clock, every reconcile.interval; the start
//! Reads: outbox, commands, events, jobs, projection_checkpoints, notifications, sessions, pull_requests, pr_checks, pr_comments, control_threads, reactions
//! Writes: outbox, commands, jobs, leases, dead_letters, notifications, reactions, events
//! Emits: forum.replay.*, forum.jobs.*, job.queued, job.failed, forum.commands.send_nudge, notification.created, notification.resolved

use futures::future::join_all;
use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger, lane, nudging, replay};
use shared::message::envelope::Tick;
use shared::store::jobs::{self, Expired};
use shared::store::reactions::{self, Raised};
use shared::store::reconcile::{self, Reach, Reconciled};
use shared::store::{Commit, CommitError, Context, Durability, Reader, StoreError, replays};
use shared::value::ErrorClass;

/// Jobs looked at in one pass; a lane holds at most a hundred.
const JOBS: u32 = 1000;
/// Notifications looked at together.
const SESSIONS: u32 = 100;

/// The function.
pub struct SweepExpiredLeases;

impl Function for SweepExpiredLeases {
    const NAME: &'static str = "sweep-expired-leases";
    const TRIGGER: Trigger = Trigger::Schedule(Period::Reconcile);
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        // A doorbell that is still on its way, or being handled, has had at most this long.
        let age = ctx.config.delivery.visibility.max(ctx.config.reconcile.interval);
        pass(ctx, Reach::OlderThan(age)).await?;
        Ok(())
    }
}

/// One pass, counted.
///
/// # Errors
/// When the store fails.
pub async fn pass(ctx: &Ctx, reach: Reach) -> Result<Reconciled, StoreError> {
    let lanes = lane::enabled(ctx);
    let rung = reconcile::run(&ctx.store, ctx.housekeeping(SweepExpiredLeases::NAME), reach, &lanes).await?;
    let (rescued, jobs_failed) = rescue_jobs(ctx, reach).await?;
    let replays = ring_replays(ctx, reach).await?;
    let counts = Reconciled { replays, jobs: rung.jobs + rescued, jobs_failed, ..rung };
    compare_notifications(ctx).await?;
    let Reconciled { outbox, commands, events, replays, jobs, jobs_failed } = counts;
    ctx.metrics.leases_expired_total.with_label_values(&["outbox"]).inc_by(outbox);
    ctx.metrics.leases_expired_total.with_label_values(&["jobs"]).inc_by(rescued + jobs_failed);
    let kinds = [("outbox", outbox), ("commands", commands), ("events", events), ("replays", replays)];
    for (kind, count) in kinds.into_iter().chain([("jobs", jobs), ("jobs_failed", jobs_failed)]) {
        ctx.metrics.reconciled_total.with_label_values(&[kind]).inc_by(count);
    }
    if outbox + commands + events + replays + jobs + jobs_failed > 0 {
        tracing::info!(outbox, commands, events, replays, jobs, jobs_failed, "rang again for what waited");
    }
    Ok(counts)
}

/// Takes jobs away from lanes that are gone: they wait again, or are given up after their last attempt. Each in a commit of
/// its own: one that cannot be stored stops none of the others. How many wait again, and how many were given up.
async fn rescue_jobs(ctx: &Ctx, reach: Reach) -> Result<(u64, u64), StoreError> {
    // The start of the only process on a file: nobody else works.
    let bound = match reach {
        Reach::Everything => reach.bound(ctx.clock.now()),
        Reach::OlderThan(_) => ctx.clock.now(),
    };
    let mut commits = Vec::new();
    if reach == Reach::Everything {
        let free = Commit::new(Durability::Full, ctx.housekeeping(SweepExpiredLeases::NAME));
        ctx.store.commit(free.then(jobs::release_leases())).await.map_err(CommitError::unexpected)?;
    }
    for job in ctx.store.read(move |reader| jobs::expired(reader, bound, JOBS)).await? {
        let last = job.attempts >= i64::from(ctx.config.jobs.max_attempts);
        let outcome = if last {
            let error = "its lane ended while it worked on it, for the last time".to_owned();
            Expired::Failed(Box::new(lane::letter(ctx, job.kind.function(), &job, ErrorClass::Transient, error)))
        } else {
            Expired::Again
        };
        let context = Context {
            correlation_id: job.correlation_id.clone(),
            traceparent: job.traceparent.clone(),
            ..ctx.authoring(SweepExpiredLeases::NAME)
        };
        let commit = Commit::new(Durability::Full, context).then_all(jobs::rescue(&job, outcome));
        commits.push(async move { (job, last, ctx.store.commit(commit).await) });
    }
    let (mut rescued, mut failed) = (0, 0);
    for (job, last, stored) in join_all(commits).await {
        match stored {
            Ok(_) if last => {
                failed += 1;
                ctx.metrics.dead_letters_total.with_label_values(&["job", job.kind.function()]).inc();
                ctx.bells.job_finished(&job.job_id);
            }
            Ok(_) => rescued += 1,
            // Another pass was faster, or its lane is not gone after all.
            Err(CommitError::Guard(_)) => {}
            Err(CommitError::Store(error)) => {
                tracing::error!(job_id = %job.job_id, %error, "a job could not be rescued; the next pass tries again");
            }
        }
    }
    Ok((rescued, failed))
}

/// Looks at every session of which people are told something: what no longer holds is resolved.
async fn compare_notifications(ctx: &Ctx) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let page = move |reader: &mut Reader<'_>| reactions::raised(reader, after, SESSIONS);
        let Raised { mut sessions, last } = ctx.store.read(page).await?;
        sessions.sort_unstable_by(|(one, id), (other, other_id)| {
            (&one.team_id, &one.project_id, id).cmp(&(&other.team_id, &other.project_id, other_id))
        });
        sessions.dedup();
        nudging::look_again(ctx, SweepExpiredLeases::NAME, sessions).await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// A replay has no outbox row: its projector is rung directly.
async fn ring_replays(ctx: &Ctx, reach: Reach) -> Result<u64, StoreError> {
    let bound = reach.bound(ctx.clock.now());
    let mut replays = ctx.store.read(replays::all).await?;
    replays.retain(|replay| !replay.stopped && replay.updated_at <= bound);
    replays.dedup_by(|one, other| one.projection == other.projection);
    let mut rung = 0;
    for replay in replays {
        match replay::ring(ctx, &replay.projection).await {
            Ok(()) => rung += 1,
            Err(error) => tracing::warn!(projection = %replay.projection, %error, "a replay could not be rung"),
        }
    }
    Ok(rung)
}
