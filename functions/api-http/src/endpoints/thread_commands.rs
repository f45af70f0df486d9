//! The commands on one thread. They differ in their payloads alone.

use axum::response::Response;
use shared::message::command::{
    AddPost, AnswerThread, AssignThread, ChangeThreadState, CloseThread, SetThreadPriority,
};

use crate::accept::ThreadAnswer;
use crate::call::Call;
use crate::problem::{Answer, ProblemDocument};

/// Adds a post.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/posts", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = AddPost,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "thread_closed"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn post(call: Call) -> Answer<Response> {
    call.on_thread::<AddPost>().await
}

/// Answers the thread's question.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/answer", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = AnswerThread,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request, unknown_option"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "thread_closed, already_answered"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn answer(call: Call) -> Answer<Response> {
    call.on_thread::<AnswerThread>().await
}

/// Says who should answer; `""` means nobody in particular.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/assign", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = AssignThread,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "thread_closed"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn assign(call: Call) -> Answer<Response> {
    call.on_thread::<AssignThread>().await
}

/// Moves the thread to another state.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/state", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = ChangeThreadState,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "illegal_transition, thread_closed, control_thread"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn state(call: Call) -> Answer<Response> {
    call.on_thread::<ChangeThreadState>().await
}

/// Says how urgent the thread is.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/priority", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = SetThreadPriority,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "thread_closed"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn priority(call: Call) -> Answer<Response> {
    call.on_thread::<SetThreadPriority>().await
}

/// Closes the thread, for good.
#[utoipa::path(
    post, path = "/forum/threads/{thread_id}/close", tag = "forum",
    params(("thread_id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait" = Option<u32>, Query)),
    request_body = CloseThread,
    responses(
        (status = 200, body = ThreadAnswer), (status = 202, body = ThreadAnswer),
        (status = 400, body = ProblemDocument, description = "invalid_request"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "control_thread"), (status = 422, body = ProblemDocument),
    )
)]
pub async fn close(call: Call) -> Answer<Response> {
    call.on_thread::<CloseThread>().await
}
