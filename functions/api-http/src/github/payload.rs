//! The parts of GitHub's deliveries that are read. Everything else in them is ignored; what GitHub leaves out of some of
//! them, or writes as null, may be missing.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use shared::clock::Time;
use shared::message::command::pull_request_url;

/// `pull_request`, whatever the action: each carries the whole pull request.
#[derive(Debug, Deserialize)]
pub struct PullRequestDelivery {
    /// Where it goes.
    pub repository: Repository,
    /// What it is now.
    pub pull_request: PullRequest,
}

/// `check_run`.
#[derive(Debug, Deserialize)]
pub struct CheckRunDelivery {
    /// Whose commit was checked.
    pub repository: Repository,
    /// The check.
    pub check_run: CheckRun,
}

/// `check_suite`.
#[derive(Debug, Deserialize)]
pub struct CheckSuiteDelivery {
    /// `completed`, `requested` or `rerequested`.
    pub action: String,
    /// Whose commit was checked.
    pub repository: Repository,
    /// All checks of one application.
    pub check_suite: CheckSuite,
}

/// `pull_request_review`.
#[derive(Debug, Deserialize)]
pub struct ReviewDelivery {
    /// `submitted`, `edited` or `dismissed`.
    pub action: String,
    /// Where the pull request goes.
    pub repository: Repository,
    /// The pull request.
    pub pull_request: PullRequest,
    /// The review.
    pub review: Review,
}

/// `pull_request_review_comment`: a remark on lines of the change.
#[derive(Debug, Deserialize)]
pub struct ReviewCommentDelivery {
    /// `created`, `edited` or `deleted`.
    pub action: String,
    /// Where the pull request goes.
    pub repository: Repository,
    /// The pull request.
    pub pull_request: PullRequest,
    /// The remark.
    pub comment: Comment,
}

/// `issue_comment`: also for what is said below a pull request.
#[derive(Debug, Deserialize)]
pub struct IssueCommentDelivery {
    /// `created`, `edited` or `deleted`.
    pub action: String,
    /// The issue that every pull request is too.
    pub issue: Issue,
    /// What was said.
    pub comment: Comment,
}

/// A repository.
#[derive(Debug, Deserialize)]
pub struct Repository {
    /// Stays when it is renamed.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Where it is shown.
    pub html_url: Address,
}

/// Whoever did something. GitHub writes null for those who are gone.
#[derive(Debug, Deserialize)]
pub struct Account {
    /// Name.
    pub login: String,
    /// `User`, `Bot` or `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A pull request.
#[derive(Debug, Deserialize)]
pub struct PullRequest {
    /// Where it is shown: its address.
    pub html_url: Address,
    /// Title.
    pub title: Option<String>,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it is a draft.
    pub draft: Option<bool>,
    /// Whether it is merged; only `pull_request` says so.
    pub merged: Option<bool>,
    /// When it was merged.
    pub merged_at: Option<Time>,
    /// Where it comes from.
    pub head: Tip,
    /// Where it goes to.
    pub base: Tip,
    /// Who opened it.
    pub user: Option<Account>,
    /// Lines added; only `pull_request` says so.
    pub additions: Option<u32>,
    /// Lines deleted; only `pull_request` says so.
    pub deletions: Option<u32>,
    /// Whether it can be merged, as far as GitHub has found out; only `pull_request` says so.
    pub mergeable_state: Option<String>,
    /// When anything about it last changed.
    pub updated_at: Option<Time>,
}

/// One end of a pull request.
#[derive(Debug, Deserialize)]
pub struct Tip {
    /// Branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// Its newest commit.
    pub sha: String,
    /// The repository that has it; null for a fork that is gone.
    pub repo: Option<Home>,
}

/// The repository of a branch.
#[derive(Debug, Deserialize)]
pub struct Home {
    /// Stays when it is renamed.
    pub id: u64,
    /// `owner/name`; not told with checks.
    pub full_name: Option<String>,
}

/// A pull request as checks name it.
#[derive(Debug, Deserialize)]
pub struct Linked {
    /// Its number in the repository that it goes to.
    pub number: u64,
    /// Where it comes from.
    pub head: Tip,
    /// Where it goes to.
    pub base: Tip,
}

/// One check of one commit.
#[derive(Debug, Deserialize)]
pub struct CheckRun {
    /// Name.
    pub name: String,
    /// The commit.
    pub head_sha: String,
    /// How far it is.
    pub status: String,
    /// How it ended, once it has.
    pub conclusion: Option<String>,
    /// Where it is shown.
    pub html_url: Option<String>,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// What it printed.
    pub output: Option<Output>,
    /// Open pull requests of its commit or branch; none for those from forks.
    pub pull_requests: Option<Vec<Linked>>,
}

/// What a check printed.
#[derive(Debug, Deserialize)]
pub struct Output {
    /// The details.
    pub text: Option<String>,
    /// What they come to.
    pub summary: Option<String>,
}

/// All checks of one commit by one application.
#[derive(Debug, Deserialize)]
pub struct CheckSuite {
    /// The commit.
    pub head_sha: String,
    /// How they ended, once they have.
    pub conclusion: Option<String>,
    /// When they last changed.
    pub updated_at: Option<Time>,
    /// Open pull requests of its commit or branch; none for those from forks.
    pub pull_requests: Option<Vec<Linked>>,
}

/// A review.
#[derive(Debug, Deserialize)]
pub struct Review {
    /// Identity.
    pub id: u64,
    /// Who reviewed.
    pub user: Option<Account>,
    /// What they wrote above their remarks.
    pub body: Option<String>,
    /// `approved`, `changes_requested`, `commented` or `dismissed`.
    pub state: String,
    /// When; an edit or a dismissal leaves it as it was.
    pub submitted_at: Option<Time>,
}

/// A comment, on lines of the change or below the pull request.
#[derive(Debug, Deserialize)]
pub struct Comment {
    /// Identity among those of its kind.
    pub id: u64,
    /// Who wrote it.
    pub user: Option<Account>,
    /// What they wrote.
    pub body: Option<String>,
    /// File it is about.
    pub path: Option<String>,
    /// Line of the file as it is now; null once that line is gone.
    pub line: Option<u32>,
    /// Line of the file as it was commented on.
    pub original_line: Option<u32>,
    /// When it was last written.
    pub updated_at: Option<Time>,
}

/// An issue.
#[derive(Debug, Deserialize)]
pub struct Issue {
    /// Who opened it.
    pub user: Option<Account>,
    /// There when it is a pull request.
    pub pull_request: Option<IssuePullRequest>,
}

/// The pull request that an issue is.
#[derive(Debug, Deserialize)]
pub struct IssuePullRequest {
    /// Where it is shown: its address.
    pub html_url: Option<Address>,
}

/// An address in its one form.
#[derive(Debug)]
pub struct Address(pub String);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        pull_request_url(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected an http or https address with a path"))
    }
}
