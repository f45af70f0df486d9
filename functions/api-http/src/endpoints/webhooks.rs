//! `POST /webhooks/github/{project_id}`: what GitHub delivers, signed with the project's secret; and making that secret.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::id::hex;
use shared::store::audit::AuditEntry;
use shared::store::{Commit, Durability, webhooks};
use shared::value::{KeyScope, Scope, Word};
use utoipa::ToSchema;

use crate::body;
use crate::github::recording::{Recorded, record};
use crate::github::{self, Sighting, signature};
use crate::identity::Identity;
use crate::problem::{Answer, Problem, ProblemDocument};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryResult {
    /// Its commands are stored.
    Recorded,
    /// They were stored when it came before.
    Repeated,
    /// It says nothing of a pull request.
    Ignored,
    /// It is about pull requests that no session owns.
    Unmatched,
}

impl Word for DeliveryResult {
    const NAME: &'static str = "result";
    const ALL: &'static [(&'static str, Self)] = &[
        ("recorded", Self::Recorded),
        ("repeated", Self::Repeated),
        ("ignored", Self::Ignored),
        ("unmatched", Self::Unmatched),
    ];
}

/// The answer to a delivery. It does not wait for what its commands come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivered {
    /// Commands stored.
    recorded: usize,
    /// What became of it.
    result: DeliveryResult,
}

/// A project's new secret, which is never shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeSecret {
    /// Project.
    project_id: String,
    /// 64 hexadecimal digits.
    secret: String,
    /// Where GitHub is to deliver, to be appended to the server's address, which only the caller knows as GitHub sees it.
    path: String,
}

/// Takes a delivery of GitHub. It is answered once its commands are stored, before they are carried out.
#[utoipa::path(
    post, path = "/webhooks/github/{project_id}", tag = "sessions", security(()),
    params(
        ("project_id" = String, Path),
        ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC of the body with the secret, in hex"),
        ("X-GitHub-Event" = String, Header),
        ("X-GitHub-Delivery" = String, Header, description = "1 to 128 visible ASCII characters; a repeated one is recorded once"),
    ),
    request_body(content = Object, description = "GitHub's payload", content_type = "application/json"),
    responses(
        (status = 202, body = Delivered),
        (status = 400, body = ProblemDocument, description = "invalid_request"),
        (status = 401, body = ProblemDocument, description = "The signature is missing or wrong"),
        (status = 404, body = ProblemDocument, description = "No such project, or no secret to check a signature with"),
        (status = 413, body = ProblemDocument, description = "payload_too_large"),
        (status = 415, body = ProblemDocument, description = "unsupported_media_type"),
    )
)]
pub async fn github(
    State(ctx): State<Ctx>,
    Path(project_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let event = github::label(text_of(&headers, "x-github-event").unwrap_or_default());
    let count = |result| ctx.metrics.webhooks_total.with_label_values(&[event, result]);
    let (scope, secret) = secret_of(&ctx, project_id).await?;
    let taken = match sightings_of(&ctx, &secret, &headers, body).await {
        Ok((delivery, sightings)) => record(&ctx, &scope, &delivery, sightings).await,
        Err(problem) => Err(problem),
    };
    let recorded = taken.inspect_err(|problem| {
        // What is not the sender's doing may be taken when it is sent again.
        if problem.code.status() < 500 {
            count("refused").inc();
        }
    })?;
    let delivered = Delivered::of(recorded);
    if delivered.result != DeliveryResult::Unmatched {
        count(delivered.result.as_str()).inc();
    }
    // Each pull request that is left out counts, also beside others that are not.
    let unmatched = recorded.map_or(0, |recorded| recorded.unmatched);
    if unmatched > 0 {
        count(DeliveryResult::Unmatched.as_str()).inc_by(unmatched);
    }
    Ok((StatusCode::ACCEPTED, Json(delivered)).into_response())
}

impl Delivered {
    /// What is answered; nothing was recorded of a delivery that came before.
    fn of(recorded: Option<Recorded>) -> Self {
        let Some(Recorded { commands, unmatched }) = recorded else {
            return Self { recorded: 0, result: DeliveryResult::Repeated };
        };
        let result = match (commands, unmatched) {
            (0, 0) => DeliveryResult::Ignored,
            (0, _) => DeliveryResult::Unmatched,
            _ => DeliveryResult::Recorded,
        };
        Self { recorded: commands, result }
    }
}

/// The tenant and the secret its deliveries are signed with: its own, else that of the settings. Whether a project is
/// unknown or takes no deliveries is nobody's business.
async fn secret_of(ctx: &Ctx, project_id: String) -> Answer<(Scope, String)> {
    let project = ctx.store.read(move |reader| webhooks::secret(reader, &project_id)).await?;
    let known = project.and_then(|(scope, own)| {
        let secret = own.or_else(|| ctx.config.webhooks.github_secret.clone())?;
        Some((scope, secret))
    });
    known.ok_or_else(|| Problem::new(Code::NotFound, "no such project takes webhooks"))
}

/// The delivery's id and what it says. Nothing of it is looked at before its signature is known to hold.
async fn sightings_of(ctx: &Ctx, secret: &str, headers: &HeaderMap, body: Body) -> Answer<(String, Vec<Sighting>)> {
    let unsigned = || Problem::new(Code::Unauthenticated, "X-Hub-Signature-256 is missing or wrong");
    let given = text_of(headers, "x-hub-signature-256").ok_or_else(unsigned)?;
    // Byte for byte what was signed.
    let bytes = body::read(body, ctx.config.body.webhook).await?;
    if !signature::holds(given, secret, &bytes) {
        return Err(unsigned());
    }
    let media_type = text_of(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "set the webhook's content type to application/json";
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    let event = text_of(headers, "x-github-event")
        .ok_or_else(|| Problem::parameter("X-GitHub-Event", "names the event, and is missing"))?;
    let fits = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let delivery = text_of(headers, "x-github-delivery")
        .filter(fits)
        .ok_or_else(|| Problem::parameter("X-GitHub-Delivery", "must have 1 to 128 visible ASCII characters"))?;
    let sightings = github::sightings(event, body::text(&bytes)?.as_bytes()).map_err(|error| {
        Problem::new(Code::InvalidRequest, format!("the body is no delivery of that event: {error}"))
    })?;
    Ok((delivery.to_owned(), sightings))
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Makes the secret that GitHub signs a project's deliveries with, in place of the one before, and shows it once.
#[utoipa::path(
    post, path = "/projects/{project_id}/webhook-secret", tag = "sessions", params(("project_id" = String, Path)),
    responses(
        (status = 201, body = MadeSecret), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
    )
)]
pub async fn create_secret(
    State(ctx): State<Ctx>,
    identity: Identity,
    Path(project_id): Path<String>,
) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    let named = project_id.clone();
    let project = ctx.store.read(move |reader| webhooks::secret(reader, &named)).await?;
    // Foreign is as unknown.
    let reached = project
        .map(|(scope, _)| scope)
        .filter(|scope| scope.team_id == identity.caller.key.team_id && identity.caller.reaches(&scope.project_id));
    let scope = reached.ok_or_else(|| Problem::new(Code::NotFound, "no such project"))?;
    let mut random = [0; 32];
    ctx.ids.fill(&mut random);
    let secret = hex(&random);
    let audit = identity.audit("webhook_secret.create", &project_id);
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then(webhooks::store_secret(&scope, &secret))
        .then(AuditEntry { project_id: Some(project_id.as_str()), ..audit }.insert());
    ctx.store.try_commit(commit).await?;
    let path = format!("/api/v1/webhooks/github/{project_id}");
    Ok((StatusCode::CREATED, Json(MadeSecret { project_id, secret, path })).into_response())
}
