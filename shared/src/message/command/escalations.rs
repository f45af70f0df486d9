//! What the clock, or an operator, wants done to a thread that waits too long. No endpoint takes this command.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::value::Scope;

/// Why a thread wants attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// It is high or urgent.
    Priority,
    /// Nobody touched it for too long.
    Age,
    /// Its deadline passed.
    Deadline,
    /// The operator's decision.
    Operator,
}

impl EscalationReason {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Age => "age",
            Self::Deadline => "deadline",
            Self::Operator => "operator",
        }
    }
}

/// Asks for attention to a thread, or does what its deadline says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalateThread {
    /// The thread.
    pub thread_id: String,
    /// Why.
    pub why: EscalationReason,
    /// What was seen: the deadline, the time of the last touch, or when the question was asked. If the thread has another
    /// one by now, there is nothing to do.
    pub at: Time,
}

impl Command for EscalateThread {
    const NAME: &'static str = "escalate_thread";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        Ok(self)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}
