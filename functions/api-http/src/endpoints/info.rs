//! `/info`: what runs here, and which of its boundaries are configured.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shared::ctx::Ctx;
use shared::function::lane;
use shared::generation::Provider;
use shared::store::overview::Overview;
use shared::store::{migrations, webhooks};
use shared::telemetry::{GIT_SHA, VERSION};
use shared::transport::Transport;
use shared::value::{JobKind, JobStatus, KeyScope};
use utoipa::ToSchema;

use super::health::look;
use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};

/// Why nothing is generated.
const NO_PROVIDER: &str = "generation.provider is none";

/// What runs here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Info {
    /// `agentforum`.
    runtime: &'static str,
    /// Version.
    version: &'static str,
    /// Commit it was built from.
    git_sha: &'static str,
    /// `local` or `keys`.
    auth_mode: &'static str,
    /// The key's project; absent for a key that spans a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    /// The database.
    storage: Storage,
    /// What is configured and whether it works.
    boundaries: Boundaries,
}

/// The database.
#[derive(Debug, Serialize, ToSchema)]
pub struct Storage {
    /// `libsql-local` or `libsql-remote`.
    engine: &'static str,
    /// `active`.
    status: &'static str,
    /// Number of the newest migration.
    schema_version: i64,
    /// `wal`.
    journal_mode: &'static str,
    /// What an acknowledged write survives: `full` means a power cut, `server` what the libSQL server promises.
    synchronous: &'static str,
    /// Identity of the database; renewed when a backup is restored.
    database_id: String,
}

/// One thing this process may reach beyond itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Boundary {
    /// `disabled`, `active` or `errored`.
    status: &'static str,
    /// Why it is not active.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    details: Option<Value>,
}

/// Everything this process may reach beyond itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Boundaries {
    /// The transport.
    queue_manager: Boundary,
    /// Generation of observations.
    generation_worker: Boundary,
    /// Providers of generation.
    provider_registry: Boundary,
    /// Live streams.
    event_broadcaster: Boundary,
    /// Notifications by command.
    notifier: Boundary,
    /// Probing of sessions.
    probing: Boundary,
    /// GitHub's deliveries.
    github_webhooks: Boundary,
}

impl Boundaries {
    /// What is configured now.
    pub async fn of(ctx: &Ctx) -> Self {
        let subscribers = ["ws", "sse"].map(|kind| ctx.metrics.live_subscribers.with_label_values(&[kind]).get());
        Self {
            queue_manager: queues(ctx).await,
            generation_worker: generation_worker(ctx),
            provider_registry: provider_registry(ctx),
            event_broadcaster: active(json!({ "websocket": subscribers[0], "sse": subscribers[1] })),
            notifier: if ctx.notifies() {
                active(json!({ "by": "command" }))
            } else {
                absent("notify.command is not set: notifications are stored, and nobody is told of them")
            },
            probing: if ctx.probes.is_empty() {
                absent("agents may run on other machines than this process; reports come by /api/v1/probe-passes")
            } else {
                active(json!({ "runtimes": ctx.probes.names() }))
            },
            github_webhooks: github_webhooks(ctx).await,
        }
    }
}

fn active(details: Value) -> Boundary {
    Boundary { status: "active", reason: None, details: Some(details) }
}

fn absent(reason: &str) -> Boundary {
    Boundary { status: "disabled", reason: Some(reason.to_owned()), details: None }
}

/// The transport, and what the rows that it rings for have still to come to.
async fn queues(ctx: &Ctx) -> Boundary {
    let mut details = serde_json::to_value(ctx.transport.describe()).unwrap_or_default();
    if let Ok(overview) = look(ctx).await {
        details["waiting"] = waiting_in(&overview);
        details["lanes"] = JobKind::EVERY.into_iter().map(|kind| lane_in(&overview, kind)).collect();
    }
    match ctx.transport.check().await {
        Ok(()) => active(details),
        Err(error) => Boundary { status: "errored", reason: Some(error.to_string()), details: Some(details) },
    }
}

/// The lanes that work: without a provider only those that ask none.
fn generation_worker(ctx: &Ctx) -> Boundary {
    let details = json!({ "lanes": lane::enabled(ctx) });
    if matches!(ctx.provider, Provider::None) {
        return Boundary { details: Some(details), ..absent(NO_PROVIDER) };
    }
    active(details)
}

/// Who makes observations, and where; never with what key.
fn provider_registry(ctx: &Ctx) -> Boundary {
    if matches!(ctx.provider, Provider::None) {
        return absent(NO_PROVIDER);
    }
    let mut details = json!({ "provider": ctx.provider.name() });
    if let Some(remote) = ctx.provider.remote() {
        details["model"] = ctx.config.generation.model.clone().into();
        details["url"] = remote.address().into();
    }
    active(details)
}

/// Deliveries are taken for projects with a secret of their own, or for all by the setting.
async fn github_webhooks(ctx: &Ctx) -> Boundary {
    let for_all = ctx.config.webhooks.github_secret.is_some();
    match ctx.store.read(webhooks::count).await {
        Ok(0) if !for_all => absent("no project has a secret, and webhooks.github_secret is not set"),
        Ok(own) => active(json!({ "projects_with_a_secret": own, "for_all_projects": for_all })),
        Err(error) => Boundary { status: "errored", reason: Some(error.to_string()), details: None },
    }
}

/// What waits, by where it waits: the rows that doorbells ring for, whatever the transport carries at the moment.
fn waiting_in(overview: &Overview) -> Value {
    let outbox = &overview.outbox;
    let commands: Map<String, Value> =
        overview.commands_by_name.iter().map(|(name, count)| (name.clone(), (*count).into())).collect();
    let behind = overview.checkpoints.iter().map(|it| (it.projection.clone(), (overview.head - it.pos).into()));
    json!({
        "outbox": {
            "pending": outbox.pending_count,
            "processing": outbox.processing_count,
            "failed": outbox.failed_count,
            "dead": outbox.dead_count,
        },
        "commands": commands,
        "projections": behind.collect::<Map<String, Value>>(),
    })
}

/// The jobs of a lane, whoever's they are.
fn lane_in(overview: &Overview, kind: JobKind) -> Value {
    let count = |status| jobs_of(overview, kind, status);
    json!({
        "kind": kind,
        "queued": count(JobStatus::Queued),
        "processing": count(JobStatus::Processing),
        "failed": count(JobStatus::Failed),
        "completed": count(JobStatus::Completed),
    })
}

/// How many jobs of a kind stand where.
pub(super) fn jobs_of(overview: &Overview, kind: JobKind, status: JobStatus) -> i64 {
    let counted = overview.jobs.iter().filter(|(lane, found, _)| (*lane, *found) == (kind, status));
    counted.map(|(_, _, count)| count).sum()
}

/// Says what runs here.
#[utoipa::path(
    get, path = "/info", tag = "operations",
    responses((status = 200, body = Info), (status = 401, body = ProblemDocument))
)]
pub async fn info(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<Info>> {
    identity.require(KeyScope::ForumRead)?;
    Ok(Json(Info {
        runtime: "agentforum",
        version: VERSION,
        git_sha: GIT_SHA,
        auth_mode: ctx.config.auth.mode.as_str(),
        project: identity.caller.default_project().map(str::to_owned),
        storage: Storage {
            engine: if ctx.store.is_local() { "libsql-local" } else { "libsql-remote" },
            status: if ctx.store.is_failing() { "errored" } else { "active" },
            schema_version: migrations::newest(),
            journal_mode: "wal",
            synchronous: if ctx.store.is_local() { "full" } else { "server" },
            database_id: ctx.store.database_id().to_owned(),
        },
        boundaries: Boundaries::of(&ctx).await,
    }))
}
