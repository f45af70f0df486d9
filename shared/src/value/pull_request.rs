//! The words of pull requests and their checks.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Word, word};

/// Where a pull request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrState {
    /// It is not meant to be merged yet.
    Draft,
    /// It is open.
    #[default]
    Open,
    /// It is merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

impl PrState {
    /// Whether it may still be merged.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Open)
    }
}

impl Word for PrState {
    const NAME: &'static str = "state";
    const ALL: &'static [(&'static str, Self)] =
        &[("draft", Self::Draft), ("open", Self::Open), ("merged", Self::Merged), ("closed", Self::Closed)];
}

impl<'de> Deserialize<'de> for PrState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What its reviewers say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrReview {
    /// Nobody was asked.
    #[default]
    None,
    /// It is approved.
    Approved,
    /// Changes are wanted.
    ChangesRequested,
    /// A review is wanted.
    ReviewRequired,
}

impl Word for PrReview {
    const NAME: &'static str = "review";
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("approved", Self::Approved),
        ("changes_requested", Self::ChangesRequested),
        ("review_required", Self::ReviewRequired),
    ];
}

impl<'de> Deserialize<'de> for PrReview {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What its checks come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrCi {
    /// Nothing tells.
    #[default]
    Unknown,
    /// Some still run.
    Pending,
    /// All passed.
    Passing,
    /// At least one failed.
    Failing,
}

impl Word for PrCi {
    const NAME: &'static str = "ci";
    const ALL: &'static [(&'static str, Self)] = &[
        ("unknown", Self::Unknown),
        ("pending", Self::Pending),
        ("passing", Self::Passing),
        ("failing", Self::Failing),
    ];
}

impl<'de> Deserialize<'de> for PrCi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Whether it can be merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mergeability {
    /// Nothing tells.
    #[default]
    Unknown,
    /// It can.
    Mergeable,
    /// It conflicts with its base.
    Conflicting,
    /// A rule forbids it.
    Blocked,
    /// It can, but checks fail.
    Unstable,
}

impl Word for Mergeability {
    const NAME: &'static str = "mergeability";
    const ALL: &'static [(&'static str, Self)] = &[
        ("unknown", Self::Unknown),
        ("mergeable", Self::Mergeable),
        ("conflicting", Self::Conflicting),
        ("blocked", Self::Blocked),
        ("unstable", Self::Unstable),
    ];
}

impl<'de> Deserialize<'de> for Mergeability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// How a check of one commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Nothing tells.
    Unknown,
    /// It waits.
    Queued,
    /// It runs.
    InProgress,
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not needed.
    Skipped,
    /// It was stopped.
    Cancelled,
}

impl Word for CheckStatus {
    const NAME: &'static str = "check status";
    const ALL: &'static [(&'static str, Self)] = &[
        ("unknown", Self::Unknown),
        ("queued", Self::Queued),
        ("in_progress", Self::InProgress),
        ("passed", Self::Passed),
        ("failed", Self::Failed),
        ("skipped", Self::Skipped),
        ("cancelled", Self::Cancelled),
    ];
}

impl<'de> Deserialize<'de> for CheckStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}
