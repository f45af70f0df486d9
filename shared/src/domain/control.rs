//! What the control signals of one (run, agent) come to: the latest of each kind counts. Gates, the close of a run, sweeps
//! and snapshots decide on this and on nothing else.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::value::{GuidanceStatus, ValidationStatus};

/// The folded control state of an agent in a run (SPEC SIGNAL-6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Control {
    /// The control thread.
    pub thread_id: String,
    /// The run.
    pub run_id: String,
    /// The agent.
    pub agent_name: String,
    /// The latest guidance request, if it ever asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Asked>,
    /// Position of the latest completion that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_pos: Option<i64>,
    /// The latest validation that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validated>,
    /// Changes with every signal.
    pub version: i64,
}

/// A guidance request as gates see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// Its post.
    pub request_id: String,
    /// What became of it.
    pub status: GuidanceStatus,
    /// The question.
    pub question: String,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Until when an answer is wanted, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// When it was asked, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Time,
}

/// A validation as gates see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Validated {
    /// How the work was judged.
    pub status: ValidationStatus,
    /// Against which criteria.
    pub done_criteria: String,
    /// Position of the signal.
    pub pos: i64,
}

impl Control {
    /// The guidance request that still blocks the agent.
    #[must_use]
    pub fn open_guidance(&self) -> Option<&Asked> {
        self.guidance.as_ref().filter(|asked| asked.status.is_open())
    }

    /// Whether the agent is done and its work was found good.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        let passed = self.validation.as_ref().is_some_and(|validated| validated.status == ValidationStatus::Passed);
        self.completion_pos.is_some() && passed
    }
}
