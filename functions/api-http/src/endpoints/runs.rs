//! `/runs`: list, start, show, move, close, and the one typed snapshot.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::domain::run::health::HealthLimits;
use shared::error::Code;
use shared::message::command::{ChangeRunState, CloseRun, StartRun};
use shared::store::views::run_snapshots::{self, AgentLimits, RunFilter, RunView, Snapshot, Wanted};
use shared::value::{KeyScope, RunState, Scope, Word};
use utoipa::ToSchema;

use crate::accept::{RunAnswer, command};
use crate::call::Call;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunList {
    /// The newest first.
    pub items: Vec<RunView>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Lists runs, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/runs", tag = "runs",
    params(
        ("state" = Option<String>, Query, description = "One state, or several with commas between them"),
        ("ticket" = Option<String>, Query, description = "One of the run's tickets"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("min_pos" = Option<i64>, Query, description = "Wait until the view has reached this position"),
    ),
    responses(
        (status = 200, body = RunList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<RunList>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    let states = query::text(given, "state").unwrap_or_default();
    let states =
        states.split(',').filter(|state| !state.trim().is_empty()).map(RunState::parse).collect::<Result<_, _>>();
    let states = states.map_err(|error| Problem::parameter("state", error.to_string()))?;
    let filter = RunFilter { states, ticket: query::text(given, "ticket") };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    // A cursor continues this very list: same tenant, same filters.
    let name = shared::id::fingerprint(&[format!("runs {team} {project:?} {filter:?}").as_bytes()]);
    let before = match given.get("cursor") {
        None => i64::MAX,
        Some(text) => cursor::read_list(&ctx.store, &name, text)?,
    };
    query::min_pos(&ctx, &identity, run_snapshots::PROJECTION.name).await?;
    let runs = ctx
        .store
        .read(move |reader| {
            run_snapshots::list(reader, (team.as_str(), project.as_deref()), &filter, (before, limit + 1))
        })
        .await?;
    let more = runs.len() > limit as usize;
    let last = runs.iter().take(limit as usize).next_back().filter(|_| more);
    let next_cursor = last.map(|(_, started)| cursor::list(&ctx.store, &name, *started));
    let items = runs.into_iter().take(limit as usize).map(|(run, _)| run).collect();
    Ok(Json(RunList { items, next_cursor }))
}

/// Starts a run.
#[utoipa::path(
    post, path = "/runs", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = StartRun,
    responses(
        (status = 201, body = RunAnswer), (status = 202, body = RunAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn start(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    command::<StartRun, RunAnswer>(&ctx, &identity, object, None, StatusCode::CREATED).await
}

/// Shows a run.
#[utoipa::path(
    get, path = "/runs/{run_id}", tag = "runs",
    params(("run_id" = String, Path), ("min_pos" = Option<i64>, Query)),
    responses((status = 200, body = RunView), (status = 404, body = ProblemDocument))
)]
pub async fn show(State(ctx): State<Ctx>, identity: Identity, Path(run_id): Path<String>) -> Answer<Json<RunView>> {
    query::min_pos(&ctx, &identity, run_snapshots::PROJECTION.name).await?;
    find(&ctx, &identity, run_id).await.map(Json)
}

/// Shows a run as one typed document: what it waits for and what that costs, what its agents do and whether they live, its
/// gates, and what to do next.
#[utoipa::path(
    get, path = "/runs/{run_id}/snapshot", tag = "runs",
    params(
        ("run_id" = String, Path), ("min_pos" = Option<i64>, Query),
        ("viewer_type" = Option<String>, Query, description = "human or agent; with viewer_id it decides what is unseen"),
        ("viewer_id" = Option<String>, Query),
    ),
    responses((status = 200, body = Snapshot), (status = 404, body = ProblemDocument))
)]
pub async fn snapshot(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(run_id): Path<String>,
) -> Answer<Json<Snapshot>> {
    query::min_pos(&ctx, &identity, run_snapshots::PROJECTION.name).await?;
    let run = find(&ctx, &identity, run_id).await?;
    look(&ctx, &identity, run).await.map(Json)
}

/// The run, if the caller may see it.
pub(super) async fn find(ctx: &Ctx, identity: &Identity, run_id: String) -> Answer<RunView> {
    identity.require(KeyScope::ForumRead)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let run = ctx.store.read(move |reader| run_snapshots::find(reader, &team, project.as_deref(), &run_id)).await?;
    run.ok_or_else(|| Problem::new(Code::NotFound, "no such run"))
}

/// The snapshot of a run that was found.
pub(super) async fn look(ctx: &Ctx, identity: &Identity, run: RunView) -> Answer<Snapshot> {
    let now = ctx.clock.now();
    let viewer = query::viewer(&identity.query)?;
    let health = &ctx.config.health;
    let limits = AgentLimits {
        status: ctx.config.session.limits(),
        health: HealthLimits { idle: health.idle, stalled: health.stalled, progress: health.progress },
        reactions: ctx.config.reactions.limits(),
    };
    let wanted = Wanted { viewer, now, untouched: now.minus(ctx.config.escalation.sla), limits };
    let scope = Scope { team_id: identity.caller.key.team_id.clone(), project_id: run.project_id };
    let run_id = run.run_id;
    let snapshot = ctx.store.read(move |reader| run_snapshots::snapshot(reader, &scope, &run_id, &wanted)).await?;
    snapshot.ok_or_else(|| Problem::new(Code::NotFound, "no such run"))
}

/// Moves a run to another state.
#[utoipa::path(
    post, path = "/runs/{run_id}/state", tag = "runs",
    params(("run_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = ChangeRunState,
    responses(
        (status = 200, body = RunAnswer), (status = 202, body = RunAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "illegal_transition"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn state(call: Call) -> Answer<Response> {
    call.on_run::<ChangeRunState>().await
}

/// Closes a run and its control threads, for good, if every gate is open.
#[utoipa::path(
    post, path = "/runs/{run_id}/close", tag = "runs",
    params(("run_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = CloseRun,
    responses(
        (status = 200, body = RunAnswer), (status = 202, body = RunAnswer), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "illegal_transition"),
        (status = 422, body = ProblemDocument, description = "gate_not_met with gates[], idempotency_key_reused"),
    )
)]
pub async fn close(call: Call) -> Answer<Response> {
    call.on_run::<CloseRun>().await
}
