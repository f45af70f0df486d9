//! A request to do something with one thread: who asks, which thread, and what.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::ctx::Ctx;
use shared::error::Code;
use shared::message::command::Command;

use crate::accept::thread_command;
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, Problem};

/// A request to do something with one thread.
pub struct ThreadCall {
    ctx: Ctx,
    identity: Identity,
    thread_id: String,
    object: Map<String, Value>,
}

impl FromRequest<Ctx> for ThreadCall {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<String>::from_request_parts(&mut parts, ctx).await;
        let Path(thread_id) = path.map_err(|_| Problem::new(Code::NotFound, "no such thread"))?;
        let identity = Identity::from_request_parts(&mut parts, ctx).await?;
        let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
        Ok(Self { ctx: ctx.clone(), identity, thread_id, object })
    }
}

impl ThreadCall {
    /// Accepts it as the command `C`, and answers it.
    ///
    /// # Errors
    /// The problem document of whatever refuses it.
    pub async fn command<C: Command>(self) -> Answer<Response> {
        let Self { ctx, identity, thread_id, object } = self;
        thread_command::<C>(&ctx, &identity, object, Some(thread_id), StatusCode::OK).await
    }
}
