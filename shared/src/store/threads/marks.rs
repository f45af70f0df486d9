//! Read marks: how far each viewer has seen each thread.

use crate::store::statement::{Commit, Context, Durability, Guard, Statement, nullable};
use crate::store::{CommitError, Store, StoreError};
use crate::value::{Scope, ViewerType, Word};

/// A viewer's mark on a thread.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Tenant.
    pub scope: Scope,
    /// The thread.
    pub thread_id: String,
    /// Kind of viewer.
    pub viewer_type: ViewerType,
    /// Their name.
    pub viewer_id: String,
    /// Position of the newest event they saw; none means the thread's newest.
    pub pos: Option<i64>,
}

/// Sets a mark, which only grows, and writes `audit` beside it; the mark in force, or nothing where there is no such thread.
///
/// # Errors
/// When the store fails.
pub async fn set(store: &Store, context: Context, mark: Mark, audit: Statement) -> Result<Option<i64>, StoreError> {
    let Mark { scope, thread_id, viewer_type, viewer_id, pos } = mark;
    let params = vec![
        scope.team_id.into(),
        scope.project_id.into(),
        thread_id.into(),
        viewer_type.as_str().into(),
        viewer_id.into(),
        nullable(pos),
    ];
    let mark = Statement::new(include_str!("../sql/mark_thread_seen.sql"), params);
    let commit = Commit::new(Durability::Full, context)
        .then(mark)
        .then(Statement::changed_one_row(Guard::RowUnchanged))
        .then(audit);
    let [rows] = match store.try_commit(commit).await {
        Ok(receipt) => receipt.into_rows_of([1]),
        Err(CommitError::Guard(Guard::RowUnchanged)) => return Ok(None),
        Err(error) => return Err(error.unexpected()),
    };
    rows.into_iter().next().map(|row| Ok(row.columns().integer()?)).transpose()
}
