//! `/keys`: API keys. A secret is shown once, when it is made.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::auth::{RATE_LIMIT_MAX, hash_of, new_secret};
use shared::clock::Time;
use shared::config::LIST_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::id::Kind;
use shared::store::audit::AuditEntry;
use shared::store::keys::{self, ApiKey, Purpose};
use shared::store::{Commit, CommitError, Durability, Guard};
use shared::value::{Actor, ActorType, KeyScope};
use utoipa::ToSchema;

use crate::identity::{Claims, Identity};
use crate::problem::{Answer, Problem, ProblemDocument};
use crate::{body, cursor, query};

/// What a new key is to be.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewKey {
    /// What it is called, 1 to 128 characters.
    #[schema(required = true)]
    name: String,
    /// What it may do, at least one.
    #[schema(required = true)]
    scopes: Vec<KeyScope>,
    /// The one project it reaches; absent means the whole team.
    project_id: Option<String>,
    /// The actor it always acts as.
    actor: Option<BoundActor>,
    /// When it stops working, RFC 3339, in the future.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// Requests per second it may make, 1 to 100 000; the server's setting unless given.
    rate_limit: Option<u32>,
}

/// The actor a key is bound to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundActor {
    /// `agent`, `operator` or `human`.
    actor_type: ActorType,
    /// Its name, 1 to 128 characters.
    actor_name: String,
}

/// A new key with its secret, which is never shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeKey {
    /// The key.
    key: ApiKey,
    /// `afk_` and 43 characters.
    secret: String,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// Oldest first, without secrets.
    items: Vec<ApiKey>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists keys, without secrets.
#[utoipa::path(
    get, path = "/keys", tag = "administration",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = KeyList), (status = 403, body = ProblemDocument))
)]
pub async fn list(State(ctx): State<Ctx>, identity: Identity) -> Answer<Json<KeyList>> {
    identity.require(KeyScope::Admin)?;
    let limit = query::limit(&identity.query, ctx.config.list.limit, LIST_LIMIT_MAX)?;
    let (team, project) = (identity.caller.key.team_id.clone(), identity.readable_project()?);
    let name = shared::id::fingerprint(&[b"keys", team.as_bytes(), format!("{project:?}").as_bytes()]);
    let after: String =
        identity.query.get("cursor").map_or(Ok(String::new()), |text| cursor::read_list(&ctx.store, &name, text))?;
    let mut items =
        ctx.store.read(move |reader| keys::list(reader, &team, project.as_deref(), &after, limit + 1)).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|key| cursor::list(&ctx.store, &name, &key.key_id));
    Ok(Json(KeyList { items, next_cursor }))
}

/// Makes a key and shows its secret once.
#[utoipa::path(
    post, path = "/keys", tag = "administration", request_body = NewKey,
    responses(
        (status = 201, body = MadeKey), (status = 400, body = ProblemDocument), (status = 403, body = ProblemDocument),
    )
)]
pub async fn create(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    let new: NewKey = body::typed(object)?;
    let now = ctx.clock.now();
    let actor = check(&new, now)?;
    let own = &identity.caller.key;
    let project_id = match (&new.project_id, &own.project_id) {
        // A key of one project makes keys of that project only.
        (None, own) => own.clone(),
        (Some(project), _) => {
            let claims = Claims { project_id: Some(project.clone()), ..Claims::default() };
            Some(identity.writable_scope(&ctx, &claims).await?.project_id)
        }
    };
    let key = ApiKey {
        key_id: ctx.ids.next(Kind::Key),
        purpose: Purpose::Api,
        team_id: own.team_id.clone(),
        project_id,
        name: new.name.trim().to_owned(),
        scopes: new.scopes,
        actor_type: actor.as_ref().map(|actor| actor.actor_type),
        actor_name: actor.map(|actor| actor.actor_name),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        rate_limit: new.rate_limit,
    };
    let secret = new_secret(&ctx.ids);
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?).then(key.insert(hash_of(&secret))).then(
        AuditEntry { project_id: key.project_id.as_deref(), ..identity.audit("keys.create", &key.key_id) }.insert(),
    );
    ctx.store.try_commit(commit).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { key, secret })).into_response())
}

/// Revokes a key: it stops working at once.
#[utoipa::path(
    delete, path = "/keys/{key_id}", tag = "administration", params(("key_id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument), (status = 403, body = ProblemDocument))
)]
pub async fn revoke(State(ctx): State<Ctx>, identity: Identity, Path(key_id): Path<String>) -> Answer<StatusCode> {
    identity.require(KeyScope::Admin)?;
    let own = &identity.caller.key;
    let (team, project, id) = (own.team_id.clone(), own.project_id.clone(), key_id.clone());
    let key = ctx.store.read(move |reader| keys::find_made(reader, (&team, project.as_deref()), &id)).await?;
    // A key that was not made by hand is its team's.
    let project_id = key.and_then(|key| key.project_id).or_else(|| own.project_id.clone());
    let audit = AuditEntry { project_id: project_id.as_deref(), ..identity.audit("keys.revoke", &key_id) };
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then_all(keys::revoke(&own.team_id, own.project_id.as_deref(), &key_id))
        .then(audit.insert());
    match ctx.store.try_commit(commit).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(CommitError::Guard(Guard::RowUnchanged)) => {
            Err(Problem::new(Code::NotFound, "no such key that still works"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a key like another one and revokes that one, in the same moment.
#[utoipa::path(
    post, path = "/keys/{key_id}/rotate", tag = "administration", params(("key_id" = String, Path)),
    responses(
        (status = 201, body = MadeKey), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
    )
)]
pub async fn rotate(State(ctx): State<Ctx>, identity: Identity, Path(key_id): Path<String>) -> Answer<Response> {
    identity.require(KeyScope::Admin)?;
    let unknown = || Problem::new(Code::NotFound, "no such key that still works");
    let now = ctx.clock.now();
    let own = &identity.caller.key;
    let (team, project, id) = (own.team_id.clone(), own.project_id.clone(), key_id.clone());
    let old = ctx.store.read(move |reader| keys::find_made(reader, (&team, project.as_deref()), &id)).await?;
    // What has expired stays so: a key like it would not work either.
    let works = |key: &ApiKey| key.expires_at.is_none_or(|expires_at| expires_at > now);
    let old = old.filter(works).ok_or_else(unknown)?;
    let key = ApiKey { key_id: ctx.ids.next(Kind::Key), created_at: now, ..old };
    let secret = new_secret(&ctx.ids);
    let reason = format!("replaced by {}", key.key_id);
    let audit = AuditEntry {
        project_id: key.project_id.as_deref(),
        reason: Some(&reason),
        ..identity.audit("keys.rotate", &key_id)
    };
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then_all(keys::revoke(&own.team_id, own.project_id.as_deref(), &key_id))
        .then(key.insert(hash_of(&secret)))
        .then(audit.insert());
    match ctx.store.try_commit(commit).await {
        Ok(_) => Ok((StatusCode::CREATED, Json(MadeKey { key, secret })).into_response()),
        Err(CommitError::Guard(Guard::RowUnchanged)) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

fn check(new: &NewKey, now: Time) -> Answer<Option<Actor>> {
    let mut errors = Vec::new();
    let name_fits =
        |name: &str| (1..=128).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control);
    if !name_fits(&new.name) {
        errors.push(FieldError::at("name", "must have 1 to 128 characters and no control characters"));
    }
    if new.scopes.is_empty() {
        errors.push(FieldError::at("scopes", "needs at least one scope"));
    }
    if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
        errors.push(FieldError::at("expires_at", "must lie in the future"));
    }
    if new.rate_limit.is_some_and(|limit| !(1..=RATE_LIMIT_MAX).contains(&limit)) {
        errors.push(FieldError::at("rate_limit", format!("must be a whole number from 1 to {RATE_LIMIT_MAX}")));
    }
    if let Some(actor) = &new.actor {
        if !name_fits(&actor.actor_name) {
            errors.push(FieldError::at("actor/actor_name", "must have 1 to 128 characters and no control characters"));
        }
        if actor.actor_type == ActorType::System {
            errors.push(FieldError::at("actor/actor_type", "must be one of agent, operator, human"));
        }
    }
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    Ok(new
        .actor
        .as_ref()
        .map(|actor| Actor { actor_type: actor.actor_type, actor_name: actor.actor_name.trim().to_owned() }))
}
