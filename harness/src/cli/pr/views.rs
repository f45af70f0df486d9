//! What the commands read of pull requests in the server's documents: the members they show, and nothing else.

use serde::Deserialize;

use crate::cli::text::line;

/// How a pull request stands, as sessions and agents show it too.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct PrFacts {
    pub(in crate::cli) url: String,
    pub(in crate::cli) state: String,
    pub(in crate::cli) ci: String,
    pub(in crate::cli) review: String,
    pub(in crate::cli) mergeability: String,
    pub(in crate::cli) unresolved: i64,
}

impl PrFacts {
    /// The titles of [`PrFacts::row`].
    pub(in crate::cli) const HEADING: [&str; 6] =
        ["PULL REQUEST", "STATE", "CI", "REVIEW", "MERGEABILITY", "UNRESOLVED"];

    /// As a row of a table. What is missing shows as unknown.
    pub(in crate::cli) fn row(&self) -> Vec<String> {
        let facts = [&self.url, &self.state, &self.ci, &self.review, &self.mergeability].map(|fact| or_unknown(fact));
        facts.into_iter().chain([self.unresolved.to_string()]).collect()
    }
}

/// A fact, which may be missing.
pub(super) fn or_unknown(fact: &str) -> String {
    if fact.is_empty() { "unknown".to_owned() } else { line(fact) }
}

/// A pull request as lists and outcomes show it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct PullRequestView {
    #[serde(flatten)]
    pub(in crate::cli) facts: PrFacts,
    pub(in crate::cli) session_id: String,
    pub(in crate::cli) title: Option<String>,
    pub(in crate::cli) branch: Option<String>,
    pub(in crate::cli) base_branch: Option<String>,
    pub(in crate::cli) head_sha: Option<String>,
    pub(in crate::cli) author: Option<String>,
    pub(in crate::cli) additions: Option<i64>,
    pub(in crate::cli) deletions: Option<i64>,
    pub(in crate::cli) state_since: String,
    pub(in crate::cli) review_since: String,
    pub(in crate::cli) ci_since: String,
    pub(in crate::cli) mergeability_since: String,
    pub(in crate::cli) blockers: Vec<String>,
    pub(in crate::cli) checks: Vec<CheckView>,
    pub(in crate::cli) comments: Vec<CommentView>,
    pub(in crate::cli) observed_at: String,
    pub(in crate::cli) created_at: String,
    pub(in crate::cli) updated_at: String,
}

/// One check of one commit.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct CheckView {
    pub(in crate::cli) name: String,
    pub(in crate::cli) commit: String,
    pub(in crate::cli) status: String,
    pub(in crate::cli) url: Option<String>,
    pub(in crate::cli) log_tail: Option<String>,
    pub(in crate::cli) observed_at: String,
}

/// One review comment.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct CommentView {
    pub(in crate::cli) id: String,
    pub(in crate::cli) author: String,
    pub(in crate::cli) is_bot: bool,
    pub(in crate::cli) body: String,
    pub(in crate::cli) path: Option<String>,
    pub(in crate::cli) line: Option<i64>,
    pub(in crate::cli) resolved: bool,
}
