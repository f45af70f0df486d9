//! Who a request is from and what it may touch.

mod keyless;

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use shared::auth::{Caller, Means};
use shared::ctx::Ctx;
use shared::error::Code;
use shared::id::Kind;
use shared::store::audit::AuditEntry;
use shared::store::{Context, tenants};
use shared::value::{Actor, KeyScope, Scope};

use crate::edge::{KnownKey, RequestId};
use crate::problem::{Answer, Problem};

/// An authenticated request: its caller, its id, and the query and headers that concern every endpoint.
pub struct Identity {
    /// Who calls.
    pub caller: Caller,
    /// The request's id.
    pub request_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Query parameters.
    pub query: HashMap<String, String>,
    /// Headers.
    pub headers: HeaderMap,
}

/// What a body may say about its tenant and actor besides its payload.
#[derive(Debug, Default)]
pub struct Claims {
    /// Team the body names.
    pub team_id: Option<String>,
    /// Project the body names.
    pub project_id: Option<String>,
    /// Actor the body names.
    pub actor: Option<Actor>,
}

impl FromRequestParts<Ctx> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Problem> {
        let caller = caller(ctx, &parts.headers, &parts.extensions).await?;
        // A browser sends the cookie with any page's request; only our own pages can show our origin.
        let write = !matches!(parts.method, http::Method::GET | http::Method::HEAD);
        if write && caller.means == Means::Cookie && !parts.headers.contains_key(http::header::ORIGIN) {
            return Err(Problem::new(Code::OriginDenied, "a write with a cookie needs an Origin header"));
        }
        let Query(query) = Query::<HashMap<String, String>>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::parameter("query", error.to_string()))?;
        let traceparent = parts.headers.get("traceparent").and_then(|value| value.to_str().ok());
        Ok(Self {
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            traceparent: traceparent.filter(|value| is_traceparent(value)).map(str::to_owned),
            headers: parts.headers.clone(),
            caller,
            query,
        })
    }
}

/// Finds whose request it is, and checks that its key works and does not ask too often.
///
/// # Errors
/// 401 for none or a malformed one, 403 for an unknown, revoked or expired one, 429 `rate_limited`.
pub(crate) async fn caller(ctx: &Ctx, headers: &HeaderMap, extensions: &Extensions) -> Answer<Caller> {
    let caller = if keyless::is_trusted(ctx, headers, extensions) {
        Caller::owner(&ctx.store).await?
    } else {
        Caller::find(&ctx.store, headers).await?
    };
    if let Some(known) = extensions.get::<KnownKey>() {
        known.set(&caller.key);
    }
    let now = ctx.clock.now();
    caller.check(now)?;
    let limit = caller.key.rate_limit.unwrap_or(ctx.config.auth.rate_limit);
    ctx.rates.take(&caller.key.key_id, limit, now).map_err(|wait| {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        Problem::new(Code::RateLimited, format!("the key may make {limit} requests per second"))
            .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
    })?;
    Ok(caller)
}

/// `00-<32 hex>-<16 hex>-<2 hex>`.
fn is_traceparent(value: &str) -> bool {
    let parts: Vec<_> = value.split('-').collect();
    let hex = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(parts.as_slice(), [version, trace, span, flags]
        if hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2))
}

impl Identity {
    /// Checks a scope.
    ///
    /// # Errors
    /// 403 `scope_denied`.
    pub fn require(&self, scope: KeyScope) -> Answer<&Self> {
        self.caller.require(scope)?;
        Ok(self)
    }

    /// Checks that the key has at least one of two scopes.
    ///
    /// # Errors
    /// 403 `scope_denied`.
    pub fn require_either(&self, scopes: [KeyScope; 2]) -> Answer<&Self> {
        match self.caller.require(scopes[0]) {
            Ok(()) => Ok(self),
            Err(refused) => match self.caller.require(scopes[1]) {
                Ok(()) => Ok(self),
                Err(_) => Err(refused.into()),
            },
        }
    }

    /// The context of a write that is no command.
    ///
    /// # Errors
    /// Those of the key's actor.
    pub fn context(&self, ctx: &Ctx) -> Answer<Context> {
        Ok(Context {
            actor: self.caller.actor(None)?,
            // Not the request's id, which callers choose: the first event that the write makes takes this one.
            correlation_id: ctx.ids.next(Kind::Event),
            causation_id: None,
            traceparent: self.traceparent.clone(),
            now: ctx.clock.now(),
            id_seed: ctx.ids.uuid().hyphenated().to_string(),
        })
    }

    /// The project to read, or `None` for the whole team of a team key.
    ///
    /// # Errors
    /// 404 when the query names a project that the key does not reach: foreign is as unknown.
    pub fn readable_project(&self) -> Answer<Option<String>> {
        match (self.query.get("project_id"), &self.caller.key.project_id) {
            (Some(named), _) if !self.caller.reaches(named) => Err(Problem::new(Code::NotFound, "no such project")),
            (Some(named), _) => Ok(Some(named.clone())),
            (None, own) => Ok(own.clone()),
        }
    }

    /// The tenant of a write: the key's, or what query or body name within its team.
    ///
    /// # Errors
    /// 403 `project_denied` for a foreign team or project, 400 `project_required` when none is named.
    pub async fn writable_scope(&self, ctx: &Ctx, claims: &Claims) -> Answer<Scope> {
        let denied = || Problem::new(Code::ProjectDenied, "the key does not reach that team or project");
        let team_id = &self.caller.key.team_id;
        if claims.team_id.as_ref().is_some_and(|named| named != team_id) {
            return Err(denied());
        }
        let named = claims.project_id.as_ref().or_else(|| self.query.get("project_id"));
        if named.is_some_and(|named| !self.caller.reaches(named)) {
            return Err(denied());
        }
        let project_id = named.map(String::as_str).or_else(|| self.caller.default_project());
        let project_id = project_id
            .ok_or_else(|| Problem::new(Code::ProjectRequired, "the key spans a team: name the project_id"))?
            .to_owned();
        // The key's own project is known to be its team's; one that was named must be.
        if named.is_some() && self.caller.key.project_id.is_none() {
            let project = project_id.clone();
            let owner = ctx.store.read(move |reader| tenants::team_of(reader, &project)).await?;
            if owner.as_ref() != Some(team_id) {
                return Err(denied());
            }
        }
        Ok(Scope { team_id: team_id.clone(), project_id })
    }

    /// The tenant that query or body name; none when they name no project, and what is written to says which it is.
    ///
    /// # Errors
    /// As [`Identity::writable_scope`].
    pub async fn named_scope(&self, ctx: &Ctx, claims: &Claims) -> Answer<Option<Scope>> {
        let named = claims.project_id.is_some() || self.query.contains_key("project_id");
        if named || claims.team_id.as_ref().is_some_and(|team| *team != self.caller.key.team_id) {
            return self.writable_scope(ctx, claims).await.map(Some);
        }
        Ok(None)
    }

    /// The audit entry of a direct write that succeeds.
    #[must_use]
    pub fn audit<'a>(&'a self, action: &'static str, subject: &'a str) -> AuditEntry<'a> {
        AuditEntry {
            team_id: &self.caller.key.team_id,
            project_id: self.caller.key.project_id.as_deref(),
            key_id: Some(&self.caller.key.key_id),
            action,
            subject,
            request_id: &self.request_id,
            outcome: "ok",
            reason: None,
        }
    }
}
