//! Queues of threads that want somebody, what each viewer has seen, and how many threads there are.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::store::threads::marks::{self, Mark};
use shared::store::views::thread_stats::{self, ThreadCount};
use shared::store::views::thread_views::{self, Queue};
use shared::value::{KeyScope, Scope, ViewerType};
use utoipa::ToSchema;

use super::threads::{ThreadList, page};
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, query};

/// Lists the threads that want somebody: with something the viewer has not seen, or in which an agent waits for an answer.
#[utoipa::path(
    get, path = "/forum/queues", tag = "forum",
    params(
        ("type" = String, Query, description = "unseen or unanswered"),
        ("viewer_type" = Option<String>, Query, description = "human or agent; required by unseen"),
        ("viewer_id" = Option<String>, Query, description = "required by unseen"),
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("session_id" = Option<String>, Query),
        ("agent_name" = Option<String>, Query), ("state" = Option<String>, Query), ("priority" = Option<String>, Query),
        ("assignee" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("project_id" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
        ("min_pos" = Option<i64>, Query),
    ),
    responses(
        (status = 200, body = ThreadList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn queue(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<ThreadList>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    let queue = match query::text(given, "type").as_deref() {
        Some("unseen") => Queue::Unseen,
        Some("unanswered") => Queue::Unanswered,
        _ => return Err(Problem::parameter("type", "must be one of unseen, unanswered")),
    };
    let viewer = query::viewer(given)?;
    if queue == Queue::Unseen && viewer.is_none() {
        let missing = |name: &str| FieldError { pointer: name.to_owned(), detail: "is required by unseen".to_owned() };
        return Err(Problem::fields(vec![missing("viewer_type"), missing("viewer_id")]));
    }
    page(&ctx, &identity, queue, viewer).await.map(Json)
}

/// What a viewer has seen of a thread.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// `human` or `agent`.
    viewer_type: ViewerType,
    /// Who, 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    viewer_id: String,
    /// Position of the newest event they saw; 0 or none means the thread's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pos: Option<i64>,
}

/// The mark in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenMark {
    /// Position of the newest event that counts as seen.
    last_seen_pos: i64,
}

/// Marks a thread as seen by a viewer. The mark only grows.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/seen", tag = "forum", params(("thread_id" = String, Path)),
    request_body = Seen,
    responses(
        (status = 200, body = SeenMark), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
    )
)]
pub async fn seen(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(thread_id): Path<String>,
    body: Body,
) -> Answer<Json<SeenMark>> {
    identity.require(KeyScope::ForumWrite)?;
    let mut object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let claims = body::take_claims(&mut object)?;
    let seen: Seen = body::typed(object)?;
    let viewer_id = seen.viewer_id.trim().to_owned();
    if !(1..=128).contains(&viewer_id.chars().count()) || viewer_id.chars().any(char::is_control) {
        let error = FieldError::at("viewer_id", "must have 1 to 128 characters and no control characters");
        return Err(Problem::fields(vec![error]));
    }
    if seen.pos.is_some_and(|pos| pos < 0) {
        return Err(Problem::fields(vec![FieldError::at("pos", "must be a log position, 0 or more")]));
    }
    let unknown = || Problem::new(Code::NotFound, "no such thread");
    let named = identity.named_scope(&ctx, &claims).await?.map(|scope| scope.project_id);
    let key = &identity.caller.key;
    let (team_id, project) = (key.team_id.clone(), named.or_else(|| key.project_id.clone()));
    let (team, id) = (team_id.clone(), thread_id.clone());
    let found = ctx.store.read(move |reader| thread_views::find(reader, &team, project.as_deref(), &id, None)).await?;
    let scope = Scope { team_id, project_id: found.ok_or_else(unknown)?.project_id };
    let audit = identity.audit("threads.seen", &thread_id).insert();
    let mark = Mark { scope, thread_id: thread_id.clone(), viewer_type: seen.viewer_type, viewer_id, pos: seen.pos };
    let marked = marks::set(&ctx.store, identity.context(&ctx)?, mark, audit).await?;
    Ok(Json(SeenMark { last_seen_pos: marked.ok_or_else(unknown)? }))
}

/// How many threads there are of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadCounts {
    /// By project, ticket, run, state and priority.
    items: Vec<ThreadCount>,
}

/// Counts threads by ticket, run, state and priority.
#[utoipa::path(
    get, path = "/forum/stats", tag = "forum",
    params(
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("project_id" = Option<String>, Query),
        ("min_pos" = Option<i64>, Query),
    ),
    responses((status = 200, body = ThreadCounts), (status = 503, body = ProblemDocument))
)]
pub async fn stats(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<ThreadCounts>> {
    identity.require(KeyScope::ForumRead)?;
    query::min_pos(&ctx, &identity, thread_stats::PROJECTION.name).await?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let (ticket, run_id) = (query::text(&identity.query, "ticket"), query::text(&identity.query, "run_id"));
    let items = ctx
        .store
        .read(move |reader| thread_stats::list(reader, &team, project.as_deref(), ticket.as_deref(), run_id.as_deref()))
        .await?;
    Ok(Json(ThreadCounts { items }))
}
