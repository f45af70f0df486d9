//! Reading pull requests, their checks and comments.

use super::{key, read};
use crate::domain::pull_request::{Check, Comment, PullRequest};
use crate::domain::session::PrFacts;
use crate::message::command::ObservedComment;
use crate::store::statement::{Statement, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, Row, StoreError};
use crate::value::{PrState, Scope, Word};

/// A pull request with what its triggers keep.
#[derive(Clone, Debug)]
pub struct PullRequestRow {
    /// Place in the order of first observation.
    pub id: i64,
    /// Project.
    pub project_id: String,
    /// The facts.
    pub pr: PullRequest,
    /// Unresolved comments, and since when there are that many.
    pub unresolved: (i64, crate::clock::Time),
}

/// Which pull requests are wanted. All that is given must match.
#[derive(Clone, Debug, Default)]
pub struct PrFilter {
    /// Of one session.
    pub session_id: Option<String>,
    /// In one state.
    pub state: Option<PrState>,
    /// The one of this address, in its one form.
    pub url: Option<String>,
}

/// Reads a row with the columns of `read_pull_requests.sql`.
pub(super) fn pull_request(row: Row) -> Result<PullRequestRow, StoreError> {
    let mut columns = row.columns();
    let (id, project_id) = (columns.integer()?, columns.text()?);
    let count = |count: Option<i64>| count.and_then(|count| u32::try_from(count).ok());
    let pr = PullRequest {
        url: columns.text()?,
        session_id: columns.text()?,
        title: columns.optional_text()?,
        branch: columns.optional_text()?,
        base_branch: columns.optional_text()?,
        head_sha: columns.optional_text()?,
        author: columns.optional_text()?,
        additions: count(columns.optional_integer()?),
        deletions: count(columns.optional_integer()?),
        state: (columns.word()?, columns.time()?),
        review: (columns.word()?, columns.time()?),
        reviews: columns.json()?,
        ci: (columns.word()?, columns.time()?),
        mergeability: (columns.word()?, columns.time()?),
        blockers: columns.json()?,
        observed_at: columns.time()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.integer()?,
    };
    Ok(PullRequestRow { id, project_id, pr, unresolved: (columns.integer()?, columns.time()?) })
}

impl PullRequestRow {
    /// What a session's status looks at.
    #[must_use]
    pub fn facts(&self) -> PrFacts {
        let pr = &self.pr;
        PrFacts {
            url: pr.url.clone(),
            branch: pr.branch.clone(),
            base_branch: pr.base_branch.clone(),
            state: pr.state,
            review: pr.review,
            ci: pr.ci,
            mergeability: pr.mergeability,
            unresolved: self.unresolved,
        }
    }
}

pub(super) fn check(row: Row) -> Result<Check, StoreError> {
    let mut columns = row.columns();
    Ok(Check {
        name: columns.text()?,
        commit: columns.text()?,
        status: columns.word()?,
        url: columns.optional_text()?,
        log_tail: columns.optional_text()?,
        observed_at: columns.time()?,
    })
}

pub(super) fn comment(row: Row) -> Result<Comment, StoreError> {
    let mut columns = row.columns();
    let of = ObservedComment {
        id: columns.text()?,
        author: columns.text()?,
        is_bot: columns.integer()? != 0,
        body: columns.text()?,
        path: columns.optional_text()?,
        line: columns.optional_integer()?.and_then(|line| u32::try_from(line).ok()),
        resolved: columns.integer()? != 0,
    };
    Ok(Comment { of, observed_at: columns.time()? })
}

/// The pull requests of some sessions, each with what a status looks at.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn facts_of(
    reader: &mut Reader<'_>,
    scope: &Scope,
    session_ids: &[&str],
) -> Result<Vec<(PullRequest, PrFacts)>, StoreError> {
    if session_ids.is_empty() {
        return Ok(Vec::new());
    }
    let Statement { sql, params, .. } = read(scope, "", session_ids, None);
    let rows = reader.rows(sql, params)?.into_iter().map(pull_request);
    rows.map(|row| row.map(|row| (row.facts(), row.pr)).map(|(facts, pr)| (pr, facts))).collect()
}

/// The session that owns a pull request.
///
/// # Errors
/// When the read fails.
pub fn owner(reader: &mut Reader<'_>, scope: &Scope, url: &str) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT session_id FROM pull_requests WHERE team_id = ?1 AND project_id = ?2 AND url = ?3";
    reader.row(SQL, key(scope, url))?.map(|row| Ok(row.columns().text()?)).transpose()
}

/// Open pull requests whose newest commit is `head_sha`, each with its session.
///
/// # Errors
/// When the read fails.
pub fn by_head(reader: &mut Reader<'_>, scope: &Scope, head_sha: &str) -> Result<Vec<(String, String)>, StoreError> {
    let rows = reader.rows(include_str!("../sql/list_pull_requests_by_head.sql"), key(scope, head_sha))?;
    let pairs = rows.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok((columns.text()?, columns.text()?))
    });
    pairs.collect()
}

/// The newest `limit` checks of a pull request, oldest first; with the logs of one commit only, if it is named.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn checks(
    reader: &mut Reader<'_>,
    scope: &Scope,
    url: &str,
    (logs_of, limit): (Option<&str>, u32),
) -> Result<Vec<Check>, StoreError> {
    let mut params = key(scope, url);
    params.extend([i64::from(limit).into(), nullable(logs_of.map(str::to_owned))]);
    let rows = reader.rows(include_str!("../sql/list_pr_checks.sql"), params)?;
    let mut checks = rows.into_iter().map(check).collect::<Result<Vec<_>, _>>()?;
    checks.reverse();
    Ok(checks)
}

/// Up to `limit` checks of one commit of a pull request, by name; without a commit the newest ones.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn checks_of_commit(
    reader: &mut Reader<'_>,
    scope: &Scope,
    url: &str,
    commit: Option<&str>,
    limit: u32,
) -> Result<Vec<Check>, StoreError> {
    const SQL: &str = "SELECT name, \"commit\", status, check_url, log_tail, observed_at FROM pr_checks WHERE team_id = ?1 AND project_id = ?2 AND url = ?3 AND \"commit\" = ?4 ORDER BY name LIMIT ?5 + 0";
    let Some(commit) = commit else { return checks(reader, scope, url, (None, limit)) };
    let mut params = key(scope, url);
    params.extend([commit.to_owned().into(), i64::from(limit).into()]);
    reader.rows(SQL, params)?.into_iter().map(check).collect()
}

/// Up to `limit` comments of a pull request that are not resolved, oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn unresolved(
    reader: &mut Reader<'_>,
    scope: &Scope,
    url: &str,
    limit: u32,
) -> Result<Vec<ObservedComment>, StoreError> {
    let mut params = key(scope, url);
    params.push(i64::from(limit).into());
    let rows = reader.rows(include_str!("../sql/list_unresolved_pr_comments.sql"), params)?;
    rows.into_iter().map(|row| comment(row).map(|comment| comment.of)).collect()
}

/// One page of the pull requests of a project, or of a whole team, newest first: those first observed before place `before`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &PrFilter,
    (before, limit): (i64, u32),
) -> Result<Vec<PullRequestRow>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    let mut found = Vec::new();
    for project_id in projects {
        let params = vec![
            team_id.to_owned().into(),
            project_id.into(),
            before.into(),
            i64::from(limit).into(),
            nullable(filter.session_id.clone()),
            nullable(filter.state.map(Word::as_str)),
            nullable(filter.url.clone()),
        ];
        for row in reader.rows(include_str!("../sql/list_pull_requests.sql"), params)? {
            found.push(pull_request(row)?);
        }
    }
    found.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    found.truncate(limit as usize);
    Ok(found)
}
