//! The words of sessions: what an agent's working session is doing, how it ended, what it reports, what probes find.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Word, word};

/// What an agent's session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// It does the work.
    #[default]
    Worker,
    /// It leads others.
    Orchestrator,
}

impl Word for SessionKind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(&'static str, Self)] = &[("worker", Self::Worker), ("orchestrator", Self::Orchestrator)];
}

impl<'de> Deserialize<'de> for SessionKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// It is being launched.
    #[default]
    NotStarted,
    /// Its agent works.
    Working,
    /// Its agent waits for work.
    Idle,
    /// Its agent waits for a person.
    NeedsInput,
    /// It waits for a permission, or nobody can tell whether it lives.
    Stuck,
    /// Whether it lives is being found out.
    Detecting,
    /// Its work ended well.
    Done,
    /// It ended otherwise; the reason says how.
    Terminated,
}

impl SessionState {
    /// Whether it is over: only a restore opens it again.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Terminated)
    }
}

impl Word for SessionState {
    const NAME: &'static str = "state";
    const ALL: &'static [(&'static str, Self)] = &[
        ("not_started", Self::NotStarted),
        ("working", Self::Working),
        ("idle", Self::Idle),
        ("needs_input", Self::NeedsInput),
        ("stuck", Self::Stuck),
        ("detecting", Self::Detecting),
        ("done", Self::Done),
        ("terminated", Self::Terminated),
    ];
}

impl<'de> Deserialize<'de> for SessionState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// How a session ended that is terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminationReason {
    /// Somebody ended it.
    ManuallyKilled,
    /// What it ran in is gone.
    RuntimeLost,
    /// Its agent ended by itself.
    AgentProcessExited,
    /// It could not be probed any more.
    ProbeFailure,
    /// It could not be launched.
    ErrorInProcess,
    /// It was cleaned up.
    AutoCleanup,
    /// Its pull requests are merged.
    PrMerged,
}

impl Word for TerminationReason {
    const NAME: &'static str = "termination reason";
    const ALL: &'static [(&'static str, Self)] = &[
        ("manually_killed", Self::ManuallyKilled),
        ("runtime_lost", Self::RuntimeLost),
        ("agent_process_exited", Self::AgentProcessExited),
        ("probe_failure", Self::ProbeFailure),
        ("error_in_process", Self::ErrorInProcess),
        ("auto_cleanup", Self::AutoCleanup),
        ("pr_merged", Self::PrMerged),
    ];
}

impl<'de> Deserialize<'de> for TerminationReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// How a session is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// Its work is done.
    Done,
    /// Somebody ends it.
    Killed,
    /// It could not be launched.
    LaunchFailed,
    /// It is not needed any more.
    Cleanup,
}

impl Word for SessionEnd {
    const NAME: &'static str = "outcome";
    const ALL: &'static [(&'static str, Self)] = &[
        ("done", Self::Done),
        ("killed", Self::Killed),
        ("launch_failed", Self::LaunchFailed),
        ("cleanup", Self::Cleanup),
    ];
}

impl<'de> Deserialize<'de> for SessionEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What an agent reports of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// It works.
    Active,
    /// It is up and has nothing to do yet.
    Ready,
    /// It has nothing to do.
    Idle,
    /// It waits for somebody's words.
    WaitingInput,
    /// It waits for a permission.
    Blocked,
    /// It has ended.
    Exited,
}

impl Word for Activity {
    const NAME: &'static str = "activity";
    const ALL: &'static [(&'static str, Self)] = &[
        ("active", Self::Active),
        ("ready", Self::Ready),
        ("idle", Self::Idle),
        ("waiting_input", Self::WaitingInput),
        ("blocked", Self::Blocked),
        ("exited", Self::Exited),
    ];
}

impl<'de> Deserialize<'de> for Activity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeResult {
    /// It is there.
    Alive,
    /// It is gone.
    Dead,
    /// The probe itself failed.
    Failed,
    /// Nothing tells.
    Unknown,
}

impl Word for ProbeResult {
    const NAME: &'static str = "probe result";
    const ALL: &'static [(&'static str, Self)] =
        &[("alive", Self::Alive), ("dead", Self::Dead), ("failed", Self::Failed), ("unknown", Self::Unknown)];
}

impl<'de> Deserialize<'de> for ProbeResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What a session shows: derived from its facts when it is read, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Its work ended well.
    Done,
    /// It was ended, or its agent went away.
    Killed,
    /// It was cleaned up, or its work is merged.
    Cleanup,
    /// It could not be launched, or not be probed.
    Errored,
    /// Its agent waits for a person.
    NeedsInput,
    /// It waits for a permission, or nobody can tell whether it lives.
    Stuck,
    /// Whether it lives is being found out.
    Detecting,
    /// It is being launched.
    Spawning,
    /// Its pull requests are merged.
    Merged,
    /// A check of its pull request failed.
    CiFailed,
    /// Its pull request is a draft.
    Draft,
    /// Reviewers want changes.
    ChangesRequested,
    /// Its pull request can be merged.
    Mergeable,
    /// Its pull request is approved.
    Approved,
    /// Its pull request waits for a review.
    ReviewPending,
    /// It has an open pull request.
    PrOpen,
    /// Its agent should have reported by now, and has not.
    NoSignal,
    /// Its agent waits for work.
    Idle,
    /// Its agent works.
    Working,
}

impl Word for SessionStatus {
    const NAME: &'static str = "status";
    const ALL: &'static [(&'static str, Self)] = &[
        ("done", Self::Done),
        ("killed", Self::Killed),
        ("cleanup", Self::Cleanup),
        ("errored", Self::Errored),
        ("needs_input", Self::NeedsInput),
        ("stuck", Self::Stuck),
        ("detecting", Self::Detecting),
        ("spawning", Self::Spawning),
        ("merged", Self::Merged),
        ("ci_failed", Self::CiFailed),
        ("draft", Self::Draft),
        ("changes_requested", Self::ChangesRequested),
        ("mergeable", Self::Mergeable),
        ("approved", Self::Approved),
        ("review_pending", Self::ReviewPending),
        ("pr_open", Self::PrOpen),
        ("no_signal", Self::NoSignal),
        ("idle", Self::Idle),
        ("working", Self::Working),
    ];
}

impl<'de> Deserialize<'de> for SessionStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}
