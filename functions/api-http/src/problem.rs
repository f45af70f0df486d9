//! Problem documents (RFC 9457): what every refusal looks like.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::auth::AuthError;
use shared::error::{Code, FieldError, Rejection};
use shared::store::{CommitError, StoreError};
use utoipa::ToSchema;

/// A refusal on its way out. The outermost layer adds `instance` and `request_id` and writes the document.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Decides code and status.
    pub code: Code,
    /// What happened, for a person.
    pub detail: String,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Further members.
    pub extra: Map<String, Value>,
    /// Whole seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

/// The answer of a handler.
pub type Answer<T> = Result<T, Problem>;

/// The document as served (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument<'a> {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// What the code means.
    pub title: &'a str,
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub detail: &'a str,
    /// Path of the request.
    pub instance: &'a str,
    /// Stable code.
    pub code: &'a str,
    /// Names the request in logs.
    pub request_id: &'a str,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldError],
    /// Further members, depending on the code.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub extra: &'a Map<String, Value>,
}

impl Problem {
    /// A refusal without further members.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), extra: Map::new(), retry_after: None }
    }

    /// 400 with the fields that are wrong.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let names: Vec<_> = errors.iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
        Self { errors, ..Self::new(Code::InvalidRequest, names.join("; ")) }
    }

    /// 400 for one query parameter.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { pointer: name.to_owned(), detail: detail.into() }])
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The response with its document.
    #[must_use]
    pub fn write(&self, instance: &str, request_id: &str) -> Response {
        let entry = self.code.entry();
        let document = ProblemDocument {
            problem_type: format!("/docs#{}", entry.name),
            title: entry.meaning,
            status: entry.status,
            detail: &self.detail,
            instance,
            code: entry.name,
            request_id,
            errors: &self.errors,
            extra: &self.extra,
        };
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"agentforum\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self { extra: rejection.extra, ..Self::new(rejection.code, rejection.detail) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Closed | StoreError::Interrupted => {
                Self::new(Code::StoreBusy, error.to_string()).retry_after(1)
            }
            StoreError::Unreachable { .. } | StoreError::Denied { .. } | StoreError::UnknownOutcome(_) => {
                tracing::error!(%error, "the database does not answer as it should");
                Self::new(Code::StoreBusy, "the database does not answer").retry_after(5)
            }
            StoreError::Full => Self::new(Code::StoreFull, error.to_string()).retry_after(5),
            error => {
                // What the database says may carry data: the log has it, the caller does not.
                tracing::error!(%error, "the store failed");
                Self::new(Code::InternalError, "the store failed")
            }
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        error.unexpected().into()
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Refused(rejection) => rejection.into(),
            AuthError::Store(error) => error.into(),
        }
    }
}
