//! What waits too long: threads whose deadline acts now, and those that have to ask for attention.

use crate::clock::Time;
use crate::message::command::{EscalateThread, EscalationReason};
use crate::store::notifications::About;
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

/// A thread that asks for attention, or of which people are told that it did.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The thread.
    pub thread_id: String,
    /// Its title.
    pub title: String,
    /// Whether it asks for attention now.
    pub escalated: bool,
    /// Where it stands in the fleet.
    pub about: About,
}

/// Of these threads those that ask for attention, and those of which people are told.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn attention(reader: &mut Reader<'_>, scope: &Scope, threads: &[String]) -> Result<Vec<Attention>, StoreError> {
    let ids = serde_json::to_string(threads).unwrap_or_default();
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), ids.into()];
    let rows = reader.rows(include_str!("../sql/list_threads_of_attention.sql"), params)?.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok(Attention {
            thread_id: columns.text()?,
            title: columns.text()?,
            escalated: columns.integer()? != 0,
            about: About {
                ticket: columns.optional_text()?,
                run_id: columns.optional_text()?,
                session_id: columns.optional_text()?,
                agent_name: columns.optional_text()?,
                thread_id: None,
            },
        })
    });
    rows.collect()
}
