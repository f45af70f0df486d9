//! Pull requests, their checks and comments: what an observation is decided on, and the one transaction that stores it.

mod read;
mod view;

use serde_json::json;

use super::aggregate::{Aggregate, Author, Change};
use super::commands::AppliedTo;
use super::sessions;
use super::statement::{Guard, Statement, Value, nullable};
use super::{Row, StoreError};
use crate::domain::pull_request::{Check, Comment, Observation, PullRequest, Stored};
use crate::domain::session::Session;
use crate::message::command::ObservedComment;
use crate::value::{PrState, Scope, Word};

pub use read::{PrFilter, PullRequestRow, by_head, checks, facts_of, list, owner, unresolved};
pub use view::{CheckView, PullRequestView, view};

/// Pull requests.
pub struct PullRequests;

/// What an observation is decided on.
#[derive(Clone, Debug, Default)]
pub struct PullRequestState {
    /// What is stored of it.
    pub stored: Stored,
    /// The session that is to own it.
    pub session: Option<Session>,
    /// The session's other pull requests, and where they stand.
    pub others: Vec<(String, PrState)>,
}

/// What an observation comes to.
#[derive(Clone, Debug)]
pub enum Observed {
    /// What is stored is newer, all of it.
    Ignored,
    /// This changes, and perhaps the session ends with it.
    Changed(Box<Observation>, Option<Box<Session>>),
}

fn key(scope: &Scope, url: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), url.to_owned().into()]
}

/// The statement that reads pull requests by address, and those of sessions that are named, or that a command names.
fn read(scope: &Scope, url: &str, session_ids: &[&str], command_id: Option<&str>) -> Statement {
    let mut params = key(scope, url);
    params.extend([json!(session_ids).to_string().into(), nullable(command_id.map(str::to_owned))]);
    Statement::new(include_str!("sql/read_pull_requests.sql"), params)
}

impl Aggregate for PullRequests {
    type State = PullRequestState;
    type Event = Observed;

    fn reads(scope: &Scope, id: &str, command_id: &str) -> Vec<Statement> {
        let mut of_command = key(scope, id);
        of_command.push(command_id.to_owned().into());
        vec![
            read(scope, id, &[], Some(command_id)),
            sessions::read(scope, &[], Some(command_id)),
            Statement::new(include_str!("sql/read_observed_checks.sql"), of_command),
            Statement::new(include_str!("sql/read_pr_comments.sql"), key(scope, id)),
            // Which of the pull requests is the one that is observed: its own address, as it is named.
            Statement::new("SELECT ?1", vec![id.to_owned().into()]),
        ]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<PullRequestState, StoreError> {
        let mut rows = rows.into_iter();
        let mut next = || rows.next().unwrap_or_default();
        let prs = next().into_iter().map(read::pull_request).collect::<Result<Vec<_>, _>>()?;
        let session = next().into_iter().next().map(sessions::session).transpose()?;
        let checks = next().into_iter().map(read::check).collect::<Result<_, _>>()?;
        let comments = next().into_iter().map(read::comment).collect::<Result<_, _>>()?;
        let url = next().into_iter().next().map(|row| row.columns().text()).transpose()?.unwrap_or_default();
        let (own, others): (Vec<_>, Vec<_>) = prs.into_iter().partition(|row| row.pr.url == url);
        let facts = own.into_iter().next().map(|row| row.pr);
        let owned =
            |row: &PullRequestRow| session.as_ref().is_some_and(|session| row.pr.session_id == session.session_id);
        let others = others.into_iter().filter(owned).map(|row| (row.pr.url, row.pr.state.0)).collect();
        Ok(PullRequestState { stored: Stored { facts, checks, comments }, session, others })
    }

    fn change(author: &Author<'_>, id: &str, state: PullRequestState, events: &[Observed]) -> Change {
        let mut change = Change::default();
        let ignored = matches!(events.first(), Some(Observed::Ignored));
        change.applied_to = Some(AppliedTo::PullRequest { url: id.to_owned(), ignored });
        let Some(Observed::Changed(observation, session)) = events.first() else { return change };
        let (scope, now) = (author.scope, author.now.0);
        if let Some(facts) = &observation.facts {
            change.statements.push(others_unchanged(scope, facts, &state.others));
            change.statements.push(store(scope, facts));
            change.statements.push(Statement::changed_one_row(Guard::DecidedOn));
        }
        let checks = observation.checks.iter().map(|check| store_check(scope, id, check, now));
        change.statements.extend(checks);
        change.statements.extend(observation.comments.iter().map(|comment| store_comment(scope, id, comment, now)));
        if !observation.gone.is_empty() {
            let mut params = key(scope, id);
            params.push(json!(observation.gone).to_string().into());
            change.statements.push(Statement::new(include_str!("sql/delete_pr_comments.sql"), params));
        }
        if !observation.comments.is_empty() || !observation.gone.is_empty() {
            const TOLD: &str = "UPDATE pull_requests SET comments_told = comments_told + 1 WHERE team_id = ?1 AND project_id = ?2 AND url = ?3";
            change.statements.push(Statement::new(TOLD, key(scope, id)));
        }
        if let Some(session) = session {
            change.statements.extend(sessions::store(author, session));
        }
        change
    }
}

/// Fails if another of the session's pull requests was opened or closed since: whether a session ends hangs on all of them.
fn others_unchanged(scope: &Scope, pr: &PullRequest, others: &[(String, PrState)]) -> Statement {
    const SQL: &str = "INSERT INTO guard (holds) SELECT count(*) = ?5 FROM pull_requests WHERE team_id = ?1 AND project_id = ?2 AND url <> ?3 AND session_id = ?4 AND state IN ('draft', 'open')";
    let open = others.iter().filter(|(_, state)| state.is_open()).count();
    let mut params = key(scope, &pr.url);
    params.extend([pr.session_id.clone().into(), i64::try_from(open).unwrap_or(i64::MAX).into()]);
    Statement::new(SQL, params).guarded(Guard::DecidedOn)
}

fn store(scope: &Scope, pr: &PullRequest) -> Statement {
    let mut params = key(scope, &pr.url);
    params.extend([
        pr.session_id.clone().into(),
        nullable(pr.title.clone()),
        nullable(pr.branch.clone()),
        nullable(pr.base_branch.clone()),
        nullable(pr.head_sha.clone()),
        nullable(pr.author.clone()),
        nullable(pr.additions.map(i64::from)),
        nullable(pr.deletions.map(i64::from)),
        pr.state.0.as_str().into(),
        pr.state.1.0.into(),
        pr.review.0.as_str().into(),
        pr.review.1.0.into(),
        serde_json::to_string(&pr.reviews).unwrap_or_default().into(),
        pr.ci.0.as_str().into(),
        pr.ci.1.0.into(),
        pr.mergeability.0.as_str().into(),
        pr.mergeability.1.0.into(),
        serde_json::to_string(&pr.blockers).unwrap_or_default().into(),
        pr.observed_at.0.into(),
        pr.created_at.0.into(),
        pr.updated_at.0.into(),
        pr.version.into(),
    ]);
    Statement::new(include_str!("sql/upsert_pull_request.sql"), params)
}

fn store_check(scope: &Scope, url: &str, check: &Check, now: i64) -> Statement {
    let mut params = key(scope, url);
    params.extend([
        check.name.clone().into(),
        check.commit.clone().into(),
        check.status.as_str().into(),
        nullable(check.url.clone()),
        nullable(check.log_tail.clone()),
        check.observed_at.0.into(),
        now.into(),
    ]);
    Statement::new(include_str!("sql/upsert_pr_check.sql"), params)
}

fn store_comment(scope: &Scope, url: &str, comment: &Comment, now: i64) -> Statement {
    let ObservedComment { id, author, is_bot, body, path, line, resolved } = comment.of.clone();
    let mut params = key(scope, url);
    params.extend([
        id.into(),
        author.into(),
        i64::from(is_bot).into(),
        body.into(),
        nullable(path),
        nullable(line.map(i64::from)),
        i64::from(resolved).into(),
        comment.observed_at.0.into(),
        now.into(),
    ]);
    Statement::new(include_str!("sql/upsert_pr_comment.sql"), params)
}
