//! How every projector works: read the log from the checkpoint, turn events into statements, and commit them together with
//! the checkpoint's move. It ends only when its checkpoint is at or beyond the doorbell's position, so it does not matter
//! how many run at once or which doorbell was lost.

use super::replay;
use crate::ctx::Ctx;
use crate::error::HandlerError;
use crate::id::Kind;
use crate::message::envelope::CloudEvent;
use crate::message::event::{LogEvent, topic_of};
use crate::store::dead_letters::DeadLetter;
use crate::store::projections::{self, Apply, Checkpoint, Projection};
use crate::store::{Commit, CommitError, Guard, events};
use crate::value::Scope;

/// Brings `projection` at least up to the doorbell's position; its own ring makes it work on a replay.
///
/// # Errors
/// Asks for a retry when the store fails, or while an event that cannot be applied stands in the way.
pub async fn handle(
    ctx: &Ctx,
    function: &'static str,
    projection: &'static Projection,
    message: &CloudEvent,
) -> Result<(), HandlerError> {
    if message.message_type == replay::RING {
        return replay::step(ctx, function, projection).await;
    }
    let (projection, apply) = (projection.name, projection.apply);
    while let Some((checkpoint, events)) = ahead(ctx, projection, message).await? {
        advance(ctx, function, &checkpoint, &events, apply).await?;
    }
    Ok(())
}

/// What a reader of the whole log has before it, as long as it stands before the doorbell's position: its checkpoint, and
/// at least one event.
///
/// # Errors
/// When the store fails, or the log ends before the doorbell's position.
pub(super) async fn ahead(
    ctx: &Ctx,
    reader: &'static str,
    message: &CloudEvent,
) -> Result<Option<(Checkpoint, Vec<LogEvent>)>, HandlerError> {
    // Known to be committed at least that far: the cheap way out for most doorbells of a burst.
    if *ctx.bells.projection(reader).borrow() >= message.sequence {
        return Ok(None);
    }
    let (name, page) = (reader, ctx.config.log.page);
    let (checkpoint, events) = ctx
        .store
        .read(move |reader| {
            let checkpoint = projections::live(reader, name)?;
            let events = events::read_all(reader, checkpoint.pos, page)?;
            Ok((checkpoint, events))
        })
        .await?;
    if checkpoint.pos >= message.sequence {
        ctx.bells.projection_reached(reader, checkpoint.pos);
        return Ok(None);
    }
    if events.is_empty() {
        return Err(HandlerError::Retry(format!("the log ends at {}, before the doorbell's position", checkpoint.pos)));
    }
    Ok(Some((checkpoint, events)))
}

/// Moves a reader's checkpoint to `pos` with what it made of the events up to there.
///
/// # Errors
/// When the store fails.
pub(super) async fn reach(ctx: &Ctx, checkpoint: &Checkpoint, commit: Commit, pos: i64) -> Result<(), HandlerError> {
    match ctx.store.commit(commit).await {
        Ok(_) => ctx.bells.projection_reached(&checkpoint.projection, pos),
        // Another invocation was faster; the next look begins where it got.
        Err(CommitError::Guard(Guard::Checkpoint)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn advance(
    ctx: &Ctx,
    function: &'static str,
    checkpoint: &Checkpoint,
    events: &[LogEvent],
    apply: Apply,
) -> Result<(), HandlerError> {
    let mut statements = Vec::new();
    let mut pos = checkpoint.pos;
    let mut obstacle = None;
    for event in events {
        match apply(checkpoint.generation, event) {
            Ok(changes) => statements.extend(changes),
            Err(error) => {
                obstacle = Some((event, error.to_string()));
                break;
            }
        }
        pos = event.pos;
    }
    if let Some((event, error)) = obstacle.filter(|_| pos == checkpoint.pos) {
        return stop(ctx, function, checkpoint, event, error).await;
    }
    let commit = projections::advance(ctx.housekeeping(function), checkpoint, statements, pos);
    reach(ctx, checkpoint, commit, pos).await
}

/// Notes the event that cannot be applied, once, and goes no further: the projection resumes when it can.
async fn stop(
    ctx: &Ctx,
    function: &'static str,
    checkpoint: &Checkpoint,
    event: &LogEvent,
    error: String,
) -> Result<(), HandlerError> {
    let reason = format!("event {} cannot be applied: {error}", event.pos);
    let letter = DeadLetter {
        id: ctx.ids.next(Kind::DeadLetter),
        scope: Scope { team_id: event.team_id.clone(), project_id: event.project_id.clone() },
        source: "projection",
        function: function.to_owned(),
        topic: topic_of(&event.event_type),
        message_id: crate::id::message_id_of(&event.event_id).unwrap_or_default(),
        key: event.stream.clone(),
        payload: event.payload.get().to_owned(),
        error_class: "unprojectable",
        error: reason.clone(),
        attempts: 1,
        first_failed_at: event.recorded_at,
    };
    match ctx.store.commit(projections::stop(ctx.housekeeping(function), checkpoint, &reason, letter.insert())).await {
        Ok(_) => {
            ctx.metrics.dead_letters_total.with_label_values(&["projection", function]).inc();
        }
        // Noted before.
        Err(CommitError::Guard(Guard::RowUnchanged)) => {}
        Err(error) => return Err(error.into()),
    }
    Err(HandlerError::Retry(reason))
}
