//! Rings again for every row that waits and whose doorbell may be lost: expired outbox leases, accepted commands, events
//! behind a checkpoint. Also what makes a start after a crash complete.
//!
//! Wakes on: the clock, every reconcile.interval; the start
//! Reads: outbox, commands, events, projection_checkpoints
//! Writes: outbox
//! Emits: nothing

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger};
use shared::message::envelope::Tick;
use shared::store::StoreError;
use shared::store::reconcile::{self, Reach, Reconciled};

/// The function.
pub struct SweepExpiredLeases;

impl Function for SweepExpiredLeases {
    const NAME: &'static str = "sweep-expired-leases";
    const TRIGGER: Trigger = Trigger::Schedule;
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
    let counts = reconcile::run(&ctx.store, ctx.housekeeping(SweepExpiredLeases::NAME), reach).await?;
    let Reconciled { outbox, commands, events } = counts;
    ctx.metrics.leases_expired_total.with_label_values(&["outbox"]).inc_by(outbox);
    for (kind, count) in [("outbox", outbox), ("commands", commands), ("events", events)] {
        ctx.metrics.reconciled_total.with_label_values(&[kind]).inc_by(count);
    }
    if outbox + commands + events > 0 {
        tracing::info!(outbox, commands, events, "rang again for what waited");
    }
    Ok(counts)
}
