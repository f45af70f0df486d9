//! Accepting a command and waiting for what becomes of it. The answer goes out after the commit that holds the command;
//! waiting longer only makes it richer.

mod agent_events;
mod answers;
mod sessions;
mod waiting;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::function::publish;
use shared::id::{Kind, fingerprint};
use shared::message::command::Command;
use shared::store::commands::{self, CommandRow, NewCommand};
use shared::store::{CommitError, Context, Guard, Reader, Statement, StoreError};
use shared::value::{Actor, Scope};

use crate::body;
use crate::identity::{Claims, Identity};
use crate::problem::{Answer, Problem};

pub use agent_events::{BatchAnswer, EventAnswer, JobTransport};
pub use answers::{CommandAnswer, RunAnswer, SignalAnswer, ThreadAnswer};
pub use sessions::{PullRequestAnswer, SessionAnswer};
use waiting::{Accepted, Wait};

/// The id in a path: which field of the payload it is, and whether anything could be called that.
pub struct PathId {
    /// The payload's field.
    pub field: &'static str,
    /// The id.
    pub id: String,
    /// Whether it has the form of such an id.
    pub is_possible: bool,
}

impl PathId {
    /// A thread's: `thr_` and a UUID, or `ctl_` and a SHA-256.
    #[must_use]
    pub fn of_thread(id: String) -> Self {
        let is_hash = |rest: &str| rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_possible = Kind::Thread.parse(&id).is_some() || id.strip_prefix("ctl_").is_some_and(is_hash);
        Self { field: "thread_id", id, is_possible }
    }

    /// A run's: `run_` and a UUID.
    #[must_use]
    pub fn of_run(id: String) -> Self {
        Self { field: "run_id", is_possible: Kind::Run.parse(&id).is_some(), id }
    }

    /// A session's: its project's slug, a dash, its number.
    #[must_use]
    pub fn of_session(field: &'static str, id: String) -> Self {
        let number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_possible =
            id.len() <= 160 && id.rsplit_once('-').is_some_and(|(project, n)| !project.is_empty() && number(n));
        Self { field, id, is_possible }
    }

    /// Puts it into the payload.
    fn insert_into(self, object: &mut Map<String, Value>) -> Answer<()> {
        // Nothing was ever called that: nothing to store.
        if !self.is_possible {
            let what = self.field.trim_start_matches("restore_").trim_end_matches("_id");
            return Err(Problem::new(Code::NotFound, format!("no such {what}")));
        }
        if object.contains_key(self.field) {
            return Err(Problem::fields(vec![FieldError::at(self.field, "is taken from the path")]));
        }
        object.insert(self.field.to_owned(), self.id.into());
        Ok(())
    }
}

/// What makes a command not worth accepting: the guard that says so, and the command that said it before.
pub struct Unless {
    /// Fails with [`Guard::News`].
    pub guard: Statement,
    /// Finds the earlier command.
    pub earlier: fn(&mut Reader<'_>, &Scope, &str) -> Result<Option<String>, StoreError>,
    /// What it is about.
    pub about: String,
}

/// Accepts a command from a request and answers it with `A`; `done` is the status of a finished one.
///
/// # Errors
/// The problem document of whatever refuses it.
pub async fn command<C: Command, A: CommandAnswer>(
    ctx: &Ctx,
    identity: &Identity,
    object: Map<String, Value>,
    path: Option<PathId>,
    done: StatusCode,
) -> Answer<Response> {
    command_unless::<C, A>(ctx, identity, object, path, done, |_, _| None).await
}

/// As [`command`], of a body whose claims were taken from it before.
///
/// # Errors
/// The problem document of whatever refuses it.
pub async fn claimed<C: Command, A: CommandAnswer>(
    ctx: &Ctx,
    identity: &Identity,
    claims: Claims,
    object: Map<String, Value>,
    done: StatusCode,
) -> Answer<Response> {
    identity.require_either(A::SCOPES)?;
    take::<C, A>(ctx, identity, (claims, object), done, |_, _| None).await
}

/// As [`command`], unless it says nothing new: then the earlier command that said it is answered.
///
/// # Errors
/// The problem document of whatever refuses it.
pub async fn command_unless<C: Command, A: CommandAnswer>(
    ctx: &Ctx,
    identity: &Identity,
    mut object: Map<String, Value>,
    path: Option<PathId>,
    done: StatusCode,
    unless: impl FnOnce(&Scope, &C) -> Option<Unless>,
) -> Answer<Response> {
    identity.require_either(A::SCOPES)?;
    let claims = body::take_claims(&mut object)?;
    if let Some(path) = path {
        path.insert_into(&mut object)?;
    }
    take::<C, A>(ctx, identity, (claims, object), done, unless).await
}

/// Accepts a command of somebody who may give it.
async fn take<C: Command, A: CommandAnswer>(
    ctx: &Ctx,
    identity: &Identity,
    (claims, object): (Claims, Map<String, Value>),
    done: StatusCode,
    unless: impl FnOnce(&Scope, &C) -> Option<Unless>,
) -> Answer<Response> {
    let now = ctx.clock.now();
    let payload = body::typed::<C>(object)?.normalise(now).map_err(Problem::fields)?;
    let actor = identity.caller.actor(claims.actor.clone())?;
    payload.permit(&actor)?;
    let scope = identity.writable_scope(ctx, &claims).await?;
    let wait = Wait::of::<A>(ctx, identity)?;
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
        // Accepting a command writes no event.
        id_seed: String::new(),
    };
    let command = NewCommand {
        command_id: command_id.clone(),
        stream: payload.subject(&scope, uuid).stream(),
        scope: scope.clone(),
        name: C::NAME,
        payload: json,
        key_id: Some(identity.caller.key.key_id.clone()),
        idempotency_key: given_key.clone().unwrap_or_else(|| command_id.clone()),
        request_hash: request_hash.clone(),
        request_id: identity.request_id.clone(),
    };
    let waiting = ctx.bells.wait_for_command(&command_id);
    let unless = unless(&scope, &payload);
    let mut commit = command.accept(context);
    if let Some(unless) = &unless {
        // Behind the commit's context, and before the command that it is compared with what came earlier.
        commit.statements.insert(1, unless.guard.clone());
    }
    match ctx.store.try_commit(commit).await {
        Ok(_) => {
            ctx.metrics.commands_total.with_label_values(&[C::NAME, "accepted"]).inc();
            // Before the wait: a deployed function has no drainer beside it.
            publish::own(ctx, crate::NAME).await;
            tracing::debug!(command_id, "accepted");
            let accepted = Accepted { scope, command_id, waiting, earlier: false, replayed: false, done };
            accepted.answer::<A>(ctx, wait).await
        }
        Err(CommitError::Guard(Guard::News)) => {
            // What is sent again under its key is that, whatever else says the same.
            if let Some(key) = &given_key
                && let Some(first) = by_key(ctx, &scope, &actor, key).await?
            {
                return repeated::<A>(ctx, first, &request_hash, wait, done).await;
            }
            let unless = unless.ok_or_else(|| Problem::new(Code::InternalError, "nothing was to be compared"))?;
            let (of, find) = (scope.clone(), unless.earlier);
            let earlier = ctx.store.read(move |reader| find(reader, &of, &unless.about)).await?;
            let command_id = earlier.ok_or_else(|| Problem::new(Code::StoreBusy, "the earlier report is gone"))?;
            let waiting = ctx.bells.wait_for_command(&command_id);
            Accepted { scope, command_id, waiting, earlier: true, replayed: false, done }.answer::<A>(ctx, wait).await
        }
        Err(CommitError::Guard(Guard::IdempotencyKey)) => {
            let key = given_key.unwrap_or(command_id);
            let first = by_key(ctx, &scope, &actor, &key).await?;
            let first = first.ok_or_else(|| Problem::new(Code::InternalError, "the first request is gone"))?;
            repeated::<A>(ctx, first, &request_hash, wait, done).await
        }
        Err(CommitError::Store(StoreError::UnknownOutcome(why))) => {
            tracing::error!(%why, "a commit's outcome is unknown; its idempotency row decides");
            let key = given_key.unwrap_or_else(|| command_id.clone());
            match by_key(ctx, &scope, &actor, &key).await? {
                Some(row) => {
                    let accepted =
                        Accepted { scope, command_id: row.command_id, waiting, earlier: false, replayed: false, done };
                    accepted.answer::<A>(ctx, wait).await
                }
                None => Err(StoreError::Busy.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The answer to a request under a key that was used before.
async fn repeated<A: CommandAnswer>(
    ctx: &Ctx,
    first: CommandRow,
    request_hash: &str,
    wait: Wait,
    done: StatusCode,
) -> Answer<Response> {
    if first.request_hash != request_hash {
        return Err(Problem::new(Code::IdempotencyKeyReused, "the key was used with another body"));
    }
    let CommandRow { scope, command_id, .. } = first;
    let waiting = ctx.bells.wait_for_command(&command_id);
    Accepted { scope, command_id, waiting, earlier: true, replayed: true, done }.answer::<A>(ctx, wait).await
}

async fn by_key(ctx: &Ctx, scope: &Scope, actor: &Actor, key: &str) -> Answer<Option<CommandRow>> {
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
