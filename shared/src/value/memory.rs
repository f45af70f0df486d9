//! The words of memory: lanes and jobs, why a job fails, what an observation is.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Word, word};

/// What a job does. Each kind has a lane of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Makes observations of one agent event.
    Event,
    /// Makes observations of the events of one batch.
    EventBatch,
    /// Sums up a session.
    Summary,
    /// Builds the index entries of observations again.
    Reindex,
}

impl JobKind {
    /// Every kind, in the order of the vocabulary.
    pub const EVERY: [Self; 4] = [Self::Event, Self::EventBatch, Self::Summary, Self::Reindex];

    /// What the ids of its jobs begin with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Event => "evt_",
            Self::EventBatch => "evtb_",
            Self::Summary => "sum_",
            Self::Reindex => "rdx_",
        }
    }

    /// The function that works its lane.
    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::Event => "job-event",
            Self::EventBatch => "job-event-batch",
            Self::Summary => "job-summary",
            Self::Reindex => "job-reindex",
        }
    }

    /// Whether it asks a provider.
    #[must_use]
    pub fn generates(self) -> bool {
        self != Self::Reindex
    }
}

impl Word for JobKind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(&'static str, Self)] = &[
        ("event", Self::Event),
        ("event_batch", Self::EventBatch),
        ("summary", Self::Summary),
        ("reindex", Self::Reindex),
    ];
}

impl<'de> Deserialize<'de> for JobKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits.
    Queued,
    /// Its lane works on it.
    Processing,
    /// It is done.
    Completed,
    /// It was given up.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl JobStatus {
    /// Whether only an operator moves it on.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Word for JobStatus {
    const NAME: &'static str = "status";
    const ALL: &'static [(&'static str, Self)] = &[
        ("queued", Self::Queued),
        ("processing", Self::Processing),
        ("completed", Self::Completed),
        ("failed", Self::Failed),
        ("cancelled", Self::Cancelled),
    ];
}

impl<'de> Deserialize<'de> for JobStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Why a job failed; it decides whether the job is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Something that may work the next time: no connection, a timeout, an error on the provider's side.
    Transient,
    /// The provider wants fewer requests.
    RateLimited,
    /// The provider does not take the key.
    Auth,
    /// What was paid for is used up.
    Quota,
    /// The provider's answer is none.
    InvalidOutput,
    /// It cannot work: the request itself is refused, or its source is gone.
    Unrecoverable,
    /// The job names another tenant than its row.
    Scope,
    /// The key that caused it works no more.
    Revoked,
}

impl ErrorClass {
    /// Whether a job that failed so is tried again.
    #[must_use]
    pub fn is_retried(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited)
    }
}

impl Word for ErrorClass {
    const NAME: &'static str = "error_class";
    const ALL: &'static [(&'static str, Self)] = &[
        ("transient", Self::Transient),
        ("rate_limited", Self::RateLimited),
        ("auth", Self::Auth),
        ("quota", Self::Quota),
        ("invalid_output", Self::InvalidOutput),
        ("unrecoverable", Self::Unrecoverable),
        ("scope", Self::Scope),
        ("revoked", Self::Revoked),
    ];
}

impl<'de> Deserialize<'de> for ErrorClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObservationKind {
    /// Something was decided, with its reason.
    Decision,
    /// Something was found out.
    Discovery,
    /// Something was changed.
    Change,
    /// Something that was broken was mended.
    Fix,
    /// Something did not work.
    Failure,
    /// Something was checked, and how that went.
    Verification,
    /// Anything else worth keeping.
    Note,
    /// What a session came to.
    Summary,
}

impl Word for ObservationKind {
    const NAME: &'static str = "observation kind";
    const ALL: &'static [(&'static str, Self)] = &[
        ("decision", Self::Decision),
        ("discovery", Self::Discovery),
        ("change", Self::Change),
        ("fix", Self::Fix),
        ("failure", Self::Failure),
        ("verification", Self::Verification),
        ("note", Self::Note),
        ("summary", Self::Summary),
    ];
}

impl<'de> Deserialize<'de> for ObservationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}
