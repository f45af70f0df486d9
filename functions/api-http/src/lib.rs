//! The JSON API: accepts commands, serves reads and the live stream, describes itself, and says how it is doing.
//!
//! Wakes on: HTTP
//! Reads: view_*, threads, posts, runs, control_threads, guidance_requests, operator_states, sessions, pull_requests, pr_checks, pr_comments, reactions, notifications, agent_events, jobs, job_counts, lane_pauses, observations, pull_request_documents, projects, webhook_secrets, events, commands, outbox, api_keys, audit
//! Writes: commands, operator_states, sessions, notifications, jobs, lane_pauses, projects, webhook_secrets, api_keys, login_tokens, audit
//! Emits: forum.commands.*, forum.jobs.*, job.queued, job.cancelled

mod accept;
mod body;
mod call;
pub mod cursor;
mod edge;
mod endpoints;
mod github;
pub mod identity;
mod openapi;
pub mod problem;
pub mod query;

use axum::routing::get;
use axum::{Router, middleware};
use shared::ctx::Ctx;

pub use openapi::document;

/// The function's name.
pub const NAME: &str = "api-http";

/// Every route of the API, without the outermost layer: further routes may join first.
pub fn routes() -> Router<Ctx> {
    let (routes, _) = openapi::described();
    routes.route("/", get(endpoints::docs::no_pages))
}

/// Closes a set of routes: problem documents for everything refused, request ids, metrics.
pub fn finish(routes: Router<Ctx>, ctx: &Ctx) -> Router {
    routes.layer(middleware::from_fn_with_state(ctx.clone(), edge::layer)).with_state(ctx.clone())
}

/// The whole API.
pub fn router(ctx: &Ctx) -> Router {
    finish(routes(), ctx)
}
