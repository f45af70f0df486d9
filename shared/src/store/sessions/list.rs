//! Sessions as lists show them: each with its pull requests and the status that follows from both.

use std::collections::BTreeMap;

use super::{read, session, tenant};
use crate::clock::Time;
use crate::domain::session::{PrFacts, Session, Shown, StatusLimits, derive};
use crate::store::statement::{Statement, Value};
use crate::store::tenants::projects_of;
use crate::store::{Reader, StoreError, pull_requests};
use crate::value::{Scope, SessionState, SessionStatus, Word};

/// Sessions looked through at once for those with a wanted status.
const SLICE: u32 = 100;

/// A session with what it shows.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Tenant.
    pub scope: Scope,
    /// The session.
    pub session: Session,
    /// Its pull requests.
    pub prs: Vec<PrFacts>,
    /// Its status.
    pub shown: Shown,
}

/// Which sessions are wanted. All that is given must match.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Of one run.
    pub run_id: Option<String>,
    /// With one of these statuses; all when empty.
    pub statuses: Vec<SessionStatus>,
}

impl SessionFilter {
    /// The states in which a session may show one of the wanted statuses.
    fn states(&self) -> Vec<&'static str> {
        use SessionState::{Detecting, Done, Idle, NeedsInput, NotStarted, Stuck, Terminated, Working};
        let mut states: Vec<SessionState> = Vec::new();
        for status in &self.statuses {
            states.extend(match status {
                SessionStatus::Done => vec![Done],
                SessionStatus::Killed | SessionStatus::Cleanup | SessionStatus::Errored => vec![Terminated],
                SessionStatus::NeedsInput => vec![NeedsInput],
                SessionStatus::Stuck => vec![Stuck],
                SessionStatus::Detecting => vec![Detecting],
                SessionStatus::Spawning => vec![NotStarted],
                SessionStatus::NoSignal => vec![NotStarted, Working, Idle],
                _ => vec![Working, Idle],
            });
        }
        states.into_iter().map(Word::as_str).collect()
    }

    /// The wanted statuses, if only sessions with pull requests can show them.
    fn of_prs(&self) -> Vec<&'static str> {
        use SessionStatus as Status;
        let of_prs = |status: &Status| {
            matches!(
                status,
                Status::Merged
                    | Status::CiFailed
                    | Status::Draft
                    | Status::ChangesRequested
                    | Status::Mergeable
                    | Status::Approved
                    | Status::ReviewPending
                    | Status::PrOpen
            )
        };
        if self.statuses.iter().all(of_prs) {
            return self.statuses.iter().map(|status| status.as_str()).collect();
        }
        Vec::new()
    }
}

/// Sessions by their ids with what they show, newest first.
fn rows(
    reader: &mut Reader<'_>,
    scope: &Scope,
    ids: &[&str],
    (limits, now): (StatusLimits, Time),
) -> Result<Vec<SessionRow>, StoreError> {
    let Statement { sql, params, .. } = read(scope, ids, None);
    let sessions = reader.rows(sql, params)?.into_iter().map(session).collect::<Result<Vec<_>, _>>()?;
    let mut prs: BTreeMap<String, Vec<PrFacts>> = BTreeMap::new();
    for (pr, facts) in pull_requests::facts_of(reader, scope, ids)? {
        prs.entry(pr.session_id).or_default().push(facts);
    }
    let rows = sessions.into_iter().map(|session| {
        let prs = prs.remove(&session.session_id).unwrap_or_default();
        let shown = derive(&session, &prs, limits, now);
        SessionRow { scope: scope.clone(), session, prs, shown }
    });
    Ok(rows.collect())
}

/// One session, within a team and perhaps one project.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    session_id: &str,
    derived: (StatusLimits, Time),
) -> Result<Option<SessionRow>, StoreError> {
    // A session's id begins with its project's.
    let Some((own, _)) = session_id.rsplit_once('-') else { return Ok(None) };
    if project_id.is_some_and(|project_id| project_id != own) {
        return Ok(None);
    }
    let scope = Scope { team_id: team_id.to_owned(), project_id: own.to_owned() };
    Ok(rows(reader, &scope, &[session_id], derived)?.pop())
}

/// One page of the sessions of a project, or of a whole team, newest first: those started before place `before`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &SessionFilter,
    (before, limit): (i64, u32),
    derived: (StatusLimits, Time),
) -> Result<Vec<SessionRow>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    let states = serde_json::to_string(&filter.states()).unwrap_or_default();
    let of_prs = serde_json::to_string(&filter.of_prs()).unwrap_or_default();
    let slice = if filter.statuses.is_empty() { limit } else { limit.max(SLICE) };
    let mut found = Vec::new();
    for project_id in projects {
        let scope = Scope { team_id: team_id.to_owned(), project_id };
        let (mut before, mut wanted) = (before, limit as usize);
        loop {
            let mut params = tenant(&scope);
            params.extend([before.into(), i64::from(slice).into()]);
            params.extend([states.clone().into(), of_prs.clone().into()]);
            params.extend(filter.run_id.clone().map(Value::from));
            let mut ids = Vec::new();
            let sql = match filter.run_id {
                Some(_) => include_str!("../sql/list_sessions_in_run.sql"),
                None => include_str!("../sql/list_sessions.sql"),
            };
            for row in reader.rows(sql, params)? {
                let mut columns = row.columns();
                ids.push((columns.integer()?, columns.text()?));
            }
            let last = ids.last().map(|(id, _)| *id);
            let full = ids.len() == slice as usize;
            let ids: Vec<&str> = ids.iter().map(|(_, session_id)| session_id.as_str()).collect();
            let page = rows(reader, &scope, &ids, derived)?.into_iter();
            let page = page.filter(|row| filter.statuses.is_empty() || filter.statuses.contains(&row.shown.status));
            let page: Vec<_> = page.take(wanted).collect();
            wanted -= page.len();
            found.extend(page);
            match last.filter(|_| full && wanted > 0) {
                Some(last) => before = last,
                None => break,
            }
        }
    }
    found.sort_unstable_by_key(|row| std::cmp::Reverse(row.session.id));
    found.truncate(limit as usize);
    Ok(found)
}

/// The sessions of a run with what they show, newest first.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn of_run(
    reader: &mut Reader<'_>,
    scope: &Scope,
    run_id: &str,
    derived: (StatusLimits, Time),
) -> Result<Vec<SessionRow>, StoreError> {
    let found = reader.rows(include_str!("../sql/list_sessions_of_run.sql"), crate::store::runs::key(scope, run_id))?;
    let mut ids = Vec::new();
    for row in found {
        let mut columns = row.columns();
        columns.integer()?;
        ids.push(columns.text()?);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    rows(reader, scope, &ids, derived)
}

/// The first of these that is no session of the project.
///
/// # Errors
/// When the read fails.
pub fn unknown(reader: &mut Reader<'_>, scope: &Scope, ids: &[String]) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT value FROM json_each(?3) WHERE value NOT IN (SELECT session_id FROM sessions WHERE team_id = ?1 AND project_id = ?2 AND session_id IN (SELECT value FROM json_each(?3))) LIMIT 1";
    let mut params = tenant(scope);
    params.push(serde_json::to_string(ids).unwrap_or_default().into());
    reader.row(SQL, params)?.map(|row| Ok(row.columns().text()?)).transpose()
}

/// The newest session of an agent in a run.
///
/// # Errors
/// When the read fails.
pub fn newest_of(
    reader: &mut Reader<'_>,
    scope: &Scope,
    run_id: &str,
    agent_name: &str,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT session_id FROM sessions WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3 AND agent_name = ?4 ORDER BY id DESC LIMIT 1";
    let mut params = crate::store::runs::key(scope, run_id);
    params.push(agent_name.to_owned().into());
    reader.row(SQL, params)?.map(|row| Ok(row.columns().text()?)).transpose()
}

/// The newest session that works on a branch of a repository, which is named as `owner/name` in lower case.
///
/// # Errors
/// When the read fails.
pub fn of_branch(
    reader: &mut Reader<'_>,
    scope: &Scope,
    repository_key: &str,
    branch: &str,
) -> Result<Option<String>, StoreError> {
    let mut params = tenant(scope);
    params.extend([repository_key.to_owned().into(), branch.to_owned().into()]);
    let row = reader.row(include_str!("../sql/find_session_of_branch.sql"), params)?;
    row.map(|row| Ok(row.columns().text()?)).transpose()
}
