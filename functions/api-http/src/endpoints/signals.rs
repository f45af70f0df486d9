//! `POST /forum/control/signal`: what agents of a run say in a form that decisions read, and what they are answered.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use shared::ctx::Ctx;
use shared::message::command::ControlSignal;

use crate::accept::{SignalAnswer, command};
use crate::body;
use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};

/// Sends a control signal on the one control thread of the (run, agent); the first one opens it.
#[utoipa::path(
    post, path = "/forum/control/signal", tag = "runs",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for the outcome, 0 to 30, default 5"),
    ),
    request_body = ControlSignal,
    responses(
        (status = 200, body = SignalAnswer), (status = 202, body = SignalAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, control_mismatch, invalid_actor, unknown_option"),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "run_closed, already_answered"),
        (status = 422, body = ProblemDocument, description = "idempotency_key_reused"),
    )
)]
pub async fn signal(State(ctx): State<Ctx>, identity: Identity, body: Body) -> Answer<Response> {
    let object = body::object(&identity.headers, body, ctx.config.body.limit).await?;
    command::<ControlSignal, SignalAnswer>(&ctx, &identity, object, None, StatusCode::OK).await
}
