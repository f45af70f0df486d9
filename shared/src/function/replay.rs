//! How a projector builds its read model again, beside the live one: in slices of at most `replay.slice`, each begun by a
//! ring that it sends to itself. A lost ring is rung again by the reconciliation, so a replay survives whoever works on
//! it. A projector has no outbox: nothing but that ring can leave it.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::clock::{Clock, Stopwatch};
use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::id::Kind;
use crate::message::envelope::CloudEvent;
use crate::message::event::LogEvent;
use crate::store::projections::{self, Checkpoint, Projection};
use crate::store::replays::{self, Compared, Comparison, Replay, Stage};
use crate::store::{CommitError, Guard, StoreError, events};
use crate::transport::{Outgoing, Transport, TransportError};

/// Type of the message by which a projector rings itself.
pub const RING: &str = "forum.replay";
/// Rows removed or compared by one statement.
const ROWS: i64 = 500;

/// The topic on which a projection's replay is rung.
#[must_use]
pub fn topic_of(projection: &str) -> String {
    format!("{RING}.{projection}")
}

/// Rings the projector of `projection` for its next slice.
///
/// # Errors
/// When the transport does not take the message; the reconciliation rings later.
pub async fn ring(ctx: &Ctx, projection: &str) -> Result<(), TransportError> {
    let message_id = ctx.ids.next(Kind::Message);
    let envelope = CloudEvent {
        specversion: "1.0".to_owned(),
        id: message_id.clone(),
        source: "/replays".to_owned(),
        message_type: RING.to_owned(),
        subject: projection.to_owned(),
        time: ctx.clock.now().to_string(),
        sequence: 0,
        correlationid: message_id.clone(),
        causationid: None,
        traceparent: None,
        dataref: None,
        data: None::<Box<RawValue>>,
    };
    let body: Arc<str> = serde_json::to_string(&envelope).unwrap_or_default().into();
    let message = Outgoing { topic: topic_of(projection), key: format!("replay/{projection}"), message_id, body };
    ctx.transport.publish(vec![message]).await.into_iter().collect()
}

/// What is left to do after a slice.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    /// More of it.
    More,
    /// Nothing, or nothing for this invocation: another one is at it.
    Nothing,
}

/// Works for one slice on what of `projection` is not live, and rings for the next one.
///
/// # Errors
/// Asks for a retry when the store fails or the ring could not be sent.
pub async fn step(ctx: &Ctx, function: &'static str, projection: &'static Projection) -> Result<(), HandlerError> {
    let name = projection.name;
    let replays = ctx.store.read(replays::all).await?;
    // Retired ones come first: what they leave may be in the way.
    let Some(replay) = replays.into_iter().find(|replay| replay.projection == name && !replay.stopped) else {
        return Ok(());
    };
    let left = match replay.stage {
        Stage::Retired => remove(ctx, function, projection, &replay).await?,
        Stage::Building => build(ctx, function, projection, replay).await?,
    };
    if left == Left::More {
        ring(ctx, name).await.map_err(|error| HandlerError::Retry(error.to_string()))?;
    }
    Ok(())
}

async fn remove(
    ctx: &Ctx,
    function: &'static str,
    projection: &'static Projection,
    replay: &Replay,
) -> Result<Left, StoreError> {
    let stopwatch = Clock::stopwatch();
    while stopwatch.elapsed() < ctx.config.replay.slice {
        let commit = replays::remove(ctx.housekeeping(function), projection, replay.generation, ROWS);
        let receipt = ctx.store.commit(commit).await.map_err(CommitError::unexpected)?;
        let mut removed = 0;
        for row in receipt.into_all_rows().into_iter().flatten() {
            removed += row.columns().integer()?;
        }
        if removed == 0 {
            ctx.store.commit(replays::forget(ctx.housekeeping(function), projection, replay)).await?;
            break;
        }
    }
    // Another generation may wait behind this one.
    Ok(Left::More)
}

/// What lies before the building generation.
struct Ahead {
    events: Vec<LogEvent>,
    live: i64,
}

async fn look_ahead(ctx: &Ctx, projection: &'static str, after: i64) -> Result<Ahead, StoreError> {
    let page = ctx.config.log.page;
    let read = ctx.store.read(move |reader| {
        let live = projections::live(reader, projection)?.pos;
        Ok(Ahead { events: events::read_all(reader, after, page)?, live })
    });
    read.await
}

async fn build(
    ctx: &Ctx,
    function: &'static str,
    projection: &'static Projection,
    mut replay: Replay,
) -> Result<Left, HandlerError> {
    let stopwatch = Clock::stopwatch();
    let mut ahead = look_ahead(ctx, projection.name, replay.pos).await?;
    loop {
        if ahead.events.is_empty() && replay.pos >= ahead.live {
            return conclude(ctx, function, projection, &replay, stopwatch).await;
        }
        let mut changes = Vec::new();
        let mut pos = replay.pos;
        for event in &ahead.events {
            match (projection.apply)(replay.generation, event) {
                Ok(statements) => changes.extend(statements),
                Err(error) => {
                    let reason = format!("event {} cannot be applied: {error}", event.pos);
                    return give_up(ctx, function, &replay, &reason).await;
                }
            }
            pos = event.pos;
        }
        let checkpoint = Checkpoint {
            projection: replay.projection.clone(),
            generation: replay.generation,
            pos: replay.pos,
            error: None,
        };
        let commit = projections::advance(ctx.housekeeping(function), &checkpoint, changes, pos);
        // The next page is read while this one is written.
        let (committed, next) = tokio::join!(ctx.store.commit(commit), look_ahead(ctx, projection.name, pos));
        match committed {
            Ok(_) => {}
            // Stopped meanwhile, or another invocation is at it.
            Err(CommitError::Guard(Guard::Checkpoint)) => return Ok(Left::Nothing),
            Err(error) => return Err(error.into()),
        }
        (replay.pos, ahead) = (pos, next?);
        if stopwatch.elapsed() >= ctx.config.replay.slice {
            return Ok(Left::More);
        }
    }
}

/// The generation has caught up: compares it if that was asked for, then lets it take over.
async fn conclude(
    ctx: &Ctx,
    function: &'static str,
    projection: &'static Projection,
    replay: &Replay,
    stopwatch: Stopwatch,
) -> Result<Left, HandlerError> {
    let compared = replay.verified.clone().unwrap_or_default();
    if replay.verify && compared.table < projection.tables.len() {
        return verify(ctx, function, projection, replay, compared, stopwatch).await;
    }
    match ctx.store.commit(replays::switch(ctx.housekeeping(function), replay)).await {
        Ok(_) => {
            let took = replay.started_at.map_or(0.0, |since| ctx.clock.now().since(since).as_secs_f64());
            ctx.metrics.replay_duration_seconds.with_label_values(&[projection.name]).observe(took);
            ctx.bells.projection_reached(projection.name, replay.pos);
            tracing::info!(projection = projection.name, generation = replay.generation, pos = replay.pos, "switched");
            Ok(Left::More)
        }
        // The live one was faster by an event.
        Err(CommitError::Guard(Guard::Checkpoint)) => Ok(Left::More),
        Err(error) => Err(error.into()),
    }
}

async fn verify(
    ctx: &Ctx,
    function: &'static str,
    projection: &'static Projection,
    replay: &Replay,
    mut compared: Compared,
    stopwatch: Stopwatch,
) -> Result<Left, HandlerError> {
    while compared.table < projection.tables.len() && stopwatch.elapsed() < ctx.config.replay.slice {
        let (row, from) = (replay.clone(), compared.clone());
        let slice = ctx.store.read(move |reader| replays::compare(reader, projection, &row, &from, ROWS));
        match slice.await? {
            Comparison::Equal(further) => compared = further,
            Comparison::Differs(difference) => return give_up(ctx, function, replay, &difference).await,
            // One of them has an event more: the next slice begins by catching up.
            Comparison::NotYet => {
                let mut live = ctx.bells.projection(projection.name);
                let _ = tokio::time::timeout(ctx.config.replay.slice, live.changed()).await;
                break;
            }
        }
    }
    ctx.store.commit(replays::remember(ctx.housekeeping(function), replay, &compared)).await?;
    Ok(Left::More)
}

async fn give_up(ctx: &Ctx, function: &'static str, replay: &Replay, why: &str) -> Result<Left, HandlerError> {
    tracing::error!(function, generation = replay.generation, why, "the replay stops; the live generation serves on");
    ctx.store.commit(replays::fail(ctx.housekeeping(function), replay, why)).await?;
    Ok(Left::Nothing)
}
