//! Empties the transport's own dead letters into the table: nothing stays only there.
//!
//! Wakes on: the clock, every reconcile.interval
//! Reads: the transport's dead letters, commands, events
//! Writes: dead_letters
//! Emits: nothing

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger};
use shared::id::Kind;
use shared::message::envelope::{CloudEvent, Tick};
use shared::store::dead_letters::{self, DeadLetter};
use shared::store::{Commit, CommitError, Durability};
use shared::transport::{DeadDelivery, Transport, TransportError};
use shared::value::Scope;

/// Dead messages stored together.
const TOGETHER: usize = 100;

/// The function.
pub struct SweepDeadLetters;

impl Function for SweepDeadLetters {
    const NAME: &'static str = "sweep-dead-letters";
    const TRIGGER: Trigger = Trigger::Schedule(Period::Reconcile);
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        let away = |error: TransportError| HandlerError::Retry(error.to_string());
        loop {
            let dead = ctx.transport.receive_dead(TOGETHER).await.map_err(away)?;
            if dead.is_empty() {
                return Ok(());
            }
            store(ctx, &dead).await?;
            // Stored before it is gone there: a repeat after a crash stores a second letter, and loses none.
            ctx.transport.ack_dead(&dead).await.map_err(away)?;
        }
    }
}

async fn store(ctx: &Ctx, dead: &[DeadDelivery]) -> Result<(), HandlerError> {
    let mut commit = Commit::new(Durability::Full, ctx.housekeeping(SweepDeadLetters::NAME));
    let mut functions = Vec::new();
    for delivery in dead {
        let id = delivery.message_id.clone();
        if delivery.readable && ctx.store.read(move |reader| dead_letters::is_doorbell(reader, &id)).await? {
            // Only the bell is worn out: the row waits, and the reconciliation rings for it.
            ctx.metrics.reconciled_total.with_label_values(&["worn_doorbell"]).inc();
            continue;
        }
        commit = commit.then(letter(ctx, delivery).insert());
        functions.push(delivery.function.as_str());
    }
    if functions.is_empty() {
        return Ok(());
    }
    ctx.store.commit(commit).await.map_err(CommitError::unexpected)?;
    for function in functions {
        ctx.metrics.dead_letters_total.with_label_values(&["delivery", function]).inc();
    }
    Ok(())
}

fn letter(ctx: &Ctx, delivery: &DeadDelivery) -> DeadLetter {
    let envelope = serde_json::from_str::<CloudEvent>(&delivery.body).ok();
    let scope = envelope.as_ref().and_then(CloudEvent::scope);
    let (error_class, error) = if delivery.readable {
        ("exhausted", format!("received {} times and never finished", delivery.receive_count))
    } else {
        ("unreadable", "the transport's entry is no message".to_owned())
    };
    DeadLetter {
        id: ctx.ids.next(Kind::DeadLetter),
        scope: scope.unwrap_or_else(|| Scope { team_id: String::new(), project_id: String::new() }),
        source: "delivery",
        function: delivery.function.clone(),
        topic: delivery.topic.clone(),
        // An entry without an id still needs one of its own.
        message_id: if delivery.message_id.is_empty() { delivery.receipt.clone() } else { delivery.message_id.clone() },
        key: envelope.map(|envelope| envelope.subject).unwrap_or_default(),
        payload: delivery.body.to_string(),
        error_class,
        error,
        attempts: i64::from(delivery.receive_count),
        first_failed_at: ctx.clock.now(),
    }
}
