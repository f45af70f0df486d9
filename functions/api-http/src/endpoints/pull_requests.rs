//! `/pull-requests`: what observers see of them, and what is stored.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::FieldError;
use shared::message::command::{Command, ObservePullRequest, pull_request_url};
use shared::store::pull_requests::{self, PrFilter, PullRequestView};
use shared::value::KeyScope;
use utoipa::ToSchema;

use crate::accept::{PullRequestAnswer, command};
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// A page of pull requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct PullRequestList {
    /// The newest first.
    pub items: Vec<PullRequestView>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Lists pull requests with the checks of their newest commit and their unresolved comments, the newest first. Every filter
/// given must match.
#[utoipa::path(
    get, path = "/pull-requests", tag = "sessions",
    params(
        ("session_id" = Option<String>, Query),
        ("state" = Option<String>, Query, description = "draft, open, merged or closed"),
        ("url" = Option<String>, Query, description = "Any variant of its address"),
        ("project_id" = Option<String>, Query, description = "Project, for a key that spans a team"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = PullRequestList),
        (status = 400, body = ProblemDocument, description = "invalid_request, invalid_cursor"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<PullRequestList>> {
    identity.require(KeyScope::ForumRead)?;
    let given = &identity.query;
    let url = query::text(given, "url")
        .map(|url| pull_request_url(&url).ok_or_else(|| Problem::parameter("url", "must be an http or https address")));
    let filter = PrFilter {
        session_id: query::text(given, "session_id"),
        state: query::word(given, "state")?,
        url: url.transpose()?,
    };
    let limit = query::limit(given, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[format!("pull-requests {team} {project:?} {filter:?}").as_bytes()]);
    let before = given.get("cursor").map_or(Ok(i64::MAX), |text| cursor::read_list(&ctx.store, &name, text))?;
    let (items, last) = ctx
        .store
        .read(move |reader| {
            let place = (team.as_str(), project.as_deref());
            let mut rows = pull_requests::list(reader, place, &filter, (before, limit + 1))?;
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let last = rows.last().filter(|_| more).map(|row| row.id);
            let views = rows.into_iter().map(|row| pull_requests::view(reader, &team, row));
            Ok((views.collect::<Result<Vec<_>, _>>()?, last))
        })
        .await?;
    Ok(Json(PullRequestList { items, next_cursor: last.map(|id| cursor::list(&ctx.store, &name, id)) }))
}

/// Stores one observation, wholly or not at all. One that could not be fetched writes nothing.
#[utoipa::path(
    post, path = "/pull-requests/observations", tag = "sessions",
    params(("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = ObservePullRequest,
    responses(
        (status = 200, body = PullRequestAnswer), (status = 202, body = PullRequestAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 404, body = ProblemDocument, description = "No such session"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn observe(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    identity.require(KeyScope::ForumWrite)?;
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    match object.get("fetched") {
        Some(fetched) if *fetched == false => return not_fetched(&ctx, &identity, object).await,
        Some(_) => {}
        None => return Err(Problem::fields(vec![FieldError::at("fetched", "is required")])),
    }
    command::<ObservePullRequest, PullRequestAnswer>(&ctx, &identity, object, None, StatusCode::OK).await
}

/// What could not be fetched is checked like any other, and leaves no trace.
async fn not_fetched(
    ctx: &Ctx,
    identity: &Identity,
    mut object: serde_json::Map<String, serde_json::Value>,
) -> Answer<Response> {
    let claims = body::take_claims(&mut object)?;
    identity.caller.actor(claims.actor.clone())?;
    identity.writable_scope(ctx, &claims).await?;
    body::typed::<ObservePullRequest>(object)?.normalise(ctx.clock.now()).map_err(Problem::fields)?;
    Ok(Json(PullRequestAnswer::ignored()).into_response())
}
