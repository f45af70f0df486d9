//! Turns outbox rows into messages, at least once: claims a batch under a lease, publishes it outside any transaction, and
//! records what became of each row.
//!
//! Wakes on: a commit, every worker.interval
//! Reads: outbox, events, commands, jobs
//! Writes: outbox, dead_letters, jobs, events
//! Emits: every message of forum.commands.*, forum.events.*, forum.jobs.*; job.enqueued, job.failed

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, publish};
use shared::message::envelope::Tick;
use shared::store::{StoreError, outbox};
use shared::transport::Transport;

/// The function.
pub struct DrainOutbox;

impl Function for DrainOutbox {
    const NAME: &'static str = "drain-outbox";
    const TRIGGER: Trigger = Trigger::Commit;
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        let step = drain(ctx).await;
        let now = ctx.clock.now();
        match step {
            Ok(published) => {
                ctx.worker.stepped(published, now);
                Ok(())
            }
            Err(error) => {
                ctx.worker.failed(error.to_string(), now);
                Err(error.into())
            }
        }
    }
}

/// Publishes until nothing more can be claimed; how many rows the transport took.
async fn drain(ctx: &Ctx) -> Result<u64, StoreError> {
    let healthy = ctx.transport.check().await;
    ctx.worker.bus(&healthy);
    if healthy.is_err() {
        // Rows wait where they are, however long the outage.
        return Ok(0);
    }
    let (lease, limit) = (ctx.config.outbox.lease, ctx.config.worker.batch_size);
    let claim = || outbox::claim(&ctx.store, ctx.housekeeping(DrainOutbox::NAME), lease, limit);
    let mut published = 0;
    let mut claimed = claim().await?;
    while !claimed.is_empty() {
        let messages = outbox::messages(&ctx.store, &claimed).await?;
        let claims = claimed.into_iter().zip(messages).collect();
        let outcomes = publish::rows(ctx, DrainOutbox::NAME, claims).await;
        published += outcomes.iter().filter(|(_, outcome)| matches!(outcome, outbox::Published::Sent)).count() as u64;
        let settled = outbox::settle(&ctx.store, ctx.authoring(DrainOutbox::NAME), outcomes);
        // Marking this batch and claiming the next share one group of the writer, and nobody waits for a mark.
        let (settled, next) = tokio::join!(settled, claim());
        settled?;
        claimed = next?;
    }
    Ok(published)
}

/// Re-reads the outbox's counts into the worker's state.
///
/// # Errors
/// When the read fails.
pub async fn look(ctx: &Ctx) -> Result<outbox::OutboxStatistics, StoreError> {
    let now = ctx.clock.now();
    let statistics = ctx.store.read(move |reader| outbox::statistics(reader, now)).await?;
    ctx.worker.outbox(&statistics);
    Ok(statistics)
}
