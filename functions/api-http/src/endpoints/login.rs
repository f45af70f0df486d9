//! `/login` and `/logout`: a printed link becomes a cookie, once.

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::auth::{COOKIE_NAME, hash_of, new_login_token, new_secret};
use shared::clock::Time;
use shared::config::AuthMode;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::id::Kind;
use shared::store::keys::{self, ApiKey, Purpose};
use shared::store::{Commit, CommitError, Durability, Guard};
use shared::value::{ActorType, KeyScope};
use utoipa::{IntoParams, ToSchema};

use crate::identity::{Identity, caller};
use crate::problem::{Answer, Problem, ProblemDocument};

/// The printed link's token.
#[derive(Debug, Deserialize, IntoParams)]
pub struct LoginQuery {
    /// Works once, for 10 minutes.
    #[serde(default)]
    token: String,
}

/// Turns a fresh login token into a cookie for a person.
#[utoipa::path(
    get, path = "/login", tag = "login", security(()), params(LoginQuery),
    responses((status = 303, description = "Logged in"), (status = 403, body = ProblemDocument))
)]
pub async fn login(State(ctx): State<Ctx>, Query(query): Query<LoginQuery>) -> Answer<Response> {
    let now = ctx.clock.now();
    let [take, fresh] = keys::use_login_token(hash_of(&query.token));
    let commit = Commit::new(Durability::Full, ctx.housekeeping("login")).then(take).then(fresh);
    let receipt = match ctx.store.try_commit(commit).await {
        Ok(receipt) => receipt,
        Err(CommitError::Guard(Guard::RowUnchanged)) => {
            return Err(Problem::new(Code::LoginDenied, "the login link was used already or has expired"));
        }
        Err(error) => return Err(error.into()),
    };
    let team_id = receipt.into_rows().into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default();
    let key = ApiKey {
        key_id: ctx.ids.next(Kind::Key),
        purpose: Purpose::Login,
        team_id,
        project_id: None,
        name: "login".to_owned(),
        scopes: vec![KeyScope::Admin],
        actor_type: Some(ActorType::Human),
        actor_name: Some("owner".to_owned()),
        created_at: now,
        expires_at: Some(now.plus(ctx.config.auth.cookie)),
        revoked_at: None,
        rate_limit: None,
    };
    let secret = new_secret(&ctx.ids);
    let commit = Commit::new(Durability::Full, ctx.housekeeping("login")).then(key.insert(hash_of(&secret)));
    ctx.store.try_commit(commit).await?;
    let seconds = ctx.config.auth.cookie.as_secs();
    let cookie = format!("{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response())
}

/// Revokes the cookie's key.
#[utoipa::path(post, path = "/logout", tag = "login", responses((status = 303), (status = 401, body = ProblemDocument)))]
pub async fn logout(State(ctx): State<Ctx>, request: Request) -> Answer<Response> {
    let caller = caller(&ctx, request.headers(), request.extensions()).await?;
    if caller.key.purpose == Purpose::Login {
        let revoke = keys::revoke(&caller.key.team_id, None, &caller.key.key_id);
        let commit = Commit::new(Durability::Full, ctx.housekeeping("logout")).then_all(revoke);
        ctx.store.try_commit(commit).await?;
    }
    let cookie = format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response())
}

/// A login link that works once.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginLink {
    /// To be appended to the server's address, which only the caller knows as browsers see it.
    path: String,
    /// Until when it works, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// Makes a login link, for the owner's key of a local server.
#[utoipa::path(
    post, path = "/login-links", tag = "login",
    responses((status = 201, body = LoginLink), (status = 403, body = ProblemDocument))
)]
pub async fn create_link(State(ctx): State<Ctx>, identity: Identity) -> Answer<Response> {
    let key = &identity.caller.key;
    if ctx.config.auth.mode != AuthMode::Local || key.purpose != Purpose::Owner {
        let detail = "only the owner's key of a server with auth.mode=local makes login links";
        return Err(Problem::new(Code::ScopeDenied, detail));
    }
    let token = new_login_token(&ctx.ids);
    let expires_at = ctx.clock.now().plus(ctx.config.auth.login_ttl);
    let commit = Commit::new(Durability::Full, identity.context(&ctx)?)
        .then(keys::insert_login_token(hash_of(&token), &key.team_id, expires_at))
        .then(identity.audit("login_links.create", &key.key_id).insert());
    ctx.store.try_commit(commit).await?;
    let link = LoginLink { path: format!("/login?token={token}"), expires_at };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}
