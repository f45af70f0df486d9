//! What runs the functions: a loop per queue, the drainer behind its bell, the sweeps behind the clock. Beside them, the
//! notifier.

use std::sync::Arc;
use std::time::Duration;

use shared::ctx::Ctx;
use shared::function::batch::{Record, Verdict};
use shared::function::{Trigger, replay};
use shared::store::reconcile::Reach;
use shared::store::{Commit, Durability};
use shared::transport::{Delivery, Transport};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::functions::{Entry, RunBatch, TABLE};
use crate::notifier;

/// Messages handed to a function at once.
const BATCH: usize = 128;
/// Batches of one function in flight: a message that takes long does not hold up those behind it.
const BATCHES_IN_FLIGHT: usize = 4;
/// Longest wait for a message before the loop looks whether it should end.
const RECEIVE_WAIT: Duration = Duration::from_secs(20);

/// Starts every function that is not woken by requests, and the notifier if there is a command for it.
pub(crate) fn start(ctx: &Ctx, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for entry in TABLE {
        let Some(run) = entry.run else { continue };
        let (ctx, stop) = (ctx.clone(), stop.clone());
        match entry.trigger {
            // Doorbells of a lane that is worked on already are acknowledged beside that work.
            Trigger::Command(_) | Trigger::Job(_) => {
                tasks.spawn(queue(ctx, *entry, run, BATCHES_IN_FLIGHT, stop));
            }
            // The work of these is the log: one batch at a time reads furthest with the fewest commits.
            Trigger::Reaction(_) | Trigger::Projection(_) => {
                tasks.spawn(queue(ctx, *entry, run, 1, stop));
            }
            Trigger::Commit => {
                tasks.spawn(drainer(ctx, run, stop));
            }
            Trigger::Schedule(period) => {
                let period = period.length(&ctx.config);
                tasks.spawn(schedule(ctx, run, period, stop));
            }
            Trigger::Http => {}
        }
    }
    tasks.spawn(after_losses(ctx.clone(), stop.clone()));
    if let Some(command) = ctx.config.notify.command.clone() {
        tasks.spawn(notifier::run(ctx.clone(), command, stop.clone()));
    }
    let (ctx, stop) = (ctx.clone(), stop.clone());
    tasks.spawn(async move { summaries(&ctx, &stop).await });
    tasks
}

/// Receives, handles, settles, until told to stop; then waits for what it began.
async fn queue(ctx: Ctx, entry: Entry, run: RunBatch, in_flight: usize, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(in_flight));
    let mut batches = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
        let received = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = ctx.transport.receive(entry.name, BATCH, RECEIVE_WAIT) => received,
        };
        match received {
            Ok(deliveries) if deliveries.is_empty() => {}
            Ok(deliveries) => {
                // A replay's slice takes long and must not keep the live read model waiting; there is one ring at a time.
                let (slices, deliveries): (Vec<_>, Vec<_>) =
                    deliveries.into_iter().partition(|delivery| delivery.topic.starts_with(replay::RING));
                if !slices.is_empty() {
                    let ctx = ctx.clone();
                    batches.spawn(async move { handle(&ctx, entry.name, run, slices).await });
                }
                if deliveries.is_empty() {
                    continue;
                }
                let ctx = ctx.clone();
                batches.spawn(async move {
                    handle(&ctx, entry.name, run, deliveries).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::error!(function = entry.name, %error, "could not receive; trying again");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        while batches.try_join_next().is_some() {}
    }
    while batches.join_next().await.is_some() {}
}

/// One batch through its function, and every verdict back to the transport.
pub(crate) async fn handle(ctx: &Ctx, name: &str, run: RunBatch, deliveries: Vec<Delivery>) {
    let records: Vec<Record> = deliveries
        .iter()
        .map(|delivery| Record {
            message_id: delivery.message_id.clone(),
            topic: delivery.topic.clone(),
            body: Arc::clone(&delivery.body),
            receive_count: delivery.receive_count,
        })
        .collect();
    let verdicts = run(ctx, &records).await;
    let mut done = Vec::with_capacity(deliveries.len());
    for (delivery, verdict) in deliveries.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Done => done.push(delivery),
            Verdict::Retry(delay) => {
                if let Err(error) = ctx.transport.retry_after(name, &delivery, delay).await {
                    tracing::warn!(function = name, %error, "could not hand back; its visibility will end");
                }
            }
        }
    }
    if let Err(error) = ctx.transport.ack(name, &done).await {
        tracing::warn!(function = name, %error, "could not acknowledge; repeats are harmless");
    }
}

/// The message of a function that a bell or the clock wakes.
pub(crate) fn tick() -> Record {
    Record { message_id: String::new(), topic: String::new(), body: Arc::from("{}"), receive_count: 1 }
}

/// Drains when a commit rings, and on the interval in case no commit did. The first step runs at once.
async fn drainer(ctx: Ctx, run: RunBatch, stop: CancellationToken) {
    let mut bell = ctx.store.outbox_bell();
    let mut interval = tokio::time::interval(ctx.config.worker.interval);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ctx.worker.set_running(true);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            rung = bell.changed() => {
                if rung.is_err() {
                    break;
                }
                run(&ctx, &[tick()]).await;
            }
            _ = interval.tick() => step(&ctx, run).await,
        }
    }
    ctx.worker.set_running(false);
}

/// A step by the clock: looks first, so that an idle system writes nothing.
pub(crate) async fn step(ctx: &Ctx, run: RunBatch) {
    if ctx.store.is_failing() {
        // Nothing else may be written for a long time: this tells whether the database works again.
        let probe = Commit::new(Durability::Full, ctx.housekeeping("drain-outbox"));
        if let Err(error) = ctx.store.commit(probe).await {
            ctx.worker.failed(error.to_string(), ctx.clock.now());
            return;
        }
    }
    match drain_outbox::look(ctx).await {
        Ok(outbox) if outbox.pending_count + outbox.processing_count + outbox.failed_count == 0 => {
            ctx.worker.bus(&ctx.transport.check().await);
            ctx.worker.stepped(0, ctx.clock.now());
        }
        Ok(_) => {
            run(ctx, &[tick()]).await;
        }
        Err(error) => {
            tracing::error!(%error, "the outbox could not be read");
            ctx.worker.failed(error.to_string(), ctx.clock.now());
        }
    }
}

/// Runs a sweep on its interval; the start has run it already.
async fn schedule(ctx: Ctx, run: RunBatch, period: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(period) => {
                run(&ctx, &[tick()]).await;
            }
        }
    }
}

/// Rings for everything unfinished when the transport lost its contents: nothing waits for the next sweep.
async fn after_losses(ctx: Ctx, stop: CancellationToken) {
    let mut lost = ctx.transport.lost();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            changed = lost.changed() => {
                if changed.is_err() {
                    // Nobody is left to tell; the sweeps go on.
                    stop.cancelled().await;
                    return;
                }
            }
        }
        // Several functions notice the same loss, one after the other.
        tokio::time::sleep(Duration::from_millis(50)).await;
        lost.mark_unchanged();
        if let Err(error) = sweep_expired_leases::pass(&ctx, Reach::OlderThan(Duration::ZERO)).await {
            tracing::error!(%error, "what was lost with the transport is rung for by the next sweep");
        }
    }
}

/// The pass before readiness: whatever an earlier process left unfinished is rung for.
pub(crate) async fn reconcile(ctx: &Ctx) -> Result<(), shared::store::StoreError> {
    // Others may be at work on a server's database.
    let reach = if ctx.store.is_local() { Reach::Everything } else { Reach::OlderThan(ctx.config.delivery.visibility) };
    let counts = sweep_expired_leases::pass(ctx, reach).await?;
    ctx.readiness.reconciled(counts);
    Ok(())
}

/// One log line per period with the drainer's figures.
async fn summaries(ctx: &Ctx, stop: &CancellationToken) {
    let period = ctx.config.worker.log_period;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(period) => {}
        }
        let worker = ctx.worker.state();
        tracing::info!(
            bus_healthy = worker.bus_healthy,
            pending = worker.pending,
            processing = worker.processing,
            failed = worker.failed,
            oldest_pending_age_seconds = worker.oldest_pending_age_seconds,
            processed_total = worker.processed_total,
            consecutive_errors = worker.consecutive_errors,
            "worker summary"
        );
    }
}
