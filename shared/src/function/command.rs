//! How every command function works: begin the command if it is its stream's head, load what it is about, decide purely,
//! and write state, events and outcome in one commit. Only `decide` differs from function to function.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use super::batch::panic_text;
use crate::config::ProviderKind;
use crate::ctx::Ctx;
use crate::domain::thread::Facts;
use crate::error::{Code, HandlerError, Rejection};
use crate::id::Kind;
use crate::live::Finished;
use crate::message::command::{Command, Subject};
use crate::message::envelope::CloudEvent;
use crate::store::commands::{self, Begun, CommandRow, Outcome};
use crate::store::dead_letters::DeadLetter;
use crate::store::{
    Aggregate, Author, Change, Commit, CommitError, Durability, Guard, Noted, Row, Statement, StoreError, tenants,
};
use crate::value::{Scope, Word};

/// What a function's pure `decide` looks like.
pub type Decide<A, C> = fn(&<A as Aggregate>::State, &C, &Facts) -> Result<Vec<<A as Aggregate>::Event>, Rejection>;

/// How often a lost race for a stream is run again at once before the message goes back.
const RACES: usize = 20;

/// Handles the doorbell of one command.
///
/// # Errors
/// Parks what names no command of its tenant; asks for a retry when the store fails or `decide` panicked.
pub async fn handle<A: Aggregate, C: Command>(
    ctx: &Ctx,
    function: &'static str,
    message: &CloudEvent,
    decide: Decide<A, C>,
) -> Result<(), HandlerError> {
    let scope = message.scope().ok_or_else(|| undecodable("the source names no tenant"))?;
    let uuid = Kind::Message.parse(&message.id).ok_or_else(|| undecodable("the id is no message id"))?;
    let command_id = Kind::Command.with(uuid);
    let lease = ctx.config.delivery.visibility;
    let reads = reads::<A, C>(&scope, Subject::id_of(&message.subject), &command_id);
    let begun = commands::begin(&ctx.store, &scope, &command_id, lease, ctx.housekeeping(function), reads).await?;
    let (row, state) = match begun {
        Begun::Head(row, state) => (*row, state),
        // The commit that finishes the stream's head rings again.
        Begun::Waits | Begun::Finished => return Ok(()),
        // Should its holder die, this delivery finds it free.
        Begun::Held => return Err(HandlerError::Retry("another delivery of the command is being handled".to_owned())),
        Begun::Unknown => {
            ctx.metrics.reconciled_total.with_label_values(&["unknown_doorbell"]).inc();
            return Err(HandlerError::Park {
                error_class: "unknown_command",
                reason: "no command of that id in the tenant that the message names".to_owned(),
            });
        }
    };
    let last = row.attempts >= i64::from(ctx.config.delivery.max_attempts);
    if row.attempts > i64::from(ctx.config.delivery.max_attempts) {
        return bury(ctx, function, &row, message, "crashed", "handling never came to an end".to_owned()).await;
    }
    match AssertUnwindSafe(apply::<A, C>(ctx, &row, uuid, (&message.subject, state), decide)).catch_unwind().await {
        Ok(Ok(applied)) => {
            finished(ctx, &row, applied);
            Ok(())
        }
        Ok(Err(HandlerError::Park { error_class, reason })) => {
            bury(ctx, function, &row, message, error_class, reason).await
        }
        Ok(Err(error)) => {
            let_go(ctx, &row).await;
            Err(error)
        }
        Err(panic) if last => bury(ctx, function, &row, message, "panic", panic_text(panic.as_ref())).await,
        Err(panic) => {
            let_go(ctx, &row).await;
            std::panic::resume_unwind(panic)
        }
    }
}

/// Lets a command go after a failed attempt; if that fails too, its lease ends by itself.
async fn let_go(ctx: &Ctx, row: &CommandRow) {
    if let Err(error) = ctx.store.commit(row.release(ctx.clock.now())).await {
        tracing::warn!(command_id = %row.command_id, %error, "the command stays held until its lease ends");
    }
}

fn undecodable(reason: &str) -> HandlerError {
    HandlerError::Park { error_class: "undecodable", reason: reason.to_owned() }
}

/// Decides on the state it commits on: a lost race is decided again from fresh state.
async fn apply<A: Aggregate, C: Command>(
    ctx: &Ctx,
    row: &CommandRow,
    uuid: uuid::Uuid,
    (stream, read): (&str, Vec<Vec<Row>>),
    decide: Decide<A, C>,
) -> Result<Option<(Outcome, Option<i64>)>, HandlerError> {
    let payload: C = serde_json::from_str(&row.payload).map_err(|error| HandlerError::Park {
        error_class: "undecodable",
        reason: format!("the stored payload does not fit: {error}"),
    })?;
    let subject = payload.subject(&row.scope, uuid);
    // What was read when the command was begun, if the message named what the command is about.
    let mut read = Some(read).filter(|_| stream == subject.stream());
    for _ in 0..RACES {
        let mut rows = if let Some(rows) = read.take() { rows } else { again::<A, C>(ctx, row, &subject).await? };
        let archived = C::OPENS && tenants::is_archived(rows.pop().unwrap_or_default())?;
        let state = A::state(rows)?;
        let now = ctx.clock.now();
        let facts = Facts {
            actor: row.actor.clone(),
            now,
            post_id: Kind::Post.with(uuid),
            // The last bit of a UUIDv7 is as random as the others: this is another one, and no other command's.
            opening_post_id: Kind::Post.with(uuid::Uuid::from_u128(uuid.as_u128() ^ 1)),
            command_id: row.command_id.clone(),
            probe: ctx.config.detecting.limits(&ctx.config.probe),
        };
        let decided = if archived { Err(archived_project(&row.scope)) } else { decide(&state, &payload, &facts) };
        // A request's own command; what an event caused carries the correlation of a first event that exists.
        let first_event_id = row.causation_id.is_none().then_some(row.correlation_id.as_str());
        let author = Author {
            scope: &row.scope,
            actor: &row.actor,
            now,
            ids: &ctx.ids,
            first_event_id,
            docs_sync: ctx.config.integration.docs_sync,
            generates: ctx.config.generation.provider != ProviderKind::None,
            origin: row.origin(),
        };
        let (outcome, change) = match decided {
            Ok(events) if events.is_empty() => (Outcome::Result(subject.clone().into()), Change::default()),
            Ok(events) => {
                let change = A::change(&author, subject.id(), state, &events);
                let applied_to = change.applied_to.clone().unwrap_or_else(|| subject.clone().into());
                (Outcome::Result(applied_to), change)
            }
            Err(rejection) => (Outcome::Rejection(rejection), Change::default()),
        };
        let Change { statements, appended, outcomes, .. } = change;
        let commit = Commit::new(Durability::Full, row.context(now))
            .then_all((C::OPENS && !archived).then(|| tenants::still_open(&row.scope)))
            .then_all(statements)
            .then_all(row.finish(&outcome, !appended.is_empty()));
        match ctx.store.commit(commit).await {
            Ok(receipt) => {
                let mut finished = receipt.into_rows().into_iter().next().map(Row::columns);
                let pos = finished.as_mut().and_then(|columns| columns.optional_integer().ok().flatten());
                let noted: Vec<String> = finished.and_then(|mut columns| columns.json().ok()).unwrap_or_default();
                count(ctx, appended.into_iter().chain(noted.iter().map(String::as_str)), &outcomes);
                return Ok(Some((outcome, pos)));
            }
            // Another delivery of the same command was faster.
            Err(CommitError::Guard(Guard::CommandOpen)) => return Ok(None),
            Err(CommitError::Guard(Guard::StreamVersion | Guard::DecidedOn)) => {}
            Err(CommitError::Store(StoreError::Statement { index, message })) => {
                return Err(HandlerError::Park {
                    error_class: "database",
                    reason: format!("statement {index}: {message}"),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(HandlerError::Retry(format!("the stream moved {RACES} times while the command was decided")))
}

/// What is read for a decision: the state, and behind it whether the project is archived, where that matters.
fn reads<A: Aggregate, C: Command>(scope: &Scope, id: &str, command_id: &str) -> Vec<Statement> {
    let mut reads = A::reads(scope, id, command_id);
    reads.extend(C::OPENS.then(|| tenants::read_archival(scope)));
    reads
}

fn archived_project(scope: &Scope) -> Rejection {
    let detail = format!("the project {} is archived: nothing new begins in it", scope.project_id);
    Rejection::new(Code::ProjectArchived, detail)
}

/// Reads the state once more, after a lost race.
async fn again<A: Aggregate, C: Command>(
    ctx: &Ctx,
    row: &CommandRow,
    subject: &Subject,
) -> Result<Vec<Vec<Row>>, StoreError> {
    let reads = reads::<A, C>(&row.scope, subject.id(), &row.command_id);
    ctx.store.read(move |reader| reads.into_iter().map(|read| reader.rows(read.sql, read.params)).collect()).await
}

fn count<'a>(ctx: &Ctx, appended: impl Iterator<Item = &'a str>, outcomes: &[Noted]) {
    for event_type in appended {
        ctx.metrics.events_total.with_label_values(&[event_type]).inc();
    }
    for noted in outcomes {
        match noted {
            Noted::Answered(status, waited) => {
                let waits = &ctx.metrics.guidance_wait_seconds;
                waits.with_label_values(&[status.as_str()]).observe(waited.as_secs_f64());
            }
            Noted::Nudged(kind, result) => {
                ctx.metrics.nudges_total.with_label_values(&[*kind, result.as_str()]).inc();
            }
            Noted::Escalated(why) => ctx.metrics.escalations_total.with_label_values(&[why.as_str()]).inc(),
        }
    }
}

/// Tells whoever waits, and counts. `None`: another delivery finished the command, and told them.
fn finished(ctx: &Ctx, row: &CommandRow, applied: Option<(Outcome, Option<i64>)>) {
    let Some((outcome, pos)) = applied else { return };
    ctx.bells.command_finished(&row.command_id, Finished { pos });
    let status = match outcome {
        Outcome::Result(_) => "applied",
        Outcome::Rejection(_) => "rejected",
    };
    let took = ctx.clock.now().since(row.accepted_at).as_secs_f64();
    ctx.metrics.commands_total.with_label_values(&[&row.name, status]).inc();
    ctx.metrics.command_processing_seconds.with_label_values(&[&row.name]).observe(took);
    tracing::debug!(
        command_id = %row.command_id,
        correlation_id = %row.correlation_id,
        request_id = %row.request_id,
        name = %row.name,
        status,
        "command finished"
    );
}

/// Gives a command up; its stream goes on.
async fn bury(
    ctx: &Ctx,
    function: &'static str,
    row: &CommandRow,
    message: &CloudEvent,
    error_class: &'static str,
    error: String,
) -> Result<(), HandlerError> {
    tracing::error!(function, command_id = %row.command_id, error_class, %error, "command is dead");
    let letter = DeadLetter {
        id: ctx.ids.next(Kind::DeadLetter),
        scope: row.scope.clone(),
        source: "command",
        function: function.to_owned(),
        topic: crate::message::command::topic_of(&row.name),
        message_id: message.id.clone(),
        key: row.stream.clone(),
        payload: row.payload.clone(),
        error_class,
        error,
        attempts: row.attempts,
        first_failed_at: row.accepted_at,
    };
    match ctx.store.commit(row.bury(letter, ctx.clock.now())).await {
        Ok(_) => {
            ctx.metrics.commands_total.with_label_values(&[&row.name, "dead"]).inc();
            ctx.metrics.dead_letters_total.with_label_values(&["command", function]).inc();
        }
        Err(CommitError::Guard(Guard::CommandOpen)) => {}
        Err(error) => return Err(error.into()),
    }
    ctx.bells.command_finished(&row.command_id, Finished { pos: None });
    Ok(())
}
