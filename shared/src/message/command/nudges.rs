//! What is said to an agent on its session's control thread: by the system, to point it at something, or by a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::value::Scope;

/// The key under which people's messages go.
pub const MESSAGE: &str = "message";

/// Says something to the agent of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendNudge {
    /// The session.
    pub session_id: String,
    /// The control thread that the session reads.
    pub thread_id: String,
    /// Why: the name of a reaction, or [`MESSAGE`].
    pub key: String,
    /// About what. How often it was nudged about is counted per key and subject.
    pub subject: String,
    /// What the nudge tells of; what was told before is not told again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
    /// Text.
    pub body: String,
    /// When a person is to be told if it has not helped by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_at: Option<Time>,
}

impl Command for SendNudge {
    const NAME: &'static str = "send_nudge";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let body = check.body("body", &self.body);
        check.done(Self { body, ..self })
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}
