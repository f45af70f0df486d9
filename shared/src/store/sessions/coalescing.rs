//! Reports that say what is known already: agents repeat themselves every few seconds, and only news is worth a command.

use super::tenant;
use crate::clock::Time;
use crate::message::command::ReportActivity;
use crate::store::statement::{Guard, Statement, nullable};
use crate::store::{Reader, StoreError};
use crate::value::{Activity, Scope, Word};

/// Fails unless this activity is news: another one than the newest report waiting to be handled says, or, when none waits,
/// than the session's, if that was stored after `since`.
#[must_use]
pub fn news(scope: &Scope, report: &ReportActivity, activity: Activity, since: Time) -> Statement {
    let mut params = tenant(scope);
    params.extend([report.session_id.clone().into(), activity.as_str().into(), since.0.into()]);
    params.push(nullable(report.launch_id.clone()));
    Statement::new(include_str!("../sql/write_guard_of_news.sql"), params).guarded(Guard::News)
}

/// The command that holds a session's newest report: one that waits, else the one that was stored.
///
/// # Errors
/// When the read fails.
pub fn last_report(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Option<String>, StoreError> {
    let mut params = tenant(scope);
    params.push(session_id.to_owned().into());
    let row = reader.row(include_str!("../sql/find_last_report.sql"), params)?;
    Ok(row.map(|row| row.columns().optional_text()).transpose()?.flatten())
}
