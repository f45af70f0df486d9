//! `/forum/threads`: list, open, detail.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::message::command::{OpenThread, thread_stream};
use shared::message::event::LogEvent;
use shared::store::threads::Post;
use shared::store::views::thread_views::{self, Place, Queue, ThreadView, Viewer};
use shared::store::{events, threads};
use shared::value::{KeyScope, Scope};
use utoipa::ToSchema;

use crate::accept::{ThreadAnswer, command};
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// A page of threads.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadList {
    /// Urgent first, then the newest event.
    pub items: Vec<ThreadView>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A thread with what was said and what happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadDetail {
    /// The thread.
    pub thread: ThreadView,
    /// The newest posts, oldest first.
    pub posts: Vec<Post>,
    /// The newest events, oldest first.
    pub events: Vec<LogEvent>,
    /// Whether older posts or events were left out.
    pub truncated: bool,
}

/// Lists threads: urgent first, then the newest event. Every filter given must match.
#[utoipa::path(
    get, path = "/forum/threads", tag = "forum",
    params(
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("session_id" = Option<String>, Query),
        ("agent_name" = Option<String>, Query), ("state" = Option<String>, Query), ("priority" = Option<String>, Query),
        ("assignee" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("viewer_type" = Option<String>, Query, description = "human or agent; with viewer_id it decides is_unseen"),
        ("viewer_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("min_pos" = Option<i64>, Query, description = "Wait until the view has reached this position"),
    ),
    responses(
        (status = 200, body = ThreadList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
        (status = 503, body = ProblemDocument, description = "projection_behind"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<ThreadList>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    page(&ctx, &identity, Queue::All, query::viewer(given)?).await.map(Json)
}

/// One page of a queue, as the query asks for it.
pub(super) async fn page(ctx: &Ctx, identity: &Identity, queue: Queue, viewer: Option<Viewer>) -> Answer<ThreadList> {
    let given = &identity.query;
    let filter = query::thread_filter(given)?;
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    // A cursor continues this very list: same tenant, same filters.
    let name = format!("threads {queue:?} {viewer:?} {team} {project:?} {filter:?}");
    let name = shared::id::fingerprint(&[name.as_bytes()]);
    let after = match given.get("cursor") {
        None => Place::START,
        Some(text) => {
            let (priority_rank, last_event_pos) = cursor::read_list(&ctx.store, &name, text)?;
            Place { priority_rank, last_event_pos }
        }
    };
    query::min_pos(ctx, identity, thread_views::PROJECTION.name).await?;
    let rows = ctx
        .store
        .read(move |reader| {
            let tenant = (team.as_str(), project.as_deref());
            thread_views::list(reader, tenant, queue, &filter, viewer.as_ref(), (after, limit + 1))
        })
        .await?;
    let more = rows.len() > limit as usize;
    let shown = &rows[..rows.len().min(limit as usize)];
    let next_cursor = shown
        .last()
        .filter(|_| more)
        .map(|(_, place)| cursor::list(&ctx.store, &name, (place.priority_rank, place.last_event_pos)));
    let items = rows.into_iter().take(limit as usize).map(|(view, _)| view).collect();
    Ok(ThreadList { items, next_cursor })
}

/// Opens a thread.
#[utoipa::path(
    post, path = "/forum/threads", tag = "forum",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
        ("Prefer" = Option<String>, Header, description = "respond-async answers 202 at once"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for the outcome, 0 to 30, default 5"),
    ),
    request_body = OpenThread,
    responses(
        (status = 201, body = ThreadAnswer),
        (status = 202, body = ThreadAnswer, description = "Accepted; Location says where to look"),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 403, body = ProblemDocument, description = "scope_denied, project_denied, actor_mismatch"),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
        (status = 503, body = ProblemDocument, description = "store_busy, store_full"),
    )
)]
pub async fn open(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    command::<OpenThread, ThreadAnswer>(&ctx, &identity, object, None, StatusCode::CREATED).await
}

/// Shows a thread: the view, its newest posts and events.
#[utoipa::path(
    get, path = "/forum/threads/{thread_id}", tag = "forum",
    params(
        ("thread_id" = String, Path), ("min_pos" = Option<i64>, Query),
        ("viewer_type" = Option<String>, Query), ("viewer_id" = Option<String>, Query),
    ),
    responses((status = 200, body = ThreadDetail), (status = 404, body = ProblemDocument))
)]
pub async fn show(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(thread_id): Path<String>,
) -> Answer<Json<ThreadDetail>> {
    identity.require(KeyScope::ForumRead)?;
    query::min_pos(&ctx, &identity, thread_views::PROJECTION.name).await?;
    let (team_id, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let viewer = query::viewer(&identity.query)?;
    let (posts_max, events_max) = (ctx.config.thread.posts, ctx.config.thread.events);
    let detail = ctx
        .store
        .read(move |reader| {
            let Some(thread) = thread_views::find(reader, &team_id, project.as_deref(), &thread_id, viewer.as_ref())?
            else {
                return Ok(None);
            };
            let scope = Scope { team_id, project_id: thread.project_id.clone() };
            let mut posts = threads::posts(reader, &scope, &thread_id, posts_max + 1)?;
            let mut events = events::read_stream(reader, &scope, &thread_stream(&thread_id), events_max + 1)?;
            let posts_cut = posts.len().saturating_sub(posts_max as usize);
            let events_cut = events.len().saturating_sub(events_max as usize);
            posts.drain(..posts_cut);
            events.drain(..events_cut);
            Ok(Some(ThreadDetail { thread, posts, events, truncated: posts_cut + events_cut > 0 }))
        })
        .await?;
    detail.map(Json).ok_or_else(|| Problem::new(Code::NotFound, "no such thread"))
}
