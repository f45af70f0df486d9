//! A request to do something with one thread, run or session: who asks, which one, and what.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::ctx::Ctx;
use shared::error::{Code, FieldError};
use shared::message::command::Command;
use shared::value::{KeyScope, Scope};

use crate::accept::{PathId, RunAnswer, SessionAnswer, ThreadAnswer, command};
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem};

/// A request to do something with the thread or the run in its path.
pub struct Call {
    ctx: Ctx,
    identity: Identity,
    id: String,
    object: Map<String, Value>,
}

/// What a request says that needs no words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl FromRequest<Ctx> for Call {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<String>::from_request_parts(&mut parts, ctx).await;
        let Path(id) = path.map_err(|_| Problem::new(Code::NotFound, "there is no such thing"))?;
        let identity = Identity::from_request_parts(&mut parts, ctx).await?;
        let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
        Ok(Self { ctx: ctx.clone(), identity, id, object })
    }
}

impl Call {
    /// Accepts it as the command `C` on a thread, and answers it.
    ///
    /// # Errors
    /// The problem document of whatever refuses it.
    pub async fn on_thread<C: Command>(self) -> Answer<Response> {
        let Self { ctx, identity, id, object } = self;
        command::<C, ThreadAnswer>(&ctx, &identity, object, Some(PathId::of_thread(id)), StatusCode::OK).await
    }

    /// Accepts it as the command `C` on a session, which is its `field`, and answers it.
    ///
    /// # Errors
    /// The problem document of whatever refuses it.
    pub async fn on_session<C: Command>(self, field: &'static str) -> Answer<Response> {
        let Self { ctx, identity, id, object } = self;
        let path = PathId::of_session(field, id);
        command::<C, SessionAnswer>(&ctx, &identity, object, Some(path), StatusCode::OK).await
    }

    /// The same of a key that has this scope.
    ///
    /// # Errors
    /// 403 `scope_denied`.
    pub fn requiring(self, scope: KeyScope) -> Answer<Self> {
        self.identity.require(scope)?;
        Ok(self)
    }

    /// The same with `value` in the payload's `field`, which a request must not name.
    ///
    /// # Errors
    /// 400 when it does.
    pub fn with(mut self, field: &'static str, value: &str) -> Answer<Self> {
        if self.object.insert(field.to_owned(), value.into()).is_some() {
            return Err(Problem::fields(vec![FieldError::at(field, "follows from the path")]));
        }
        Ok(self)
    }

    /// Its parts.
    pub fn into_parts(self) -> (Ctx, Identity, String, Map<String, Value>) {
        (self.ctx, self.identity, self.id, self.object)
    }

    /// Its parts, of a request that says nothing but for which tenant it is: the tenant last.
    ///
    /// # Errors
    /// 400 when it says more, 403 when the key does not reach the tenant.
    pub async fn into_bare(self) -> Answer<(Ctx, Identity, String, Option<Scope>)> {
        let Self { ctx, identity, id, mut object } = self;
        let claims = body::take_claims(&mut object)?;
        body::typed::<Nothing>(object)?;
        let named = identity.named_scope(&ctx, &claims).await?;
        Ok((ctx, identity, id, named))
    }

    /// Accepts it as the command `C` on a run, and answers it.
    ///
    /// # Errors
    /// The problem document of whatever refuses it.
    pub async fn on_run<C: Command>(self) -> Answer<Response> {
        let Self { ctx, identity, id, object } = self;
        command::<C, RunAnswer>(&ctx, &identity, object, Some(PathId::of_run(id)), StatusCode::OK).await
    }
}
