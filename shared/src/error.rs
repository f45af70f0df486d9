//! Errors with stable codes: the catalogue behind every problem document, the rejection a pure `decide` returns, and the
//! two ways a handler may fail.

mod code;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use code::{Code, CodeEntry};

/// One field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of a query parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// A complaint about a field at the top of the body.
    #[must_use]
    pub fn at(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{field}"), detail: detail.into() }
    }
}

/// Why a command breaks a rule. It is an outcome, stored with the command, and becomes a problem document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// What happened, for a person.
    pub detail: String,
    /// Members of the problem document beyond the standard ones (`from`, `to`, `answer`, ..).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Rejection {
    /// A rejection without further members.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), extra: Map::new() }
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

/// How a handler fails. A broken rule is neither: it is a [`Rejection`], stored as the command's outcome.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Try again later: the database or the transport did not do its part.
    #[error("{0}")]
    Retry(String),
    /// Not a failure: there is nothing to do before this time has passed.
    #[error("nothing to do for {} ms", .0.as_millis())]
    Later(std::time::Duration),
    /// Never again: what came cannot be handled. It becomes a dead letter at once.
    #[error("{error_class}: {reason}")]
    Park {
        /// Bounded class by which dead letters are grouped.
        error_class: &'static str,
        /// What was wrong.
        reason: String,
    },
}
