//! `/projections`: how far each read model is, and building one again.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::function::routes::ROUTES;
use shared::function::{Trigger, replay};
use shared::store::replays::{self, Replay, Stage};
use shared::store::{Commit, CommitError, Durability, Guard, Statement, StoreError, events, projections};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// A projection and the generation that readers see.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectionView {
    /// Name.
    name: String,
    /// Which build of it readers see.
    generation: i64,
    /// Position of the last event it has applied.
    pos: i64,
    /// Position of the newest event.
    head: i64,
    /// Events it has not applied yet.
    lag: i64,
    /// `live`, or `stopped` at an event that it cannot apply.
    state: &'static str,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The generation that is being built, or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayView>,
}

/// How far a replay is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayView {
    /// The generation it builds.
    generation: i64,
    /// `building`, `verifying`, `stopped`, `failed`, or `cleaning` while a replaced one is removed.
    state: &'static str,
    /// Position of the last event it has applied.
    pos: i64,
    /// Whether it is compared with the live generation before it takes over.
    verify: bool,
    /// Events per second since it was begun or taken up again.
    rate: f64,
    /// Seconds until it reaches the head at that rate; absent while that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_seconds: Option<f64>,
    /// Why it failed: the event that cannot be applied, or the first difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What to do with a projection's replay; nothing given begins one, or takes a stopped one up again.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayOrder {
    /// Compare the new generation with the live one; switch only if they are equal.
    verify: bool,
    /// Stop the running replay where it stands.
    stop: bool,
}

/// Lists the projections with their lag and their replays.
#[utoipa::path(
    get, path = "/projections", tag = "operations",
    responses((status = 200, body = Vec<ProjectionView>), (status = 403, body = ProblemDocument))
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<Vec<ProjectionView>>> {
    identity.require(KeyScope::Admin)?;
    Ok(Json(look(&ctx).await?))
}

async fn look(ctx: &Ctx) -> Result<Vec<ProjectionView>, StoreError> {
    let now = ctx.clock.now();
    ctx.store
        .read(move |reader| {
            let (head, replays) = (events::head(reader)?, replays::all(reader)?);
            let view = |checkpoint: projections::Checkpoint| {
                let own = replays.iter().filter(|replay| replay.projection == checkpoint.projection);
                ProjectionView {
                    // What is being built says more than what is being removed.
                    replay: own.min_by_key(|replay| replay.stage != Stage::Building).map(|own| shown(own, head, now)),
                    name: checkpoint.projection,
                    generation: checkpoint.generation,
                    pos: checkpoint.pos,
                    head,
                    lag: head - checkpoint.pos,
                    state: if checkpoint.error.is_some() { "stopped" } else { "live" },
                    error: checkpoint.error,
                }
            };
            // Reactions stand where projections do, but have nothing that could be built again.
            let all = projections::all(reader)?.into_iter().filter(|checkpoint| is_projection(&checkpoint.projection));
            Ok(all.map(view).collect())
        })
        .await
}

fn is_projection(name: &str) -> bool {
    ROUTES.iter().any(|(_, trigger)| matches!(trigger, Trigger::Projection(known) if *known == name))
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn shown(replay: &Replay, head: i64, now: Time) -> ReplayView {
    let state = match (replay.stage, replay.stopped, &replay.error, &replay.verified) {
        (Stage::Retired, ..) => "cleaning",
        (_, true, Some(_), _) => "failed",
        (_, true, None, _) => "stopped",
        (_, false, _, Some(_)) => "verifying",
        (_, false, _, None) => "building",
    };
    let running = !replay.stopped && replay.stage == Stage::Building;
    let until = if running { now } else { replay.updated_at };
    let seconds = replay.started_at.map_or(0.0, |since| until.since(since).as_secs_f64());
    let rate = if seconds > 0.0 { (replay.pos - replay.started_pos) as f64 / seconds } else { 0.0 };
    ReplayView {
        generation: replay.generation,
        state,
        pos: replay.pos,
        verify: replay.verify,
        rate,
        eta_seconds: (running && rate > 0.0).then(|| (head - replay.pos) as f64 / rate),
        error: replay.error.clone(),
    }
}

/// Begins a replay, takes a stopped one up again, or stops the running one. It goes on by itself; the list shows how far.
#[utoipa::path(
    post, path = "/projections/{name}/replay", tag = "operations", params(("name" = String, Path)),
    request_body = ReplayOrder,
    responses(
        (status = 202, body = ProjectionView), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "replay_running"),
    )
)]
pub async fn replay(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(name): Path<String>,
    body: Body,
) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let order: ReplayOrder = body::typed(object)?;
    let unknown = || Problem::new(Code::NotFound, "no such projection");
    if !look(&ctx).await?.iter().any(|projection| projection.name == name) {
        return Err(unknown());
    }
    if order.stop {
        // Stopping what does not run has nothing to do.
        write(&ctx, &identity, "projections.stop_replay", &name, replays::stop(&name).to_vec()).await?;
    } else {
        // One that failed is given up; a new one begins unless one is there, and one that is stopped goes on.
        let mut begin = vec![replays::discard_failed(&name)];
        begin.extend(replays::start(&name, order.verify));
        let resume = replays::resume(&name, order.verify).to_vec();
        let started = write(&ctx, &identity, "projections.replay", &name, begin).await?
            || write(&ctx, &identity, "projections.resume_replay", &name, resume).await?;
        if !started {
            return Err(Problem::new(Code::ReplayRunning, "a replay of this projection runs already"));
        }
        if let Err(error) = replay::ring(&ctx, &name).await {
            tracing::warn!(%error, projection = %name, "the replay waits for the next reconciliation");
        }
    }
    let view = look(&ctx).await?.into_iter().find(|projection| projection.name == name).ok_or_else(unknown)?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

/// Whether the guarded change was made.
async fn write(
    ctx: &Ctx,
    identity: &Identity,
    action: &'static str,
    name: &str,
    statements: Vec<Statement>,
) -> Answer<bool> {
    let audit = identity.audit(action, name).insert();
    let commit = Commit::new(Durability::Full, identity.context(ctx)?).then_all(statements).then(audit);
    match ctx.store.try_commit(commit).await {
        Ok(_) => Ok(true),
        Err(CommitError::Guard(Guard::RowUnchanged)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
