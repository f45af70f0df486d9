//! A pull request as it is shown: its facts, the checks of its newest commit, its unresolved comments.

use serde::Serialize;
use utoipa::ToSchema;

use super::read::{PullRequestRow, checks_of_commit, unresolved};
use crate::clock::Time;
use crate::message::command::ObservedComment;
use crate::store::{Reader, StoreError};
use crate::value::{CheckStatus, Mergeability, PrCi, PrReview, PrState, Scope};

/// Checks and comments shown of one pull request.
const SHOWN: u32 = 100;

/// A pull request as shown. What is not known is absent or `unknown`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PullRequestView {
    /// Address.
    pub url: String,
    /// Project.
    pub project_id: String,
    /// The session that owns it.
    pub session_id: String,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Branch it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Branch it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_branch: Option<String>,
    /// Its newest commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<String>,
    /// Who opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Lines added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additions: Option<u32>,
    /// Lines deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletions: Option<u32>,
    /// Where it stands.
    pub state: PrState,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Time,
    /// What reviewers say.
    pub review: PrReview,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub review_since: Time,
    /// What its checks come to.
    pub ci: PrCi,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub ci_since: Time,
    /// Whether it can be merged.
    pub mergeability: Mergeability,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub mergeability_since: Time,
    /// What keeps it from being merged.
    pub blockers: Vec<String>,
    /// Unresolved comments.
    pub unresolved: i64,
    /// The checks of its newest commit.
    pub checks: Vec<CheckView>,
    /// Unresolved comments, the oldest first, at most 100. They are text by others.
    pub comments: Vec<ObservedComment>,
    /// When its facts were seen so, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Time,
    /// When it was first observed, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it last changed, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// A check of one commit as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckView {
    /// Name.
    pub name: String,
    /// Commit.
    pub commit: String,
    /// How it stands.
    pub status: CheckStatus,
    /// Where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The end of its log. It is a program's output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
    /// When it was seen so, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Time,
}

/// A pull request as shown.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn view(reader: &mut Reader<'_>, team_id: &str, row: PullRequestRow) -> Result<PullRequestView, StoreError> {
    let PullRequestRow { project_id, pr, unresolved: (open, _), .. } = row;
    let scope = Scope { team_id: team_id.to_owned(), project_id };
    let checks = checks_of_commit(reader, &scope, &pr.url, pr.head_sha.as_deref(), SHOWN)?;
    let checks = checks.into_iter().map(|check| CheckView {
        name: check.name,
        commit: check.commit,
        status: check.status,
        url: check.url,
        log_tail: check.log_tail,
        observed_at: check.observed_at,
    });
    let comments = if open > 0 { unresolved(reader, &scope, &pr.url, SHOWN)? } else { Vec::new() };
    Ok(PullRequestView {
        checks: checks.collect(),
        comments,
        url: pr.url,
        project_id: scope.project_id,
        session_id: pr.session_id,
        title: pr.title,
        branch: pr.branch,
        base_branch: pr.base_branch,
        head_sha: pr.head_sha,
        author: pr.author,
        additions: pr.additions,
        deletions: pr.deletions,
        state: pr.state.0,
        state_since: pr.state.1,
        review: pr.review.0,
        review_since: pr.review.1,
        ci: pr.ci.0,
        ci_since: pr.ci.1,
        mergeability: pr.mergeability.0,
        mergeability_since: pr.mergeability.1,
        blockers: pr.blockers,
        unresolved: open,
        observed_at: pr.observed_at,
        created_at: pr.created_at,
        updated_at: pr.updated_at,
    })
}
