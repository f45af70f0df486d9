//! How a call to a server fails.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::FieldError;

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is no address of a server.
    #[error("{given:?} is no server address; expected something like http://127.0.0.1:3001")]
    Address {
        /// What was given.
        given: String,
    },
    /// The key cannot be sent. It is not shown: it is a secret even when it is wrong.
    #[error("the key holds characters that no key has")]
    Key,
    /// The HTTP client could not be made.
    #[error("cannot prepare HTTP")]
    Build {
        /// What the library said.
        #[source]
        source: reqwest::Error,
    },
    /// Nobody listens there.
    #[error("no agentforum server answers at {address}; start one with `agentforum up`")]
    Unreachable {
        /// The address.
        address: String,
    },
    /// The connection ended before the answer was complete.
    #[error("the connection to {address} ended before the answer was complete")]
    Interrupted {
        /// The address.
        address: String,
        /// What the library said.
        #[source]
        source: reqwest::Error,
    },
    /// A live stream ended.
    #[error("the live stream from {address} ended")]
    StreamEnded {
        /// The address.
        address: String,
    },
    /// No answer in time.
    #[error("{address} did not answer within {}", shown(*.after))]
    Timeout {
        /// The address.
        address: String,
        /// How long the client waited.
        after: Duration,
    },
    /// The server refused, and says why.
    #[error("{}", problem.detail.as_deref().unwrap_or(&problem.title))]
    Problem {
        /// What it says.
        problem: Box<ProblemDocument>,
        /// When to come back, if it says so.
        retry_after: Option<Duration>,
    },
    /// The answer is none that an agentforum server gives.
    #[error("the answer (HTTP {status}) is not one of an agentforum server; check the address")]
    Protocol {
        /// HTTP status.
        status: u16,
    },
    /// A good answer whose body is not what it should be.
    #[error("the answer is not what this version of the command line expects")]
    ReadDocument {
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

impl ClientError {
    /// When the server asked to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Problem { retry_after, .. } = self { *retry_after } else { None }
    }

    /// Whether the server may have done what it was asked to, without our hearing of it.
    #[must_use]
    pub fn leaves_the_outcome_open(&self) -> bool {
        match self {
            Self::Interrupted { .. } | Self::Timeout { .. } | Self::ReadDocument { .. } => true,
            Self::Protocol { status } => *status >= 500,
            Self::Problem { problem, .. } => problem.status >= 500,
            Self::Address { .. }
            | Self::Key
            | Self::Build { .. }
            | Self::Unreachable { .. }
            | Self::StreamEnded { .. } => false,
        }
    }

    /// Whether the next try may go better: everything but a refusal that would come again.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Interrupted { .. } | Self::StreamEnded { .. } | Self::Timeout { .. } => {
                true
            }
            Self::Protocol { status } => *status >= 500,
            Self::Problem { problem, .. } => problem.status >= 500 || matches!(problem.status, 408 | 429),
            Self::Address { .. } | Self::Key | Self::Build { .. } | Self::ReadDocument { .. } => false,
        }
    }
}

/// An RFC 9457 problem document.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ProblemDocument {
    /// HTTP status.
    #[serde(default)]
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What kind of problem.
    #[serde(default)]
    pub title: String,
    /// What happened.
    #[serde(default)]
    pub detail: Option<String>,
    /// Finds the request in the server's log.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The fields that are wrong.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// What this problem says beyond the standard members.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a failed exchange amounts to.
pub(super) fn broken(error: reqwest::Error, address: &str, after: Duration) -> ClientError {
    let address = address.to_owned();
    if error.is_connect() {
        ClientError::Unreachable { address }
    } else if error.is_timeout() {
        ClientError::Timeout { address, after }
    } else {
        ClientError::Interrupted { address, source: error }
    }
}

fn shown(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds.is_multiple_of(1000) { format!("{} s", milliseconds / 1000) } else { format!("{milliseconds} ms") }
}
