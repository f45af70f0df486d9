//! Rings again for every row that waits and whose doorbell may be lost: expired outbox leases, accepted commands, events
//! behind a checkpoint, replays. What people are told is compared with the facts. Also what makes a start after a crash
//! complete.
//!
//! Wakes on: the clock, every reconcile.interval; the start
//! Reads: outbox, commands, events, projection_checkpoints, notifications, sessions, pull_requests, pr_checks, pr_comments, control_threads, reactions
//! Writes: outbox, commands, notifications, reactions, events
//! Emits: forum.replay.*, forum.commands.send_nudge, notification.created, notification.resolved

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger, nudging, replay};
use shared::message::envelope::Tick;
use shared::store::reactions::{self, Raised};
use shared::store::reconcile::{self, Reach, Reconciled};
use shared::store::{Reader, StoreError, replays};

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
    let rung = reconcile::run(&ctx.store, ctx.housekeeping(SweepExpiredLeases::NAME), reach).await?;
    let counts = Reconciled { replays: ring_replays(ctx, reach).await?, ..rung };
    compare_notifications(ctx).await?;
    let Reconciled { outbox, commands, events, replays } = counts;
    ctx.metrics.leases_expired_total.with_label_values(&["outbox"]).inc_by(outbox);
    for (kind, count) in [("outbox", outbox), ("commands", commands), ("events", events), ("replays", replays)] {
        ctx.metrics.reconciled_total.with_label_values(&[kind]).inc_by(count);
    }
    if outbox + commands + events + replays > 0 {
        tracing::info!(outbox, commands, events, replays, "rang again for what waited");
    }
    Ok(counts)
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
