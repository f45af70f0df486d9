//! One observation of a pull request: its facts, its checks, its review comments.

mod text;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::value::{CheckStatus, Mergeability, PrCi, PrReview, PrState, Scope};

pub use text::{log_tail, pull_request_url};

/// Most checks of one observation.
const CHECKS_MAX: usize = 500;
/// Most comments of one observation.
const COMMENTS_MAX: usize = 1000;
/// Longest comment kept, in characters.
const COMMENT_MAX: usize = 16_000;

/// What was seen of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ObservePullRequest {
    /// Its address. Scheme and host are lower-cased; a trailing slash, query and fragment are dropped.
    #[schema(required = true)]
    pub url: String,
    /// The session that owns it.
    #[schema(required = true)]
    pub session_id: String,
    /// Whether it could be fetched at all; if not, nothing is written.
    #[schema(required = true)]
    pub fetched: bool,
    /// True when only what changed is given: what is absent stays, comments and checks are merged.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// When it was so, RFC 3339 UTC. What is older than what is stored is ignored; without it nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub observed_at: Option<Time>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PrState>,
    /// What reviewers say. With `reviewer` it is that one's word; the words of all are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<PrReview>,
    /// Whose review it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// What its checks come to; without it they are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci: Option<PrCi>,
    /// Whether it can be merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mergeability: Option<Mergeability>,
    /// What keeps it from being merged: at most 20 texts of 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blockers: Option<Vec<String>>,
    /// Its checks, at most 500.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<ObservedCheck>,
    /// Its review comments, at most 1 000. Unless `partial`, those that are stored and not among them are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<Vec<ObservedComment>>,
}

/// One check of one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservedCheck {
    /// Its name.
    pub name: String,
    /// The commit it ran on.
    pub commit: String,
    /// How it stands.
    pub status: CheckStatus,
    /// Where it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its log. The last 40 lines, at most 4 KiB, are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
}

/// One review comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservedComment {
    /// Its id, unique in the pull request.
    pub id: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// Whether a program wrote it.
    #[serde(default)]
    pub is_bot: bool,
    /// Text; the first 16 000 characters are kept.
    #[serde(default)]
    pub body: String,
    /// File it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether it is dealt with.
    #[serde(default)]
    pub resolved: bool,
}

impl Command for ObservePullRequest {
    const NAME: &'static str = "observe_pull_request";

    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let url = pull_request_url(&self.url);
        if url.is_none() {
            check.complain("url", "must be an http or https address with a path, of at most 512 characters");
        }
        let session_id = check.name("session_id", &self.session_id, 128);
        let line = |check: &mut Check, field: &str, text: Option<&String>| {
            check.optional_line(field, text.map(String::as_str), 512)
        };
        let mut observed = Self {
            url: url.unwrap_or_default(),
            session_id,
            observed_at: self.observed_at.map(|at| at.min(now)),
            title: check.optional_text("title", self.title.as_deref(), 1000),
            branch: line(&mut check, "branch", self.branch.as_ref()),
            base_branch: line(&mut check, "base_branch", self.base_branch.as_ref()),
            head_sha: check.optional_name("head_sha", self.head_sha.as_deref()),
            author: check.optional_name("author", self.author.as_deref()),
            reviewer: check.optional_name("reviewer", self.reviewer.as_deref()),
            blockers: self.blockers.as_ref().map(|blockers| check.texts("blockers", blockers, 20, 200)),
            ..self
        };
        if observed.checks.len() > CHECKS_MAX {
            check.complain("checks", format!("must have at most {CHECKS_MAX} entries"));
        }
        for (index, of) in observed.checks.iter_mut().enumerate() {
            of.name = check.name(&format!("checks/{index}/name"), &of.name, 256);
            of.commit = check.name(&format!("checks/{index}/commit"), &of.commit, 128);
            of.url = check.optional_line(&format!("checks/{index}/url"), of.url.as_deref(), 2048);
            of.log_tail = of.log_tail.as_deref().and_then(log_tail);
        }
        // Of a check that is named twice the last word counts.
        let mut seen = std::collections::HashSet::new();
        observed.checks.reverse();
        observed.checks.retain(|of| seen.insert((of.name.clone(), of.commit.clone())));
        observed.checks.reverse();
        if let Some(comments) = &mut observed.comments {
            Self::normalise_comments(comments, &mut check);
        }
        check.done(observed)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::PullRequest(self.url.clone())
    }
}

impl ObservePullRequest {
    /// Whether it says something of the pull request itself, not only of its checks or comments.
    #[must_use]
    pub fn says_facts(&self) -> bool {
        !self.partial
            || self.title.is_some()
            || self.head_sha.is_some()
            || self.state.is_some()
            || self.review.is_some()
            || self.mergeability.is_some()
    }

    fn normalise_comments(comments: &mut Vec<ObservedComment>, check: &mut Check) {
        if comments.len() > COMMENTS_MAX {
            check.complain("comments", format!("must have at most {COMMENTS_MAX} entries"));
        }
        for (index, of) in comments.iter_mut().enumerate() {
            of.id = check.name(&format!("comments/{index}/id"), &of.id, 128);
            of.author = super::check::plain(&of.author).trim().chars().take(128).collect();
            of.body = super::check::plain(&of.body).trim().chars().take(COMMENT_MAX).collect();
            of.path = check.optional_line(&format!("comments/{index}/path"), of.path.as_deref(), 1024);
        }
        comments.sort_by(|one, other| one.id.cmp(&other.id));
        comments.dedup_by(|one, other| one.id == other.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // PR-1
    #[test]
    fn variants_of_one_address_are_one() {
        let one = Some("https://example.com/Acme/shop/pull/7".to_owned());
        for variant in [
            "https://example.com/Acme/shop/pull/7",
            " HTTPS://Example.COM/Acme/shop/pull/7/ ",
            "https://example.com/Acme/shop/pull/7?diff=split#files",
            "https://example.com/Acme/shop/pull/7/#discussion",
        ] {
            assert_eq!(pull_request_url(variant), one, "{variant}");
        }
        for wrong in
            ["", "example.com/a/b", "ftp://example.com/a", "https://example.com", "https://u:p@h/x", "https://h/a b"]
        {
            assert_eq!(pull_request_url(wrong), None, "{wrong}");
        }
    }

    // REACT-2
    #[test]
    fn of_a_log_the_last_lines_are_kept_without_its_colours() {
        let lines: Vec<_> = (0..100_000).map(|n| format!("\u{1b}[31mline {n}\u{1b}[0m\r\n")).collect();
        let log = lines.concat();
        let tail = log_tail(&log).unwrap_or_default();
        assert_eq!(tail.lines().count(), 40);
        assert!(tail.starts_with("line 99960\n") && tail.ends_with("line 99999"), "{tail}");
        let wide = log_tail(&"é".repeat(5_000_000)).unwrap_or_default();
        assert!(wide.len() <= 4096 && wide.chars().all(|c| c == 'é'));
        assert_eq!(log_tail(" \n\u{7}\n"), None);
    }

    // PR-1
    #[test]
    fn comments_have_one_order_and_a_check_one_word() {
        let comment = |id: &str| ObservedComment {
            id: id.into(),
            author: "eve\u{1b}[31m".into(),
            is_bot: false,
            body: " no\u{0} ".into(),
            path: None,
            line: None,
            resolved: false,
        };
        let check =
            |status| ObservedCheck { name: "build".into(), commit: "c1".into(), status, url: None, log_tail: None };
        let observed = ObservePullRequest {
            url: "https://h/a/b/pull/1".into(),
            session_id: "p-1".into(),
            fetched: true,
            checks: vec![check(CheckStatus::Queued), check(CheckStatus::Failed)],
            comments: Some(vec![comment("2"), comment("1"), comment("2")]),
            ..ObservePullRequest::default()
        };
        let observed = observed.normalise(Time(0)).unwrap_or_else(|errors| panic!("{errors:?}"));
        let ids: Vec<_> = observed.comments.iter().flatten().map(|comment| comment.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(
            observed.comments.iter().flatten().next().map(|of| (of.author.as_str(), of.body.as_str())),
            Some(("eve", "no"))
        );
        assert_eq!(observed.checks.iter().map(|of| of.status).collect::<Vec<_>>(), [CheckStatus::Failed]);
    }
}
