//! `/notifications`: what people are told. Reading one says that somebody saw it; it is resolved by the facts alone.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::store::notifications::{self, Notification, NotificationFilter};
use shared::store::{Commit, Durability};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{cursor, query};

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationList {
    /// The newest first.
    items: Vec<Notification>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists notifications, the newest first. Every filter given must match.
#[utoipa::path(
    get, path = "/notifications", tag = "sessions",
    params(
        ("read" = Option<bool>, Query, description = "Read, or not"),
        ("resolved" = Option<bool>, Query, description = "Resolved, or not"),
        ("kind" = Option<String>, Query), ("run_id" = Option<String>, Query), ("session_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = NotificationList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<NotificationList>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    let filter = NotificationFilter {
        read: query::flag(given, "read")?,
        resolved: query::flag(given, "resolved")?,
        kind: query::word(given, "kind")?,
        run_id: query::text(given, "run_id"),
        session_id: query::text(given, "session_id"),
    };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[format!("notifications {team} {project:?} {filter:?}").as_bytes()]);
    let before = given.get("cursor").map_or(Ok(i64::MAX), |text| cursor::read_list(&ctx.store, &name, text))?;
    let mut items = ctx
        .store
        .read(move |reader| {
            notifications::list(reader, (team.as_str(), project.as_deref()), &filter, (before, limit + 1))
        })
        .await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor::list(&ctx.store, &name, last.id));
    Ok(Json(NotificationList { items, next_cursor }))
}

/// Says that somebody has read a notification. Who read it first stays.
#[utoipa::path(
    post, path = "/notifications/{notification_id}/read", tag = "sessions",
    params(("notification_id" = String, Path)),
    responses((status = 200, body = Notification), (status = 404, body = ProblemDocument))
)]
pub async fn read(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(notification_id): Path<String>,
) -> Answer<Json<Notification>> {
    identity.require(KeyScope::ForumWrite)?;
    let (scope, _) = find(&ctx, &identity, &notification_id).await?;
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then(notifications::mark_read(&scope, &notification_id))
        .then(identity.audit("notification.read", &notification_id).insert());
    ctx.store.try_commit(commit).await?;
    find(&ctx, &identity, &notification_id).await.map(|(_, notification)| Json(notification))
}

async fn find(ctx: &Ctx, identity: &Identity, notification_id: &str) -> Answer<(shared::value::Scope, Notification)> {
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let id = notification_id.to_owned();
    let found =
        ctx.store.read(move |reader| notifications::find(reader, (team.as_str(), project.as_deref()), &id)).await?;
    found.ok_or_else(|| Problem::new(Code::NotFound, "no such notification"))
}
