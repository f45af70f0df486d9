//! `/metrics`: Prometheus text. Gauges over the database are read at the moment of the scrape.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::store::controls;
use shared::store::replays::{self, Stage};
use shared::transport::Transport;
use shared::value::{JobKind, JobStatus, KeyScope, Word};

use super::health::look;
use super::info::jobs_of;
use crate::identity::caller;
use crate::problem::{Answer, Problem};

/// Whether the server listens on loopback only, where metrics need no key.
fn open(ctx: &Ctx) -> bool {
    ctx.config.addr.ip().is_loopback()
}

/// Shows every metric. Without a key only where the server listens on loopback.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", security((), ("key" = [])),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub async fn metrics(State(ctx): State<Ctx>, request: Request) -> Answer<Response> {
    if !open(&ctx) {
        let caller = caller(&ctx, request.headers(), request.extensions()).await?;
        caller.require(KeyScope::Admin)?;
    }
    refresh(&ctx).await?;
    let text = ctx.metrics.render().map_err(|error| {
        tracing::error!(%error, "metrics could not be rendered");
        Problem::new(Code::InternalError, "metrics could not be rendered")
    })?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

async fn refresh(ctx: &Ctx) -> Answer<()> {
    let overview = look(ctx).await?;
    let now = ctx.clock.now();
    let metrics = &ctx.metrics;
    let seconds = |since: Option<shared::clock::Time>| {
        since.map_or(0, |since| i64::try_from(now.since(since).as_secs()).unwrap_or(i64::MAX))
    };
    let transport = ctx.config.transport.as_str();
    let up = ctx.transport.check().await.is_ok();
    metrics.transport_up.with_label_values(&[transport]).set(i64::from(up));
    metrics.writer_queue_depth.set(i64::try_from(ctx.store.queue_depth()).unwrap_or(i64::MAX));
    metrics.commands_pending.set(overview.commands_pending);
    metrics.command_lag_seconds.set(seconds(overview.oldest_command_at));
    metrics.log_head_position.set(overview.head);
    metrics.guidance_pending.set(ctx.store.read(controls::waiting).await?);
    for (status, count) in [
        ("pending", overview.outbox.pending_count),
        ("processing", overview.outbox.processing_count),
        ("failed", overview.outbox.failed_count),
        ("dead", overview.outbox.dead_count),
    ] {
        metrics.outbox_rows.with_label_values(&[status]).set(count);
    }
    metrics.outbox_oldest_pending_age_seconds.set(overview.outbox.oldest_pending_age_seconds);
    for source in ["outbox", "command", "delivery", "projection", "job"] {
        let count = overview.dead_letters.iter().find(|(found, _)| found == source).map_or(0, |(_, count)| *count);
        metrics.dead_letters.with_label_values(&[source]).set(count);
    }
    for kind in JobKind::EVERY {
        for (name, status) in JobStatus::ALL {
            let count = jobs_of(&overview, kind, *status);
            metrics.jobs.with_label_values(&[kind.as_str(), *name]).set(count);
        }
    }
    for checkpoint in &overview.checkpoints {
        let lag = overview.head - checkpoint.pos;
        metrics.projection_lag_events.with_label_values(&[&checkpoint.projection]).set(lag);
        let next = checkpoint.pos;
        let oldest = ctx.store.read(move |reader| shared::store::events::read_all(reader, next, 1)).await?;
        let age = seconds(oldest.first().map(|event| event.recorded_at));
        metrics.projection_lag_seconds.with_label_values(&[&checkpoint.projection]).set(age);
    }
    metrics.replay_progress_ratio.reset();
    for replay in ctx.store.read(replays::all).await?.iter().filter(|replay| replay.stage == Stage::Building) {
        let ratio = replay_ratio(replay.pos, overview.head);
        metrics.replay_progress_ratio.with_label_values(&[&replay.projection]).set(ratio);
    }
    let size = |path: &std::path::Path| {
        i64::try_from(std::fs::metadata(path).map_or(0, |file| file.len())).unwrap_or(i64::MAX)
    };
    if let Some(path) = ctx.store.path() {
        metrics.db_size_bytes.set(size(path));
        metrics.db_wal_bytes.set(size(std::path::Path::new(&format!("{}-wal", path.display()))));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn replay_ratio(pos: i64, head: i64) -> f64 {
    if head == 0 { 1.0 } else { pos as f64 / head as f64 }
}
