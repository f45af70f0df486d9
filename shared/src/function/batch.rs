//! Lifts a handler of one message to a batch: decodes, catches panics, runs different streams side by side and one stream
//! in order, and says of each record what became of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;

use tracing::{Instrument, Span};

use super::{Function, backoff};
use crate::clock::{Clock, Stopwatch};
use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::id::Kind;
use crate::message::envelope::CloudEvent;
use crate::store::dead_letters::DeadLetter;
use crate::store::{Commit, Durability};
use crate::value::Scope;

/// A message as a transport hands it over.
#[derive(Clone, Debug)]
pub struct Record {
    /// `msg_` id, or the platform's.
    pub message_id: String,
    /// Where it was published.
    pub topic: String,
    /// JSON text.
    pub body: Arc<str>,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Finished, or parked: the transport may forget it.
    Done,
    /// To be delivered again after this long.
    Retry(Duration),
}

/// Time that may be spent on a batch.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    since: Stopwatch,
    limit: Duration,
}

impl Deadline {
    /// What must remain for a record to be begun.
    const RESERVE: Duration = Duration::from_secs(2);

    /// A deadline `limit` from now.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        Self { since: Clock::stopwatch(), limit }
    }

    fn is_near(&self) -> bool {
        self.since.elapsed() + Self::RESERVE > self.limit
    }
}

/// What of an envelope says which records must keep their order, and what its log lines carry.
#[derive(serde::Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow, default)]
    correlationid: Cow<'a, str>,
    #[serde(default)]
    sequence: i64,
}

/// Handles a batch; one verdict per record, in their order.
pub async fn run<F: Function>(ctx: &Ctx, records: &[Record], deadline: Option<Deadline>) -> Vec<Verdict> {
    let heads: Vec<_> = records.iter().map(|record| serde_json::from_str::<Head<'_>>(&record.body).ok()).collect();
    let furthest = if F::TRIGGER.one_rings_for_all() { furthest(records, &heads) } else { None };
    let mut streams: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, head) in heads.iter().enumerate() {
        // Whoever reads the log up to the furthest doorbell has read it up to all of them; a lane looks at its rows.
        if furthest.is_some_and(|furthest| index != furthest && is_doorbell(&records[index], head.as_ref())) {
            continue;
        }
        // What has no stream stands alone.
        let stream =
            head.as_ref().map_or_else(|| format!("#{index}"), |head| format!("{}{}", head.source, head.subject));
        streams.entry(stream).or_default().push(index);
    }
    let heads = &heads;
    let handled = join_all(streams.into_values().map(|indices| async move {
        let mut verdicts = Vec::with_capacity(indices.len());
        for index in indices {
            let verdict = match deadline {
                Some(deadline) if deadline.is_near() => Verdict::Retry(Duration::ZERO),
                _ => {
                    let span = span(F::NAME, &records[index], heads[index].as_ref());
                    one::<F>(ctx, &records[index]).instrument(span).await
                }
            };
            verdicts.push((index, verdict));
        }
        verdicts
    }));
    let mut verdicts = vec![Verdict::Done; records.len()];
    for (index, verdict) in handled.await.into_iter().flatten() {
        verdicts[index] = verdict;
    }
    verdicts
}

/// The record whose doorbell rings for the furthest position of the log.
fn furthest(records: &[Record], heads: &[Option<Head<'_>>]) -> Option<usize> {
    let rings = records.iter().zip(heads).enumerate();
    let rings = rings.filter(|(_, (record, head))| is_doorbell(record, head.as_ref()));
    rings.max_by_key(|(_, (_, head))| head.as_ref().map_or(0, |head| head.sequence)).map(|(index, _)| index)
}

/// Whether a record can be read, and is not the ring of a replay.
fn is_doorbell(record: &Record, head: Option<&Head<'_>>) -> bool {
    head.is_some() && !record.topic.starts_with(super::replay::RING)
}

/// What every log line of a message's handling carries; a tick of the clock has no message.
fn span(function: &'static str, record: &Record, head: Option<&Head<'_>>) -> Span {
    let Some(head) = head else { return tracing::info_span!("handle", function) };
    let correlation_id = head.correlationid.as_ref();
    let uuid = record.message_id.strip_prefix("msg_").filter(|_| record.topic.starts_with("forum.commands."));
    if let Some(uuid) = uuid {
        let command_id = format_args!("cmd_{uuid}");
        return tracing::info_span!("handle", function, correlation_id, %command_id);
    }
    tracing::info_span!("handle", function, correlation_id, message_id = record.message_id)
}

async fn one<F: Function>(ctx: &Ctx, record: &Record) -> Verdict {
    let stopwatch = Clock::stopwatch();
    let outcome = match serde_json::from_str::<F::Message>(&record.body) {
        Ok(message) => AssertUnwindSafe(F::handle(ctx, message)).catch_unwind().await,
        Err(error) => Ok(Err(HandlerError::Park { error_class: "undecodable", reason: error.to_string() })),
    };
    let (label, verdict) = match outcome {
        Ok(Ok(())) => ("done", Verdict::Done),
        Ok(Err(HandlerError::Retry(reason))) => {
            tracing::warn!(function = F::NAME, message_id = %record.message_id, %reason, "will be tried again");
            ("retry", Verdict::Retry(wait(ctx, record)))
        }
        Ok(Err(HandlerError::Later(wait))) => ("done", Verdict::Retry(wait)),
        Ok(Err(HandlerError::Park { error_class, reason })) => {
            tracing::error!(function = F::NAME, message_id = %record.message_id, error_class, %reason, "parked");
            let verdict = match park(ctx, F::NAME, record, error_class, reason).await {
                Ok(()) => Verdict::Done,
                Err(error) => {
                    tracing::error!(function = F::NAME, %error, "the dead letter could not be stored; trying again");
                    Verdict::Retry(wait(ctx, record))
                }
            };
            ("park", verdict)
        }
        Err(panic) => {
            let reason = panic_text(panic.as_ref());
            tracing::error!(function = F::NAME, message_id = %record.message_id, %reason, "panicked; will be tried again");
            ("panic", Verdict::Retry(wait(ctx, record)))
        }
    };
    tracing::debug!(outcome = label, "handled");
    ctx.metrics.function_invocations_total.with_label_values(&[F::NAME, label]).inc();
    ctx.metrics.function_duration_seconds.with_label_values(&[F::NAME]).observe(stopwatch.elapsed().as_secs_f64());
    verdict
}

fn wait(ctx: &Ctx, record: &Record) -> Duration {
    let delivery = &ctx.config.delivery;
    backoff(delivery.backoff, delivery.backoff_max, record.receive_count, ctx.ids.fraction())
}

/// What a panic said.
#[must_use]
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".to_owned())
}

async fn park(
    ctx: &Ctx,
    function: &'static str,
    record: &Record,
    error_class: &'static str,
    error: String,
) -> Result<(), HandlerError> {
    let envelope = serde_json::from_str::<CloudEvent>(&record.body).ok();
    let scope = envelope.as_ref().and_then(CloudEvent::scope);
    let now = ctx.clock.now();
    let letter = DeadLetter {
        id: ctx.ids.next(Kind::DeadLetter),
        scope: scope.unwrap_or_else(|| Scope { team_id: String::new(), project_id: String::new() }),
        source: "delivery",
        function: function.to_owned(),
        topic: record.topic.clone(),
        message_id: record.message_id.clone(),
        key: envelope.map(|envelope| envelope.subject).unwrap_or_default(),
        payload: record.body.to_string(),
        error_class,
        error,
        attempts: i64::from(record.receive_count),
        first_failed_at: now,
    };
    let commit = Commit::new(Durability::Full, ctx.housekeeping(function)).then(letter.insert());
    ctx.store.commit(commit).await?;
    ctx.metrics.dead_letters_total.with_label_values(&["delivery", function]).inc();
    Ok(())
}
