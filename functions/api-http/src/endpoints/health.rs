//! `/healthz`, `/readyz`, `/health`: is it alive, has it caught up, does everything answer.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::function::lane;
use shared::store::outbox::OutboxStatistics;
use shared::store::overview::{self, Overview};
use shared::store::reconcile::Reconciled;
use shared::transport::Transport;
use shared::worker::WorkerState;
use utoipa::ToSchema;

use super::info::Boundaries;

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alive {
    /// `ok`.
    status: &'static str,
    /// `agentforum`.
    runtime: &'static str,
}

/// Answers while the process runs, degraded or not.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses((status = 200, body = Alive)))]
pub async fn alive() -> Json<Alive> {
    Json(Alive { status: "ok", runtime: "agentforum" })
}

/// Whether the process has caught up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether every check holds.
    ready: bool,
    /// Each check.
    checks: Vec<Check>,
    /// What the latest reconciliation pass rang again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconciled: Option<Reconciled>,
}

/// One condition of readiness.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// What is checked.
    name: String,
    /// Whether it holds.
    ok: bool,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// 200 once reconciliation ran and every lag was 0; 503 with the failing check before, and while a projection is stopped. A
/// deployed function is ready when the database answers and no projection is stopped.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness))
)]
pub async fn ready(State(ctx): State<Ctx>) -> (StatusCode, Json<Readiness>) {
    let reconciled = ctx.readiness.latest_pass();
    let mut checks = Vec::new();
    // Of a deployment another function reconciles, and requests are served whatever still waits.
    let catches_up = !ctx.is_deployed();
    if catches_up {
        checks.push(Check { name: "reconciliation".to_owned(), ok: reconciled.is_some(), detail: None });
    }
    match look(&ctx).await {
        Ok(overview) => {
            let lags = format!(
                "{} commands, {} outbox rows",
                overview.commands_pending,
                overview.outbox.pending_count + overview.outbox.processing_count + overview.outbox.failed_count
            );
            if catches_up {
                let caught_up = reconciled.is_some() && ctx.readiness.caught_up(&overview);
                checks.push(Check {
                    name: "caught_up".to_owned(),
                    ok: caught_up,
                    detail: (!caught_up).then_some(lags),
                });
            }
            checks.extend(overview.checkpoints.into_iter().map(|checkpoint| Check {
                name: format!("projection {}", checkpoint.projection),
                ok: checkpoint.error.is_none(),
                detail: checkpoint.error,
            }));
        }
        Err(error) => checks.push(Check { name: "store".to_owned(), ok: false, detail: Some(error.to_string()) }),
    }
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks, reconciled }))
}

/// Counts over the database at this moment.
pub(super) async fn look(ctx: &Ctx) -> Result<Overview, shared::store::StoreError> {
    let now = ctx.clock.now();
    let lanes = lane::enabled(ctx);
    ctx.store.read(move |reader| overview::read(reader, now, &lanes)).await
}

/// How everything is doing (SPEC HEALTH-1).
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `degraded`.
    status: &'static str,
    /// `agentforum`.
    runtime: &'static str,
    /// When the process started, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    /// The server's time, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    now: Time,
    /// The drainer.
    worker: WorkerState,
    /// The outbox.
    outbox: OutboxHealth,
    /// The transport.
    forum_bus: BusHealth,
    /// What is configured and whether it works.
    boundaries: Boundaries,
}

/// The outbox's counts, or why they could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxHealth {
    /// Counts.
    #[serde(flatten)]
    statistics: OutboxStatistics,
    /// Why the counts could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Whether the transport answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct BusHealth {
    /// Whether it does.
    healthy: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// 200 `ok`, or 503 `degraded` with the same body.
#[utoipa::path(
    get, path = "/health", tag = "operations", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
pub async fn health(State(ctx): State<Ctx>) -> (StatusCode, Json<Health>) {
    let now = ctx.clock.now();
    let statistics = ctx.store.read(move |reader| shared::store::outbox::statistics(reader, now)).await;
    let bus = ctx.transport.check().await;
    let writing = !ctx.store.is_failing();
    let healthy = statistics.is_ok() && bus.is_ok() && writing;
    let (statistics, error) = match statistics {
        Ok(statistics) => (statistics, None),
        Err(error) => (OutboxStatistics::default(), Some(error.to_string())),
    };
    let worker = ctx.worker.state();
    let body = Health {
        status: if healthy { "ok" } else { "degraded" },
        runtime: "agentforum",
        started_at: worker.started_at,
        now,
        worker,
        outbox: OutboxHealth { statistics, error },
        forum_bus: BusHealth { healthy: bus.is_ok(), error: bus.err().map(|error| error.to_string()) },
        boundaries: Boundaries::of(&ctx).await,
    };
    (if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
