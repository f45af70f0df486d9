//! `/forum/debug`: what is on its way, for whoever looks for a message.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::ctx::Ctx;
use shared::store::outbox::{self, OutboxRow, OutboxStatistics};
use shared::transport::{QueueState, Transport};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};
use crate::query;

/// Most rows a client may ask for.
const LIMIT_MAX: u32 = 500;
const LIMIT: u32 = 50;

/// What is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Debug {
    /// Counts over the whole outbox.
    outbox: OutboxStatistics,
    /// The caller's newest outbox rows.
    rows: Vec<OutboxRow>,
    /// The transport's queues; empty when it does not answer.
    queues: Vec<QueueState>,
    /// What the transport is; no credentials.
    #[schema(value_type = Object)]
    transport: shared::transport::Description,
    /// Why its queues are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    transport_error: Option<String>,
}

/// Shows the outbox and the transport's queues.
#[utoipa::path(
    get, path = "/forum/debug", tag = "operations",
    params(("limit" = Option<u32>, Query, description = "Outbox rows, 1 to 500, default 50")),
    responses((status = 200, body = Debug), (status = 403, body = ProblemDocument))
)]
pub async fn debug(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<Debug>> {
    identity.require(KeyScope::Admin)?;
    let limit = query::limit(&identity.query, LIMIT, LIMIT_MAX)?;
    let (team, project, now) = (identity.caller.key.team_id.clone(), identity.readable_project()?, ctx.clock.now());
    let (outbox, rows) = ctx
        .store
        .read(move |reader| {
            Ok((outbox::statistics(reader, now)?, outbox::recent(reader, &team, project.as_deref(), limit)?))
        })
        .await?;
    let (queues, transport_error) = match ctx.transport.queues().await {
        Ok(queues) => (queues, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    Ok(Json(Debug { outbox, rows, queues, transport: ctx.transport.describe(), transport_error }))
}
