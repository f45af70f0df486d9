//! What waits too long: threads whose deadline acts now, and those that have to ask for attention.

use crate::clock::Time;
use crate::message::command::{EscalateThread, EscalationReason};
use crate::store::{Reader, StoreError};
use crate::value::Scope;

/// A thread that is due, and what tells this time from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Tenant.
    pub scope: Scope,
    /// What is to be done.
    pub command: EscalateThread,
    /// When it fell due.
    pub due: Time,
}

/// Threads that are due at `now`, up to `limit` for each reason; untouched since `untouched` counts as waiting too long.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn due(reader: &mut Reader<'_>, now: Time, untouched: Time, limit: u32) -> Result<Vec<Due>, StoreError> {
    let params = vec![now.0.into(), untouched.0.into(), i64::from(limit).into()];
    let mut found = Vec::new();
    for row in reader.rows(include_str!("../sql/list_due_questions.sql"), params)? {
        let mut columns = row.columns();
        let scope = Scope { team_id: columns.text()?, project_id: columns.text()? };
        let (thread_id, why) = (columns.text()?, columns.text()?);
        let why = match why.as_str() {
            "deadline" => EscalationReason::Deadline,
            "priority" => EscalationReason::Priority,
            _ => EscalationReason::Age,
        };
        let command = EscalateThread { thread_id, why, at: columns.time()? };
        found.push(Due { scope, command, due: columns.time()? });
    }
    Ok(found)
}
