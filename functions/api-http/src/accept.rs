//! Accepting a command and waiting for what becomes of it. The answer goes out after the commit that holds the command;
//! waiting longer only makes it richer.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock::Clock;
use shared::config::COMMAND_WAIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::function::publish;
use shared::id::{Kind, fingerprint};
use shared::live::Waiting;
use shared::message::command::{Command, thread_stream};
use shared::store::commands::{self, CommandRow, CommandStatus, NewCommand, Outcome};
use shared::store::views::thread_views::{self, ThreadView};
use shared::store::{CommitError, Context, Guard, StoreError, projections};
use shared::value::{KeyScope, Scope};
use utoipa::ToSchema;

use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem};

/// A command as its acceptance is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandReceipt {
    /// Identity; `GET /api/v1/commands/{id}` follows it.
    pub command_id: String,
    /// Where it stands.
    pub status: CommandStatus,
    /// Position of its last event, once applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pos: Option<i64>,
}

/// The answer to a thread command.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The thread as it shows now; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadView>,
}

/// Waits between looks at the rows when no bell rings: those of a deployed function, whose command another process runs.
const POLLS: [u64; 4] = [50, 100, 200, 400];
const POLL_MAX: Duration = Duration::from_millis(500);

/// Accepts a thread command from a request and answers it; `done` is the status of a finished one.
///
/// # Errors
/// The problem document of whatever refuses it.
pub async fn thread_command<C: Command>(
    ctx: &Ctx,
    identity: &Identity,
    mut object: Map<String, Value>,
    path: Option<String>,
    done: StatusCode,
) -> Answer<Response> {
    identity.require(KeyScope::ForumWrite)?;
    let claims = body::take_claims(&mut object)?;
    if let Some(thread_id) = path {
        // No thread was ever called that: nothing to store.
        if !is_thread_id(&thread_id) {
            return Err(Problem::new(Code::NotFound, "no such thread"));
        }
        if object.contains_key("thread_id") {
            let error = shared::error::FieldError::at("thread_id", "is taken from the path");
            return Err(Problem::fields(vec![error]));
        }
        object.insert("thread_id".to_owned(), thread_id.into());
    }
    let now = ctx.clock.now();
    let payload = body::typed::<C>(object)?.normalise(now).map_err(Problem::fields)?;
    let actor = identity.caller.actor(claims.actor.clone())?;
    let scope = identity.writable_scope(ctx, &claims).await?;
    let wait = Wait::of(ctx, identity)?;
    let given_key = idempotency_key(identity)?;

    let uuid = ctx.ids.uuid();
    let command_id = Kind::Command.with(uuid);
    let json = serde_json::to_string(&payload).unwrap_or_default();
    let request_hash = fingerprint(&[C::NAME.as_bytes(), scope.project_id.as_bytes(), json.as_bytes()]);
    let context = Context {
        actor: actor.clone(),
        // Everything one request causes is found by the id its first event will have.
        correlation_id: ctx.ids.next(Kind::Event),
        causation_id: None,
        traceparent: identity.traceparent.clone(),
        now,
        id_seed: command_id.clone(),
    };
    let command = NewCommand {
        command_id: command_id.clone(),
        scope: scope.clone(),
        name: C::NAME,
        stream: thread_stream(&payload.thread_id(uuid)),
        payload: json,
        key_id: Some(identity.caller.key.key_id.clone()),
        idempotency_key: given_key.clone().unwrap_or_else(|| command_id.clone()),
        request_hash: request_hash.clone(),
        request_id: identity.request_id.clone(),
    };
    let waiting = ctx.bells.wait_for_command(&command_id);
    match ctx.store.try_commit(command.accept(context)).await {
        Ok(_) => {
            ctx.metrics.commands_total.with_label_values(&[C::NAME, "accepted"]).inc();
            // Before the wait: a deployed function has no drainer beside it.
            publish::own(ctx, crate::NAME).await;
            tracing::debug!(command_id, "accepted");
            let accepted = Accepted { scope, command_id, waiting, replayed: false, done };
            accepted.answer(ctx, wait).await
        }
        Err(CommitError::Guard(Guard::IdempotencyKey)) => {
            let key = given_key.unwrap_or(command_id);
            let first = by_key(ctx, &scope, &actor, &key).await?;
            let first = first.ok_or_else(|| Problem::new(Code::InternalError, "the first request is gone"))?;
            if first.request_hash != request_hash {
                return Err(Problem::new(Code::IdempotencyKeyReused, "the key was used with another body"));
            }
            let waiting = ctx.bells.wait_for_command(&first.command_id);
            let accepted = Accepted { scope: first.scope, command_id: first.command_id, waiting, replayed: true, done };
            accepted.answer(ctx, wait).await
        }
        Err(CommitError::Store(StoreError::UnknownOutcome(why))) => {
            tracing::error!(%why, "a commit's outcome is unknown; its idempotency row decides");
            let key = given_key.unwrap_or_else(|| command_id.clone());
            match by_key(ctx, &scope, &actor, &key).await? {
                Some(row) => {
                    let accepted = Accepted { scope, command_id: row.command_id, waiting, replayed: false, done };
                    accepted.answer(ctx, wait).await
                }
                None => Err(StoreError::Busy.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// `thr_` and a UUID, or `ctl_` and a SHA-256.
fn is_thread_id(text: &str) -> bool {
    let is_hash = |rest: &str| rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    Kind::Thread.parse(text).is_some() || text.strip_prefix("ctl_").is_some_and(is_hash)
}

async fn by_key(ctx: &Ctx, scope: &Scope, actor: &shared::value::Actor, key: &str) -> Answer<Option<CommandRow>> {
    let (team, actor, key) = (scope.team_id.clone(), actor.clone(), key.to_owned());
    Ok(ctx.store.read(move |reader| commands::find_by_key(reader, &team, &actor, &key)).await?)
}

/// The caller's idempotency key: 1 to 255 visible ASCII characters.
fn idempotency_key(identity: &Identity) -> Answer<Option<String>> {
    let Some(value) = identity.headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    match key.filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::parameter("Idempotency-Key", "must have 1 to 255 visible ASCII characters")),
    }
}

/// How long the caller wants to wait.
#[derive(Clone, Copy, Debug)]
struct Wait(Duration);

impl Wait {
    fn of(ctx: &Ctx, identity: &Identity) -> Answer<Self> {
        let preferences = identity.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        if preferences.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("respond-async")) {
            return Ok(Self(Duration::ZERO));
        }
        let Some(text) = identity.query.get("wait") else { return Ok(Self(ctx.config.command.wait)) };
        let seconds = text.parse().ok().map(Duration::from_secs).filter(|wait| *wait <= COMMAND_WAIT_MAX);
        seconds.map(Self).ok_or_else(|| Problem::parameter("wait", "must be a whole number of seconds from 0 to 30"))
    }
}

/// A command that is committed, now or earlier under the same key.
struct Accepted {
    scope: Scope,
    command_id: String,
    waiting: Waiting,
    replayed: bool,
    done: StatusCode,
}

impl Accepted {
    async fn answer(mut self, ctx: &Ctx, wait: Wait) -> Answer<Response> {
        let seen = self.wait(ctx, wait.0).await?;
        let mut response = match seen {
            Some((row, thread)) => finished(row, thread, self.done).unwrap_or_else(IntoResponse::into_response),
            None => self.pending(),
        };
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    /// Waits until the command is finished and its view shows it, or the wait is over.
    async fn wait(&mut self, ctx: &Ctx, limit: Duration) -> Answer<Option<(CommandRow, Option<ThreadView>)>> {
        let stopwatch = Clock::stopwatch();
        let mut reached = ctx.bells.projection(thread_views::PROJECTION.name);
        // A replay may have finished long ago: look before listening.
        let mut look = self.replayed || limit.is_zero();
        let mut polls = POLLS.into_iter().map(Duration::from_millis);
        loop {
            if look {
                let seen = self.look(ctx).await?;
                if seen.is_some() || limit.is_zero() {
                    return Ok(seen.filter(|_| !limit.is_zero() || self.replayed));
                }
            }
            let left = limit.saturating_sub(stopwatch.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            let shown = async {
                let finished = self.waiting.finished().await;
                if let Some(pos) = finished.pos {
                    // The sender lives as long as the process.
                    let _ = reached.wait_for(|reached| *reached >= pos).await;
                }
            };
            // Whoever wakes us, the rows decide.
            let _ = tokio::time::timeout(polls.next().unwrap_or(POLL_MAX).min(left), shown).await;
            look = true;
        }
    }

    /// The command and its thread's view, if the command is finished and the view has caught up with it.
    async fn look(&self, ctx: &Ctx) -> Answer<Option<(CommandRow, Option<ThreadView>)>> {
        let (scope, id) = (self.scope.clone(), self.command_id.clone());
        let seen = ctx
            .store
            .read(move |reader| {
                let (team, project) = (&scope.team_id, Some(scope.project_id.as_str()));
                let row = commands::find(reader, team, project, &id)?;
                let Some(row) = row.filter(|row| row.status != CommandStatus::Accepted) else { return Ok(None) };
                let Some(Outcome::Result(applied)) = &row.outcome else { return Ok(Some((row, None))) };
                let checkpoint = projections::live(reader, thread_views::PROJECTION.name)?;
                if row.pos.is_some_and(|pos| checkpoint.pos < pos) {
                    return Ok(None);
                }
                let thread = thread_views::find(reader, team, project, &applied.thread_id, None)?;
                Ok(Some((row, thread)))
            })
            .await?;
        Ok(seen)
    }

    /// 202: it is safe, and there is where to look.
    fn pending(&self) -> Response {
        let command =
            CommandReceipt { command_id: self.command_id.clone(), status: CommandStatus::Accepted, pos: None };
        let mut response = (StatusCode::ACCEPTED, Json(ThreadAnswer { command, thread: None })).into_response();
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/commands/{}", self.command_id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

fn finished(row: CommandRow, thread: Option<ThreadView>, done: StatusCode) -> Answer<Response> {
    match row.outcome {
        Some(Outcome::Rejection(rejection)) => Err(rejection.into()),
        None => {
            let detail = "the command could not be handled and was parked as a dead letter";
            Err(Problem::new(Code::InternalError, detail)
                .with("command_id", row.command_id)
                .with("dead_letter_id", row.dead_letter_id))
        }
        Some(Outcome::Result(_)) => {
            let command = CommandReceipt { command_id: row.command_id, status: row.status, pos: row.pos };
            Ok((done, Json(ThreadAnswer { command, thread })).into_response())
        }
    }
}
