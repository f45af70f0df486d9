//! The folded control state of a run's agents: what gates, the close of a run and snapshots decide on.

use super::statement::{Guard, Statement};
use super::{Reader, Row, StoreError};
use crate::domain::control::{Asked, Control, Validated};
use crate::value::Scope;

/// The statement that reads the control state of a run, for [`controls`].
#[must_use]
pub fn read(scope: &Scope, run_id: &str) -> Statement {
    Statement::new(include_str!("sql/read_controls.sql"), super::runs::key(scope, run_id))
}

/// The control state of a run, by agent.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn of_run(reader: &mut Reader<'_>, scope: &Scope, run_id: &str) -> Result<Vec<Control>, StoreError> {
    let Statement { sql, params, .. } = read(scope, run_id);
    controls(reader.rows(sql, params)?)
}

/// The control state from the rows that [`read`] gives.
///
/// # Errors
/// When a row is damaged.
pub fn controls(rows: Vec<Row>) -> Result<Vec<Control>, StoreError> {
    rows.into_iter().map(control).collect()
}

/// How many agents wait for guidance, in all projects.
///
/// # Errors
/// When the read fails.
pub fn waiting(reader: &mut Reader<'_>) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM control_threads WHERE status IN ('pending', 'no_answer')";
    let row = reader.row(SQL, Vec::new())?.ok_or_else(|| StoreError::Row("no count".to_owned()))?;
    Ok(row.columns().integer()?)
}

fn control(row: Row) -> Result<Control, StoreError> {
    let mut columns = row.columns();
    let (thread_id, run_id, agent_name) = (columns.text()?, columns.text()?, columns.text()?);
    let (request_id, status) = (columns.optional_text()?, columns.optional_word()?);
    let (question, options, default) = (columns.optional_text()?, columns.json()?, columns.optional_text()?);
    let (deadline, asked_at) = (columns.optional_time()?, columns.optional_time()?);
    let guidance = match (request_id, status, question, asked_at) {
        (Some(request_id), Some(status), Some(question), Some(asked_at)) => {
            Some(Asked { request_id, status, question, options, default, deadline, asked_at })
        }
        _ => None,
    };
    let completion_pos = columns.optional_integer()?;
    let (status, done_criteria, pos) =
        (columns.optional_word()?, columns.optional_text()?, columns.optional_integer()?);
    let validation = match (status, done_criteria, pos) {
        (Some(status), Some(done_criteria), Some(pos)) => Some(Validated { status, done_criteria, pos }),
        _ => None,
    };
    let version = columns.integer()?;
    Ok(Control { thread_id, run_id, agent_name, guidance, completion_pos, validation, version })
}

/// Fails if any agent of the run has signalled since these were read: their versions only grow, and none ever goes.
#[must_use]
pub fn unchanged(scope: &Scope, run_id: &str, controls: &[Control]) -> Statement {
    const SQL: &str = "INSERT INTO guard (holds) SELECT coalesce(sum(version + 1), 0) = ?4 FROM control_threads WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3";
    let seen: i64 = controls.iter().map(|control| control.version + 1).sum();
    let mut params = super::runs::key(scope, run_id);
    params.push(seen.into());
    Statement::new(SQL, params).guarded(Guard::DecidedOn)
}
