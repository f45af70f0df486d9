//! `/sessions/{id}/messages` and `/sessions/{id}/inbox`: what is said to an agent, and what it has not read.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::message::command::{MESSAGE, SendNudge};
use shared::store::sessions::inbox::{self, InboxItem};
use shared::store::{Commit, Durability};
use shared::value::{ActorType, KeyScope, PostKind};
use utoipa::ToSchema;

use super::sessions::find;
use crate::accept::{ThreadAnswer, command};
use crate::body;
use crate::call::Call;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// Things shown at once.
const PAGE: u32 = 100;

/// What is said to an agent.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// 1 to 65 536 bytes.
    body: String,
}

/// One thing to read.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxEntry {
    /// Position of its event.
    pos: i64,
    /// `guidance_answer`, `nudge` or `message`.
    kind: PostKind,
    /// Its thread.
    thread_id: String,
    /// Its post.
    post_id: String,
    /// The request that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Text.
    body: String,
    /// The option chosen, on an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<String>,
    /// Whether the system answered because a deadline passed.
    auto: bool,
    /// Who says it.
    from: Sender,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// Who says something.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sender {
    /// What kind of actor.
    actor_type: ActorType,
    /// Its name.
    actor_name: String,
}

/// What a session's agent has not read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inbox {
    /// The oldest first, at most 100.
    items: Vec<InboxEntry>,
    /// What to acknowledge once these are read.
    next_ack: i64,
}

/// Up to where the agent has read.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// Position of the last thing read.
    pos: i64,
}

/// Up to where an agent has read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledged {
    /// It only grows.
    inbox_pos: i64,
}

impl From<InboxItem> for InboxEntry {
    fn from(item: InboxItem) -> Self {
        Self {
            pos: item.event.pos,
            kind: item.kind,
            thread_id: item.event.thread_id.unwrap_or_default(),
            post_id: item.post_id,
            request_id: item.request_id,
            body: item.body,
            option: item.option,
            auto: item.auto,
            from: Sender { actor_type: item.event.actor_type, actor_name: item.event.actor_name },
            at: item.event.recorded_at,
        }
    }
}

/// Says something to a session's agent, on its control thread. Nothing is sent into a session that waits for a permission.
#[utoipa::path(
    post, path = "/sessions/{session_id}/messages", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = SendMessage,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "illegal_transition, thread_closed"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn send(call: Call) -> Answer<Response> {
    let (ctx, identity, session_id, mut object) = call.into_parts();
    identity.require(KeyScope::ForumWrite)?;
    // Who says it, and for which tenant, stays in the body; the rest is the message.
    let named = body::take_claims(&mut object.clone())?;
    let named = identity.named_scope(&ctx, &named).await?;
    let claims: Map<_, _> = ["team_id", "project_id", "actor_type", "actor_name"]
        .into_iter()
        .filter_map(|claim| object.remove_entry(claim))
        .collect();
    let message: SendMessage = body::typed(object)?;
    let row = find(&ctx, &identity, session_id).await?;
    if named.is_some_and(|named| named != row.scope) {
        return Err(Problem::new(Code::ProjectDenied, "the session is of another project than the body names"));
    }
    let nudge = SendNudge {
        thread_id: row.session.control_thread(&row.scope),
        subject: row.session.session_id.clone(),
        session_id: row.session.session_id,
        key: MESSAGE.to_owned(),
        covers: Vec::new(),
        body: message.body,
        escalate_at: None,
    };
    let mut object = match serde_json::to_value(nudge) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => Map::new(),
    };
    object.extend(claims);
    object.insert("project_id".to_owned(), row.scope.project_id.into());
    command::<SendNudge, ThreadAnswer>(&ctx, &identity, object, None, StatusCode::OK).await
}

/// Shows what a session's agent has not read. Reading changes nothing.
#[utoipa::path(
    get, path = "/sessions/{session_id}/inbox", tag = "sessions", params(("session_id" = String, Path)),
    responses((status = 200, body = Inbox), (status = 404, body = ProblemDocument))
)]
pub async fn show(State(ctx): State<Ctx>, identity: Identity, Path(session_id): Path<String>) -> Answer<Json<Inbox>> {
    identity.require(KeyScope::ForumRead)?;
    let row = find(&ctx, &identity, session_id).await?;
    let before = row.session.inbox_pos;
    let items = ctx.store.read(move |reader| inbox::unread(reader, &row.scope, &row.session, PAGE)).await?;
    let items: Vec<_> = items.into_iter().map(InboxEntry::from).collect();
    let next_ack = items.last().map_or(before, |item| item.pos);
    Ok(Json(Inbox { items, next_ack }))
}

/// Removes what is at or below a position from the inbox.
#[utoipa::path(
    post, path = "/sessions/{session_id}/inbox/ack", tag = "sessions", params(("session_id" = String, Path)),
    request_body = Acknowledge,
    responses(
        (status = 200, body = Acknowledged),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
    )
)]
pub async fn acknowledge(call: Call) -> Answer<Json<Acknowledged>> {
    let (ctx, identity, session_id, object) = call.into_parts();
    identity.require(KeyScope::ForumWrite)?;
    let Acknowledge { pos } = body::typed(object)?;
    let head = ctx.store.newest().await?;
    if !(0..=head).contains(&pos) {
        return Err(Problem::parameter("/pos", format!("must be a position from 0 to {head}")));
    }
    let row = find(&ctx, &identity, session_id).await?;
    let session_id = row.session.session_id;
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then(inbox::acknowledge(&row.scope, &session_id, pos))
        .then(identity.audit("inbox.ack", &session_id).insert());
    ctx.store.try_commit(commit).await?;
    Ok(Json(Acknowledged { inbox_pos: pos.max(row.session.inbox_pos) }))
}
