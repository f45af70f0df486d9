//! A request to do something with one thread or run: who asks, which one, and what.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::ctx::Ctx;
use shared::error::Code;
use shared::message::command::Command;

use crate::accept::{PathId, RunAnswer, ThreadAnswer, command};
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

    /// Accepts it as the command `C` on a run, and answers it.
    ///
    /// # Errors
    /// The problem document of whatever refuses it.
    pub async fn on_run<C: Command>(self) -> Answer<Response> {
        let Self { ctx, identity, id, object } = self;
        command::<C, RunAnswer>(&ctx, &identity, object, Some(PathId::of_run(id)), StatusCode::OK).await
    }
}
