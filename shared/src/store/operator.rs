//! What the operator's intervals saw and did, per run; whom it reminded of what; of whom it told people.

use std::collections::BTreeMap;

use serde_json::json;

use super::statement::{Statement, nullable};
use super::{Reader, StoreError, runs};
use crate::domain::reaction::keys;
use crate::domain::run::operator::Counters;
use crate::value::{NotificationKind, Scope, Word};

/// The counters of a run; all zero before its first interval.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn counters(reader: &mut Reader<'_>, scope: &Scope, run_id: &str) -> Result<Counters, StoreError> {
    const SQL: &str = "SELECT confirmations, restarts, last_restart_at FROM operator_states WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3";
    let Some(row) = reader.row(SQL, runs::key(scope, run_id))? else { return Ok(Counters::default()) };
    let mut columns = row.columns();
    let mut count = || Ok::<_, StoreError>(u32::try_from(columns.integer()?).unwrap_or(u32::MAX));
    let (confirmations, restarts) = (count()?, count()?);
    Ok(Counters { confirmations, restarts, last_restart_at: columns.optional_time()? })
}

/// The statement that keeps the counters of a run.
#[must_use]
pub fn store(scope: &Scope, run_id: &str, counters: &Counters) -> Statement {
    let mut params = runs::key(scope, run_id);
    params.extend([
        i64::from(counters.confirmations).into(),
        i64::from(counters.restarts).into(),
        nullable(counters.last_restart_at.map(|at| at.0)),
    ]);
    Statement::new(include_str!("sql/upsert_operator_state.sql"), params)
}

/// What the agents of these sessions were reminded of, by session: the session itself for what is not committed, addresses
/// of pull requests that are drafts.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn reminded(
    reader: &mut Reader<'_>,
    scope: &Scope,
    session_ids: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    const SQL: &str = "SELECT session_id, subject FROM reactions WHERE team_id = ?1 AND project_id = ?2 AND session_id IN (SELECT value FROM json_each(?3)) AND key IN (?4, ?5)";
    let mut reminded: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if session_ids.is_empty() {
        return Ok(reminded);
    }
    let params = vec![
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        json!(session_ids).to_string().into(),
        keys::COMMIT_READY.into(),
        keys::PR_READY.into(),
    ];
    for row in reader.rows(SQL, params)? {
        let mut columns = row.columns();
        reminded.entry(columns.text()?).or_default().push(columns.text()?);
    }
    Ok(reminded)
}

/// What a person is told about that restarts did not help: the subject of the notification.
#[must_use]
pub fn blocked_subject(run_id: &str, agent_name: &str) -> String {
    format!("{run_id}/{agent_name}")
}

/// Agents of a run of which people are told that restarts did not help, while that is not resolved.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn blocked(reader: &mut Reader<'_>, scope: &Scope, run_id: &str) -> Result<Vec<String>, StoreError> {
    // The sign after the slash ends the range of the run's own subjects.
    const SQL: &str = "SELECT agent_name FROM notifications WHERE team_id = ?1 AND project_id = ?2 AND kind = ?4 AND subject > ?3 || '/' AND subject < ?3 || '0' AND resolved_at IS NULL AND agent_name IS NOT NULL";
    let mut params = runs::key(scope, run_id);
    params.push(NotificationKind::AgentBlocked.as_str().into());
    reader.rows(SQL, params)?.into_iter().map(|row| Ok(row.columns().text()?)).collect()
}
