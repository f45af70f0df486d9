//! The words of runs: their states and moves, their modes, what an agent of a run is doing, how its work was judged.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{SessionState, TerminationReason, Word, word};

/// What it takes to close a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// It is completed and nobody waits for guidance.
    #[default]
    Standard,
    /// There is a brief, and every agent has proved the brief's criteria.
    Bootstrap,
}

impl Word for RunMode {
    const NAME: &'static str = "mode";
    const ALL: &'static [(&'static str, Self)] = &[("standard", Self::Standard), ("bootstrap", Self::Bootstrap)];
}

impl<'de> Deserialize<'de> for RunMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It exists.
    Created,
    /// Its work is being planned.
    Planning,
    /// Its agents work.
    #[default]
    Running,
    /// At least one agent waits for guidance.
    AwaitingGuidance,
    /// Somebody halted it.
    Paused,
    /// It went wrong.
    Failed,
    /// Its agents are being stopped.
    Stopping,
    /// They are stopped.
    Stopped,
    /// Every agent has completed, and its work was found good.
    Completed,
    /// It is being closed; never seen at rest.
    Closing,
    /// It ended, for good.
    Closed,
}

impl RunState {
    /// Whether a run may move from this state to `to` (SPEC RUN-1). Staying is no move.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        use RunState::{
            AwaitingGuidance, Closed, Closing, Completed, Created, Failed, Paused, Planning, Running, Stopped, Stopping,
        };
        match self {
            Created => matches!(to, Planning | Failed | Stopping),
            Planning => matches!(to, Running | Paused | Failed | Stopping),
            Running => matches!(to, AwaitingGuidance | Paused | Completed | Failed | Stopping),
            AwaitingGuidance => matches!(to, Running | Paused | Failed | Stopping),
            Paused => matches!(to, Running | Failed | Stopping),
            Failed => matches!(to, Running | Stopping),
            Stopping => to == Stopped,
            Stopped => to == Running,
            Completed => matches!(to, Running | Closing),
            Closing => matches!(to, Closed | Failed),
            Closed => false,
        }
    }

    /// Whether `running` after this state is another attempt, for which earlier proofs do not count (SPEC RUN-9).
    #[must_use]
    pub fn is_attempt_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Stopped)
    }
}

impl Word for RunState {
    const NAME: &'static str = "state";
    const ALL: &'static [(&'static str, Self)] = &[
        ("created", Self::Created),
        ("planning", Self::Planning),
        ("running", Self::Running),
        ("awaiting_guidance", Self::AwaitingGuidance),
        ("paused", Self::Paused),
        ("failed", Self::Failed),
        ("stopping", Self::Stopping),
        ("stopped", Self::Stopped),
        ("completed", Self::Completed),
        ("closing", Self::Closing),
        ("closed", Self::Closed),
    ];
}

impl<'de> Deserialize<'de> for RunState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// How an agent's work was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationStatus {
    /// It meets its criteria.
    Passed,
    /// It does not.
    Failed,
}

impl Word for ValidationStatus {
    const NAME: &'static str = "validation status";
    const ALL: &'static [(&'static str, Self)] = &[("passed", Self::Passed), ("failed", Self::Failed)];
}

impl<'de> Deserialize<'de> for ValidationStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What an agent of a run is doing, by its newest session (SPEC RUN-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// It has no session yet.
    Pending,
    /// Its session is being launched.
    Starting,
    /// It is at work.
    Running,
    /// It waits for a person.
    Waiting,
    /// Its session ended well.
    Done,
    /// Somebody ended its session, or it was cleaned up.
    Stopped,
    /// It went away.
    Lost,
    /// It could not be launched, or not be probed.
    Failed,
}

impl AgentStatus {
    /// The status that a session's state comes to.
    #[must_use]
    pub fn of(state: SessionState, reason: Option<TerminationReason>) -> Self {
        use TerminationReason::{AgentProcessExited, ErrorInProcess, ProbeFailure, RuntimeLost};
        match (state, reason) {
            (SessionState::NotStarted, _) => Self::Starting,
            (SessionState::NeedsInput, _) => Self::Waiting,
            (SessionState::Done, _) => Self::Done,
            (SessionState::Terminated, Some(ErrorInProcess | ProbeFailure)) => Self::Failed,
            (SessionState::Terminated, Some(RuntimeLost | AgentProcessExited)) => Self::Lost,
            (SessionState::Terminated, _) => Self::Stopped,
            _ => Self::Running,
        }
    }
}

/// Whether an agent of a run lives and gets on (SPEC RUN-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentHealth {
    /// It was heard of lately.
    Healthy,
    /// It has been silent for a while.
    Idle,
    /// It has been silent, or without progress, for too long.
    Stalled,
    /// It is gone.
    Dead,
    /// Nothing tells.
    Unknown,
}

impl AgentHealth {
    /// Whether somebody should look after it.
    #[must_use]
    pub fn is_unhealthy(self) -> bool {
        matches!(self, Self::Stalled | Self::Dead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RUN-1
    #[test]
    fn runs_move_exactly_as_the_table_says() {
        let table = [
            ("created", "planning failed stopping"),
            ("planning", "running paused failed stopping"),
            ("running", "awaiting_guidance paused failed stopping completed"),
            ("awaiting_guidance", "running paused failed stopping"),
            ("paused", "running failed stopping"),
            ("failed", "running stopping"),
            ("stopping", "stopped"),
            ("stopped", "running"),
            ("completed", "running closing"),
            ("closing", "failed closed"),
            ("closed", ""),
        ];
        assert_eq!(table.len(), RunState::ALL.len());
        for (from, allowed) in table {
            let from = RunState::parse(from).unwrap_or_else(|error| panic!("{error}"));
            let moves: Vec<_> =
                RunState::ALL.iter().filter(|(_, to)| from.may_become(*to)).map(|(word, _)| *word).collect();
            assert_eq!(moves.join(" "), allowed, "{from:?}");
        }
    }
}
