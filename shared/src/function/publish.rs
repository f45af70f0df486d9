//! Publishing claimed outbox rows: the drainer's, and those that a deployed function claimed with its own commits.

use std::sync::Arc;

use super::backoff;
use crate::clock::Clock;
use crate::ctx::Ctx;
use crate::id::Kind;
use crate::store::dead_letters::DeadLetter;
use crate::store::outbox::{self, Claim, ClaimedRow, Published};
use crate::transport::{Outgoing, Transport, TransportError};

/// Publishes what this process's own commits left in the outbox; `function` committed. Nothing where a drainer runs beside.
/// What fails, or is cut off, is the scheduled drainer's.
pub async fn own(ctx: &Ctx, function: &str) {
    loop {
        let claims = match ctx.store.take_claimed() {
            Ok(claims) if claims.is_empty() => return,
            Ok(claims) => claims,
            Err(error) => {
                tracing::error!(%error, "claimed rows cannot be read; their lease ends");
                return;
            }
        };
        let outcomes = rows(ctx, function, claims).await;
        // That a job's doorbell was sent is an event, which is published like any other.
        if let Err(error) = outbox::settle(&ctx.store, ctx.authoring(function), outcomes).await {
            tracing::warn!(%error, "published rows could not be marked; they are published again");
            return;
        }
    }
}

/// Publishes rows in their order; what became of each.
pub async fn rows(ctx: &Ctx, function: &str, claims: Vec<Claim>) -> Vec<(ClaimedRow, Published)> {
    let mut outcomes = Vec::with_capacity(claims.len());
    let (mut sendable, mut outgoing) = (Vec::new(), Vec::new());
    for (row, body) in claims {
        match body {
            Some(body) => {
                outgoing.push(message(&row, body));
                sendable.push(row);
            }
            // Its subject was pruned after it was finished: nothing to ring for.
            None => outcomes.push((row, Published::Sent)),
        }
    }
    let stopwatch = Clock::stopwatch();
    let answers = ctx.transport.publish(outgoing).await;
    let transport = ctx.config.transport.as_str();
    ctx.metrics.publish_duration_seconds.with_label_values(&[transport]).observe(stopwatch.elapsed().as_secs_f64());
    for (row, answer) in sendable.into_iter().zip(answers) {
        let result = if answer.is_ok() { "ok" } else { "failed" };
        ctx.metrics.publish_total.with_label_values(&[transport, result]).inc();
        let outcome = match answer {
            Ok(()) => Published::Sent,
            Err(error) => failed(ctx, function, &row, &error),
        };
        outcomes.push((row, outcome));
    }
    outcomes
}

fn message(row: &ClaimedRow, body: Arc<str>) -> Outgoing {
    Outgoing { topic: row.topic.clone(), key: row.key.clone(), message_id: row.message_id.clone(), body }
}

/// A message that is refused often enough is dead; one that never reached the transport never is.
fn failed(ctx: &Ctx, function: &str, row: &ClaimedRow, error: &TransportError) -> Published {
    let settings = &ctx.config.outbox;
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    tracing::warn!(message_id = %row.message_id, topic = %row.topic, attempts, %error, "not published");
    if matches!(error, TransportError::Refused(_)) && attempts >= settings.max_attempts {
        ctx.metrics.dead_letters_total.with_label_values(&["outbox", function]).inc();
        let letter = DeadLetter {
            id: ctx.ids.next(Kind::DeadLetter),
            scope: row.scope.clone(),
            source: "outbox",
            function: function.to_owned(),
            topic: row.topic.clone(),
            message_id: row.message_id.clone(),
            key: row.key.clone(),
            payload: serde_json::to_string(&row.about).unwrap_or_default(),
            error_class: "refused",
            error: error.to_string(),
            attempts: row.attempts,
            first_failed_at: row.created_at,
        };
        return Published::Dead { error: error.to_string(), letter: Box::new(letter) };
    }
    // Half the wait is fixed, so that a refusal is never repeated at once.
    let fraction = 0.5 + ctx.ids.fraction() / 2.0;
    let wait = backoff(settings.backoff, settings.backoff_max, attempts, fraction);
    Published::Failed { error: error.to_string(), next_attempt_at: ctx.clock.now().plus(wait) }
}
