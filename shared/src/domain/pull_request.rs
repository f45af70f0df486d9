//! A pull request as it was last observed: its facts, its checks per commit, its review comments, and what one more
//! observation changes of them. The database writes the events of what changed.

mod observing;

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::message::command::ObservedComment;
use crate::value::{CheckStatus, Mergeability, PrCi, PrReview, PrState};

/// A pull request as the command side keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct PullRequest {
    /// Its address, in its one form.
    pub url: String,
    /// The session that owns it.
    pub session_id: String,
    /// Title.
    pub title: Option<String>,
    /// Branch it comes from.
    pub branch: Option<String>,
    /// Branch it goes to.
    pub base_branch: Option<String>,
    /// Its newest commit.
    pub head_sha: Option<String>,
    /// Who opened it.
    pub author: Option<String>,
    /// Lines added.
    pub additions: Option<u32>,
    /// Lines deleted.
    pub deletions: Option<u32>,
    /// Where it stands, and since when.
    pub state: (PrState, Time),
    /// What reviewers say, and since when.
    pub review: (PrReview, Time),
    /// What each reviewer said last, of those that are known by name.
    pub reviews: BTreeMap<String, PrReview>,
    /// What its checks come to, and since when.
    pub ci: (PrCi, Time),
    /// Whether it can be merged, and since when.
    pub mergeability: (Mergeability, Time),
    /// What keeps it from being merged.
    pub blockers: Vec<String>,
    /// When its facts were seen so.
    pub observed_at: Time,
    /// When it was first observed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Changes with every write; 0 before it is stored.
    pub version: i64,
}

/// A check of one commit as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// How it stands.
    pub status: CheckStatus,
    /// Where it is shown.
    pub url: Option<String>,
    /// The end of its log.
    pub log_tail: Option<String>,
    /// When it was seen so.
    pub observed_at: Time,
}

/// A comment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it says.
    pub of: ObservedComment,
    /// When it was seen so.
    pub observed_at: Time,
}

/// What is stored of a pull request that is observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Its facts.
    pub facts: Option<PullRequest>,
    /// Its checks of the commits concerned.
    pub checks: Vec<Check>,
    /// Its comments.
    pub comments: Vec<Comment>,
}

/// What an observation leads to. Nothing in it, nothing to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// The facts, if they changed.
    pub facts: Option<PullRequest>,
    /// Checks that are new or changed.
    pub checks: Vec<Check>,
    /// Comments that are new or changed.
    pub comments: Vec<Comment>,
    /// Comments that are gone.
    pub gone: Vec<String>,
    /// Whether something was left aside because what is stored is newer.
    pub outdated: bool,
}

impl Observation {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_none() && self.checks.is_empty() && self.comments.is_empty() && self.gone.is_empty()
    }
}

#[cfg(test)]
mod tests;
