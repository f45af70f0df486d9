//! `/agent-events`: what agents say that they did, one by one or in batches.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::message::command::{IngestAgentEvents, NewAgentEvent};
use shared::store::agent_events::{self, AgentEventView};
use shared::store::observations::{self, ObservationView};
use shared::value::{KeyScope, Scope};
use utoipa::ToSchema;

use crate::accept::{BatchAnswer, EventAnswer, claimed};
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, query};

/// Agent events that belong together.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentEventBatch {
    /// 1 to 500 of them. Each may name the `team_id` and `project_id` of the request, and no other.
    #[schema(min_items = 1, max_items = 500)]
    events: Vec<NewAgentEvent>,
}

/// What was made of an agent event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObservationList {
    /// The oldest first, at most 200.
    items: Vec<ObservationView>,
}

/// Stores what an agent did, and has observations made of it. One that was sent before is answered as it was stored.
#[utoipa::path(
    post, path = "/agent-events", tag = "memory",
    params(
        ("Idempotency-Key" = Option<String>, Header),
        ("generate" = Option<bool>, Query, description = "Whether observations are made of it, default true"),
        ("wait" = Option<bool>, Query, description = "Whether to wait for those, at most 30 s; default false"),
    ),
    request_body = NewAgentEvent,
    responses(
        (status = 201, body = EventAnswer), (status = 200, body = EventAnswer, description = "It was known already"),
        (status = 202, body = EventAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument, description = "No such session"),
        (status = 413, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn ingest(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    let mut event = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let claims = body::take_claims(&mut event)?;
    let mut object = Map::new();
    object.insert("events".to_owned(), Value::Array(vec![Value::Object(event)]));
    object.insert("alone".to_owned(), true.into());
    object.insert("generate".to_owned(), generates(&identity)?.into());
    let answer = claimed::<IngestAgentEvents, EventAnswer>(&ctx, &identity, claims, object, StatusCode::OK).await;
    answer.map_err(of_one)
}

/// Stores what agents did, all of it or nothing, and has observations made of what is new.
#[utoipa::path(
    post, path = "/agent-events/batch", tag = "memory",
    params(
        ("Idempotency-Key" = Option<String>, Header),
        ("generate" = Option<bool>, Query, description = "Whether observations are made of them, default true"),
        ("wait" = Option<bool>, Query, description = "Whether to wait for those, at most 30 s; default false"),
    ),
    request_body = AgentEventBatch,
    responses(
        (status = 201, body = BatchAnswer),
        (status = 200, body = BatchAnswer, description = "All of them were known already"),
        (status = 202, body = BatchAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 403, body = ProblemDocument, description = "project_denied"),
        (status = 404, body = ProblemDocument, description = "No such session"),
        (status = 413, body = ProblemDocument),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn ingest_batch(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    identity.require(KeyScope::MemoriesWrite)?;
    let mut object = body::object(&identity.headers, body, ctx.config.body.batch).await?;
    let claims = body::take_claims(&mut object)?;
    let scope = identity.writable_scope(&ctx, &claims).await?;
    take_claims_of_events(&mut object, &scope)?;
    let max = ctx.config.ingest.batch_max;
    let count = object.get("events").and_then(Value::as_array).map_or(0, Vec::len);
    if count > max {
        let error = FieldError::at("events", format!("must have 1 to {max} entries, has {count}"));
        return Err(Problem::fields(vec![error]));
    }
    let generate = generates(&identity)?;
    for field in ["generate", "alone", "sessions"] {
        if object.contains_key(field) {
            return Err(Problem::fields(vec![FieldError::at(field, "is no field of a batch")]));
        }
    }
    object.insert("generate".to_owned(), generate.into());
    claimed::<IngestAgentEvents, BatchAnswer>(&ctx, &identity, claims, object, StatusCode::OK).await
}

/// Whether observations are to be made.
fn generates(identity: &Identity) -> Answer<bool> {
    Ok(query::flag(&identity.query, "generate")?.unwrap_or(true))
}

/// An event that came alone stands at the top of its body.
fn of_one(problem: Problem) -> Problem {
    if problem.errors.is_empty() {
        return problem;
    }
    let within = |error: FieldError| match error.pointer.strip_prefix("/events/0") {
        Some(pointer) => FieldError { pointer: pointer.to_owned(), ..error },
        None => error,
    };
    Problem::fields(problem.errors.into_iter().map(within).collect())
}

/// Takes from the events of a batch what they say about their tenant; all of them are this one's, or none is stored.
fn take_claims_of_events(object: &mut Map<String, Value>, scope: &Scope) -> Answer<()> {
    let Some(Value::Array(events)) = object.get_mut("events") else { return Ok(()) };
    let events = events.iter_mut().enumerate().filter_map(|(index, event)| Some((index, event.as_object_mut()?)));
    for (index, event) in events {
        for (field, own) in [("team_id", &scope.team_id), ("project_id", &scope.project_id)] {
            match event.remove(field) {
                None | Some(Value::Null) => {}
                Some(Value::String(named)) if named.trim() == own => {}
                Some(Value::String(_)) => {
                    let detail = format!("event {index} belongs to another team or project than the request");
                    return Err(Problem::new(Code::ProjectDenied, detail));
                }
                Some(_) => {
                    let error = FieldError::at(&format!("events/{index}/{field}"), "must be a text");
                    return Err(Problem::fields(vec![error]));
                }
            }
        }
    }
    Ok(())
}

/// Shows an agent event with its payload.
#[utoipa::path(
    get, path = "/agent-events/{agent_event_id}", tag = "memory", params(("agent_event_id" = String, Path)),
    responses((status = 200, body = AgentEventView), (status = 404, body = ProblemDocument))
)]
pub async fn show(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(agent_event_id): Path<String>,
) -> Answer<Json<AgentEventView>> {
    find(&ctx, &identity, agent_event_id).await.map(Json)
}

/// Shows what was made of an agent event.
#[utoipa::path(
    get, path = "/agent-events/{agent_event_id}/observations", tag = "memory",
    params(("agent_event_id" = String, Path)),
    responses((status = 200, body = ObservationList), (status = 404, body = ProblemDocument))
)]
pub async fn observations(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(agent_event_id): Path<String>,
) -> Answer<Json<ObservationList>> {
    let AgentEventView { team_id, project_id, agent_event_id, .. } = find(&ctx, &identity, agent_event_id).await?;
    let scope = Scope { team_id, project_id };
    let items =
        ctx.store.read(move |reader| observations::of_event(reader, &scope, &agent_event_id, LIST_LIMIT_MAX)).await?;
    Ok(Json(ObservationList { items }))
}

/// The event, if the caller's key reaches it.
async fn find(ctx: &Ctx, identity: &Identity, agent_event_id: String) -> Answer<AgentEventView> {
    identity.require(KeyScope::MemoriesRead)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let found = ctx
        .store
        .read(move |reader| agent_events::find(reader, (team.as_str(), project.as_deref()), &agent_event_id))
        .await?;
    found.ok_or_else(|| Problem::new(Code::NotFound, "no such agent event"))
}
