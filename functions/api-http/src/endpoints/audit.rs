//! `GET /audit`: who did what, and what was refused to whom; commands too.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::clock::Time;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::store::audit::{self, TrailEntry, TrailFilter, TrailPlace};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{cursor, query};

/// A page of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trail {
    /// The newest first.
    items: Vec<TrailEntry>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists the audit trail, the newest first: direct writes, refusals, what the system did by itself, and all commands.
/// Every filter given must match.
#[utoipa::path(
    get, path = "/audit", tag = "administration",
    params(
        ("actor" = Option<String>, Query, description = "A name, or type:name such as agent:ada"),
        ("action" = Option<String>, Query, description = "Such as open_thread, keys.create, or GET /api/v1/keys"),
        ("since" = Option<String>, Query, description = "Nothing older than this, RFC 3339"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = Trail),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 403, body = ProblemDocument, description = "scope_denied"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<Trail>> {
    identity.require(KeyScope::Admin)?;
    let given = &identity.query;
    let since = query::text(given, "since").map(|text| Time::parse(&text)).transpose();
    let since = since.map_err(|_| Problem::parameter("since", "must be a time such as 2026-01-31T12:00:00Z"))?;
    let filter = TrailFilter { actor: query::text(given, "actor"), action: query::text(given, "action"), since };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[format!("audit {team} {project:?} {filter:?}").as_bytes()]);
    let before =
        given.get("cursor").map_or(Ok(TrailPlace::NEWEST), |text| cursor::read_list(&ctx.store, &name, text))?;
    let (items, next) = ctx
        .store
        .read(move |reader| audit::list(reader, (&team, project.as_deref()), &filter, (before, limit)))
        .await?;
    Ok(Json(Trail { items, next_cursor: next.map(|place| cursor::list(&ctx.store, &name, place)) }))
}
