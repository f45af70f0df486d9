//! The words of notifications: what a person is told about.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Priority, Word, word};

/// What a notification is about. Each names a condition; while it holds, it is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A pull request is approved.
    Approved,
    /// A pull request can be merged.
    ReadyToMerge,
    /// A session is stuck.
    Stuck,
    /// An agent waits for a person's words.
    NeedsInput,
    /// An agent went away.
    AgentExited,
    /// A pull request was closed without a merge.
    PrClosedUnmerged,
    /// A pull request was merged.
    PrMerged,
    /// A check failed on three commits in a row, and the agent is not told again.
    CiBrake,
    /// Review comments keep coming, and the agent is not told again.
    ReviewLimit,
    /// A conflict lasts although the agent was told.
    MergeConflict,
    /// An agent idles although it was told.
    Idle,
    /// Restarts did not help an agent.
    AgentBlocked,
    /// Most sessions seemed dead at once, which is more likely the probe's fault.
    MassDeath,
    /// A thread waits too long.
    ThreadEscalated,
}

impl NotificationKind {
    /// How urgent it is.
    #[must_use]
    pub fn priority(self) -> Priority {
        match self {
            Self::MassDeath | Self::AgentBlocked => Priority::Urgent,
            Self::Stuck | Self::NeedsInput | Self::AgentExited | Self::CiBrake | Self::ThreadEscalated => {
                Priority::High
            }
            Self::PrMerged => Priority::Low,
            _ => Priority::Normal,
        }
    }
}

impl Word for NotificationKind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(&'static str, Self)] = &[
        ("approved", Self::Approved),
        ("ready_to_merge", Self::ReadyToMerge),
        ("stuck", Self::Stuck),
        ("needs_input", Self::NeedsInput),
        ("agent_exited", Self::AgentExited),
        ("pr_closed_unmerged", Self::PrClosedUnmerged),
        ("pr_merged", Self::PrMerged),
        ("ci_brake", Self::CiBrake),
        ("review_limit", Self::ReviewLimit),
        ("merge_conflict", Self::MergeConflict),
        ("idle", Self::Idle),
        ("agent_blocked", Self::AgentBlocked),
        ("mass_death", Self::MassDeath),
        ("thread_escalated", Self::ThreadEscalated),
    ];
}

impl<'de> Deserialize<'de> for NotificationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}
