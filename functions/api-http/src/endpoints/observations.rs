//! `/observations` and `/reindex`: what is remembered, and building again what it is found by.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::job::JobPayload;
use shared::error::{Code, FieldError};
use shared::function::{lane, publish};
use shared::store::audit::AuditEntry;
use shared::store::jobs::NewJob;
use shared::store::observations::{self, ObservationView};
use shared::store::{Commit, Context, Durability, Origin, events, sessions};
use shared::value::{JobKind, KeyScope, Scope};
use utoipa::ToSchema;

use super::jobs::{self, JobView};
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// What is to be indexed again: one observation, those of one session, or (without either) those of the project.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reindex {
    /// One observation.
    observation_id: Option<String>,
    /// The observations of one session.
    session_id: Option<String>,
}

/// The job that indexes again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReindexAnswer {
    /// The job.
    job: JobView,
}

/// Shows an observation.
#[utoipa::path(
    get, path = "/observations/{observation_id}", tag = "memory", params(("observation_id" = String, Path)),
    responses((status = 200, body = ObservationView), (status = 404, body = ProblemDocument))
)]
pub async fn show(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(observation_id): Path<String>,
) -> Answer<Json<ObservationView>> {
    identity.require(KeyScope::MemoriesRead)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let found = ctx
        .store
        .read(move |reader| observations::find(reader, (team.as_str(), project.as_deref()), &observation_id))
        .await?;
    found.map(Json).ok_or_else(|| Problem::new(Code::NotFound, "no such observation"))
}

/// What a reindex is about.
#[derive(Debug)]
enum Source {
    Observation(String),
    Session(String),
    Project,
}

impl Source {
    fn of(wanted: Reindex) -> Answer<Self> {
        match (wanted.observation_id, wanted.session_id) {
            (None, None) => Ok(Self::Project),
            (Some(observation_id), None) => Ok(Self::Observation(observation_id)),
            (None, Some(session_id)) => Ok(Self::Session(session_id)),
            (Some(_), Some(_)) => {
                Err(Problem::fields(vec![FieldError::at("session_id", "does not go with observation_id")]))
            }
        }
    }

    /// What kind of source it is, its id, and what the job carries of it.
    fn parts(&self, scope: &Scope) -> (&'static str, String, JobPayload) {
        let of_scope = |id: &str| JobPayload { scope_id: Some(id.to_owned()), ..JobPayload::default() };
        match self {
            Self::Observation(id) => {
                let payload = JobPayload { observation_id: Some(id.clone()), ..JobPayload::default() };
                ("observation", id.clone(), payload)
            }
            Self::Session(id) => ("session", id.clone(), of_scope(id)),
            Self::Project => ("project", scope.project_id.clone(), of_scope(&scope.project_id)),
        }
    }

    /// The log's head as it is now; nothing if the source is not there.
    async fn head(self, ctx: &Ctx, scope: &Scope) -> Answer<i64> {
        let scope = scope.clone();
        let head = ctx
            .store
            .read(move |reader| {
                let is_there = match &self {
                    Self::Observation(id) => {
                        let place = (scope.team_id.as_str(), Some(scope.project_id.as_str()));
                        observations::find(reader, place, id)?.is_some()
                    }
                    Self::Session(id) => sessions::get(reader, &scope, id)?.is_some(),
                    Self::Project => true,
                };
                if is_there { events::head(reader).map(Some) } else { Ok(None) }
            })
            .await?;
        head.ok_or_else(|| Problem::new(Code::NotFound, "no such observation or session"))
    }
}

/// Builds index entries of observations again.
#[utoipa::path(
    post, path = "/reindex", tag = "memory", request_body = Reindex,
    responses(
        (status = 202, body = ReindexAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, project_required"),
        (status = 403, body = ProblemDocument, description = "scope_denied, project_denied"),
        (status = 404, body = ProblemDocument, description = "No such observation, or no such session"),
    )
)]
pub async fn reindex(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    let mut object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let claims = body::take_claims(&mut object)?;
    let source = Source::of(body::typed(object)?)?;
    let scope = identity.writable_scope(&ctx, &claims).await?;
    let context = Context { actor: identity.caller.actor(claims.actor)?, ..identity.context(&ctx)? };
    let (source_type, id, payload) = source.parts(&scope);
    let session_id = (source_type == "session").then(|| id.clone());
    // What was asked for twice without anything having happened between is one job.
    let source_id = format!("{id}@{}", source.head(&ctx, &scope).await?);
    let job = NewJob {
        scope: &scope,
        kind: JobKind::Reindex,
        source_type,
        source_id: &source_id,
        session_id,
        payload,
        enabled: lane::is_enabled(&ctx, JobKind::Reindex),
        origin: Origin {
            key_id: Some(&identity.caller.key.key_id),
            request_id: &identity.request_id,
            correlation_id: &context.correlation_id,
            causation_id: None,
            traceparent: identity.traceparent.as_deref(),
        },
    };
    let (job_id, queue) = (job.job_id(), job.insert());
    let audit = AuditEntry { project_id: Some(&scope.project_id), ..identity.audit("reindex", &job_id) };
    let commit = Commit::new(Durability::Full, context).then(queue).then(audit.insert());
    ctx.store.try_commit(commit).await?;
    publish::own(&ctx, crate::NAME).await;
    let row = jobs::find(&ctx, &identity, &job_id).await?;
    let job = JobView::of(&ctx, row, false)?;
    Ok((StatusCode::ACCEPTED, Json(ReindexAnswer { job })).into_response())
}
