//! The catalogue of stable codes behind every problem document.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct CodeEntry {
    /// The stable code.
    pub code: Code,
    /// Its text form, as in `code`.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What it means, and what to do, in one sentence.
    pub meaning: &'static str,
}

/// Stable error codes (SPEC HTTP-2), each with a fixed HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400
    InvalidRequest,
    /// 400
    InvalidCursor,
    /// 400
    CursorAhead,
    /// 400
    EmptyQuery,
    /// 400
    UnknownOption,
    /// 400
    ControlMismatch,
    /// 400
    InvalidActor,
    /// 400
    ProjectRequired,
    /// 401
    Unauthenticated,
    /// 403
    KeyUnknown,
    /// 403
    KeyRevoked,
    /// 403
    KeyExpired,
    /// 403
    ScopeDenied,
    /// 403
    ProjectDenied,
    /// 403
    ActorMismatch,
    /// 403
    LoginDenied,
    /// 403
    OriginDenied,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 409
    IllegalTransition,
    /// 409
    ThreadClosed,
    /// 409
    ControlThread,
    /// 409
    RunClosed,
    /// 409
    AlreadyAnswered,
    /// 409
    AlreadyRedriven,
    /// 409
    ReplayRunning,
    /// 409
    AlreadyExists,
    /// 409
    ProjectArchived,
    /// 409
    JobNotRetryable,
    /// 409
    JobNotCancellable,
    /// 410
    CursorEpoch,
    /// 413
    PayloadTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 422
    GateNotMet,
    /// 422
    IdempotencyKeyReused,
    /// 429
    RateLimited,
    /// 500
    InternalError,
    /// 503
    StoreBusy,
    /// 503
    StoreFull,
    /// 503
    TransportDown,
    /// 503
    ProjectionBehind,
    /// 503
    GuiAbsent,
}

const fn entry(code: Code, name: &'static str, status: u16, meaning: &'static str) -> CodeEntry {
    CodeEntry { code, name, status, meaning }
}

impl Code {
    /// Every code, by status.
    pub const CATALOGUE: &'static [CodeEntry] = &[
        entry(
            Self::InvalidRequest,
            "invalid_request",
            400,
            "The request is malformed or a field is out of bounds; `errors[]` names each field.",
        ),
        entry(
            Self::InvalidCursor,
            "invalid_cursor",
            400,
            "The cursor is damaged or belongs to another list; start again without it.",
        ),
        entry(
            Self::CursorAhead,
            "cursor_ahead",
            400,
            "The cursor lies beyond the log's `head`; resume from at most the head.",
        ),
        entry(Self::EmptyQuery, "empty_query", 400, "The search text has no word; punctuation alone finds nothing."),
        entry(
            Self::UnknownOption,
            "unknown_option",
            400,
            "The chosen option is not among the thread's options; free text is always allowed.",
        ),
        entry(
            Self::ControlMismatch,
            "control_mismatch",
            400,
            "The payload's `run_id` and `agent_name` must equal the request's.",
        ),
        entry(Self::InvalidActor, "invalid_actor", 400, "Guidance is answered by people, not by agents."),
        entry(
            Self::ProjectRequired,
            "project_required",
            400,
            "The key spans a team; name the project with `project_id`.",
        ),
        entry(
            Self::Unauthenticated,
            "unauthenticated",
            401,
            "No credential, or a malformed one; send `Authorization: Bearer afk_...`.",
        ),
        entry(Self::KeyUnknown, "key_unknown", 403, "No such key; create one with `agentforum keys create`."),
        entry(Self::KeyRevoked, "key_revoked", 403, "The key was revoked."),
        entry(Self::KeyExpired, "key_expired", 403, "The key has expired."),
        entry(Self::ScopeDenied, "scope_denied", 403, "The key lacks the scope that this operation needs."),
        entry(Self::ProjectDenied, "project_denied", 403, "The key does not reach that team or project."),
        entry(Self::ActorMismatch, "actor_mismatch", 403, "The key is bound to another actor than the body names."),
        entry(
            Self::LoginDenied,
            "login_denied",
            403,
            "The login link was used already or has expired; print a new one.",
        ),
        entry(Self::OriginDenied, "origin_denied", 403, "A write came from another web origin."),
        entry(Self::NotFound, "not_found", 404, "There is no such thing in the projects that the key reaches."),
        entry(Self::MethodNotAllowed, "method_not_allowed", 405, "The path exists, the method does not; see `Allow`."),
        entry(
            Self::IllegalTransition,
            "illegal_transition",
            409,
            "The state does not allow that move; `from` and `to` name it.",
        ),
        entry(Self::ThreadClosed, "thread_closed", 409, "The thread is closed, which is final; open a new one."),
        entry(Self::ControlThread, "control_thread", 409, "A control thread is closed by its run, not by hand."),
        entry(Self::RunClosed, "run_closed", 409, "The run is closed, which is final; start a new one."),
        entry(
            Self::AlreadyAnswered,
            "already_answered",
            409,
            "A person answered already; `answer` has the winning answer, `amend` corrects it.",
        ),
        entry(
            Self::AlreadyRedriven,
            "already_redriven",
            409,
            "The dead letter was redriven or dropped before; `letter_status` says which.",
        ),
        entry(
            Self::ReplayRunning,
            "replay_running",
            409,
            "A replay of the projection runs already; wait for it, or stop it.",
        ),
        entry(Self::AlreadyExists, "already_exists", 409, "The id is taken; choose another one, or name none."),
        entry(Self::ProjectArchived, "project_archived", 409, "The project is archived; nothing new begins in it."),
        entry(Self::JobNotRetryable, "job_not_retryable", 409, "Only a job that failed or was cancelled is retried."),
        entry(Self::JobNotCancellable, "job_not_cancellable", 409, "The job is over; there is nothing to cancel."),
        entry(
            Self::CursorEpoch,
            "cursor_epoch",
            410,
            "The cursor belongs to another database; start again without it.",
        ),
        entry(Self::PayloadTooLarge, "payload_too_large", 413, "The body is larger than this endpoint takes."),
        entry(
            Self::UnsupportedMediaType,
            "unsupported_media_type",
            415,
            "Writes need `Content-Type: application/json`.",
        ),
        entry(
            Self::GateNotMet,
            "gate_not_met",
            422,
            "The run cannot be closed yet; `gates[]` names what is missing and the agent that owes it.",
        ),
        entry(
            Self::IdempotencyKeyReused,
            "idempotency_key_reused",
            422,
            "The idempotency key was used with another body; choose a new key.",
        ),
        entry(Self::RateLimited, "rate_limited", 429, "The key asks too often; wait as long as `Retry-After` says."),
        entry(Self::InternalError, "internal_error", 500, "The server failed; the log has the request id."),
        entry(
            Self::StoreBusy,
            "store_busy",
            503,
            "The writer's mailbox is full or the file is locked; nothing was stored, retry after `Retry-After`.",
        ),
        entry(Self::StoreFull, "store_full", 503, "The disk is full; nothing was stored, retry once there is space."),
        entry(
            Self::TransportDown,
            "transport_down",
            503,
            "The transport does not answer; what was accepted waits in the outbox.",
        ),
        entry(
            Self::ProjectionBehind,
            "projection_behind",
            503,
            "The read model has not reached `min_pos` yet; retry after `Retry-After`.",
        ),
        entry(Self::GuiAbsent, "gui_absent", 503, "This build carries no pages; the API works, see `/docs`."),
    ];

    /// The catalogue's entry of this code.
    #[must_use]
    pub fn entry(self) -> CodeEntry {
        Self::CATALOGUE.iter().find(|entry| entry.code == self).copied().unwrap_or(entry(
            self,
            "internal_error",
            500,
            "The server failed.",
        ))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        self.entry().status
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    // HTTP-2
    #[test]
    fn every_code_is_in_the_catalogue_under_the_name_it_serialises_to() {
        for entry in Code::CATALOGUE {
            assert_eq!(serde_json::to_value(entry.code).ok(), Some(Value::from(entry.name)));
            assert_eq!(entry.code.entry().name, entry.name);
        }
    }
}
