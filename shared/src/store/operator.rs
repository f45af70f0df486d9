//! What the operator's intervals saw and did, per run.

use super::statement::{Statement, nullable};
use super::{Reader, StoreError, runs};
use crate::domain::run::operator::Counters;
use crate::value::Scope;

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
