//! `/sessions`: list, start, show, report, end, restore.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::message::command::{EndSession, ReportActivity, ReportRuntime, StartSession};
use shared::store::pull_requests::{self, PrFilter, PullRequestView};
use shared::store::sessions::{self, SessionFilter, SessionRow, SessionView};
use shared::value::{KeyScope, SessionStatus};
use utoipa::ToSchema;

use crate::accept::{PathId, SessionAnswer, Unless, command, command_unless};
use crate::call::Call;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// Who may list sessions.
const READ: [KeyScope; 2] = [KeyScope::ForumRead, KeyScope::MemoriesRead];

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The newest first.
    pub items: Vec<SessionView>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Lists sessions with what they show, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions",
    params(
        ("status" = Option<String>, Query, description = "One status, or several with commas between them"),
        ("run_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = SessionList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<SessionList>> {
    identity.require_either(READ)?;
    let given = &identity.query;
    let statuses: Vec<SessionStatus> = query::words(given, "status")?;
    let filter = SessionFilter { run_id: query::text(given, "run_id"), statuses };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[format!("sessions {team} {project:?} {filter:?}").as_bytes()]);
    let before = given.get("cursor").map_or(Ok(i64::MAX), |text| cursor::read_list(&ctx.store, &name, text))?;
    let derived = (ctx.config.session.limits(), ctx.clock.now());
    let mut rows = ctx
        .store
        .read(move |reader| {
            sessions::list(reader, (team.as_str(), project.as_deref()), &filter, (before, limit + 1), derived)
        })
        .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::list(&ctx.store, &name, row.session.id));
    Ok(Json(SessionList { items: rows.into_iter().map(SessionView::from).collect(), next_cursor }))
}

/// Starts a session, or finds the one that its launcher knows under the same id.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions",
    params(("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = StartSession,
    responses(
        (status = 201, body = SessionAnswer), (status = 200, body = SessionAnswer, description = "It was known already"),
        (status = 202, body = SessionAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 404, body = ProblemDocument, description = "No such run, or no such session to restore"),
        (status = 409, body = ProblemDocument, description = "run_closed, illegal_transition"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn start(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    command::<StartSession, SessionAnswer>(&ctx, &identity, object, None, StatusCode::OK).await
}

/// Shows a session.
#[utoipa::path(
    get, path = "/sessions/{session_id}", tag = "sessions", params(("session_id" = String, Path)),
    responses((status = 200, body = SessionView), (status = 404, body = ProblemDocument))
)]
pub async fn show(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(session_id): Path<String>,
) -> Answer<Json<SessionView>> {
    identity.require(KeyScope::ForumRead)?;
    find(&ctx, &identity, session_id).await.map(|row| Json(row.into()))
}

/// The session, if the caller's key reaches it.
pub(super) async fn find(ctx: &Ctx, identity: &Identity, session_id: String) -> Answer<SessionRow> {
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let derived = (ctx.config.session.limits(), ctx.clock.now());
    let found = ctx
        .store
        .read(move |reader| sessions::find(reader, (team.as_str(), project.as_deref()), &session_id, derived))
        .await?;
    found.ok_or_else(|| Problem::new(Code::NotFound, "no such session"))
}

/// Shows the pull requests of a session, the newest first, at most 200.
#[utoipa::path(
    get, path = "/sessions/{session_id}/prs", tag = "sessions", params(("session_id" = String, Path)),
    responses((status = 200, body = super::pull_requests::PullRequestList), (status = 404, body = ProblemDocument))
)]
pub async fn prs(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(session_id): Path<String>,
) -> Answer<Json<super::pull_requests::PullRequestList>> {
    identity.require(KeyScope::ForumRead)?;
    let row = find(&ctx, &identity, session_id).await?;
    let filter = PrFilter { session_id: Some(row.session.session_id), ..PrFilter::default() };
    let scope = row.scope;
    let items = ctx
        .store
        .read(move |reader| {
            let place = (scope.team_id.as_str(), Some(scope.project_id.as_str()));
            let rows = pull_requests::list(reader, place, &filter, (i64::MAX, LIST_LIMIT_MAX))?;
            let views = rows.into_iter().map(|row| pull_requests::view(reader, &scope.team_id, row));
            views.collect::<Result<Vec<PullRequestView>, _>>()
        })
        .await?;
    Ok(Json(super::pull_requests::PullRequestList { items, next_cursor: None }))
}

/// Says what a session's agent does. What is known already is not recorded again within 5 s.
#[utoipa::path(
    post, path = "/sessions/{session_id}/activity", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = ReportActivity,
    responses(
        (status = 200, body = SessionAnswer), (status = 202, body = SessionAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn activity(call: Call) -> Answer<Response> {
    let (ctx, identity, id, object) = call.into_parts();
    let path = PathId::of_session("session_id", id);
    let since = ctx.clock.now().minus(ctx.config.activity.coalesce);
    let unless = move |scope: &_, report: &ReportActivity| {
        let activity = report.activity.filter(|_| report.is_bare())?;
        Some(Unless {
            guard: sessions::news(scope, report, activity, since),
            earlier: sessions::last_report,
            about: report.session_id.clone(),
        })
    };
    command_unless::<_, SessionAnswer>(&ctx, &identity, object, Some(path), StatusCode::OK, unless).await
}

/// Says what a probe of a session's runtime found.
#[utoipa::path(
    post, path = "/sessions/{session_id}/runtime", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = ReportRuntime,
    responses(
        (status = 200, body = SessionAnswer), (status = 202, body = SessionAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn runtime(call: Call) -> Answer<Response> {
    call.on_session::<ReportRuntime>("session_id").await
}

/// Ends a session; one that is over stays as it is.
#[utoipa::path(
    post, path = "/sessions/{session_id}/end", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = EndSession,
    responses(
        (status = 200, body = SessionAnswer), (status = 202, body = SessionAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn end(call: Call) -> Answer<Response> {
    call.on_session::<EndSession>("session_id").await
}

/// Why a session is killed.
#[derive(Debug, Serialize, ToSchema)]
pub struct KillSession {
    /// At most 2 000 characters.
    reason: Option<String>,
}

/// Kills a session: nobody is told, and killing it twice is harmless.
#[utoipa::path(
    post, path = "/sessions/{session_id}/kill", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = KillSession,
    responses(
        (status = 200, body = SessionAnswer), (status = 202, body = SessionAnswer), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn kill(call: Call) -> Answer<Response> {
    call.requiring(KeyScope::ForumWrite)?.with("outcome", "killed")?.on_session::<EndSession>("session_id").await
}

/// Opens a session again after it ended. What is given of its metadata replaces what is stored.
#[utoipa::path(
    post, path = "/sessions/{session_id}/restore", tag = "sessions",
    params(("session_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = StartSession,
    responses(
        (status = 200, body = SessionAnswer), (status = 202, body = SessionAnswer), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "illegal_transition, run_closed"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn restore(call: Call) -> Answer<Response> {
    call.requiring(KeyScope::ForumWrite)?.on_session::<StartSession>("restore_session_id").await
}
