//! Leases: who works a lane, and until when; and lanes that a team has paused.

mod pauses;

use std::time::Duration;

use super::statement::{Commit, Context, Durability, Guard, Statement};
use super::{CommitError, Store, StoreError};

pub use pauses::*;

/// A lane held by one invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: String,
    fence: i64,
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Takes the lease `name` for `holder`; `None` while somebody else has it.
///
/// # Errors
/// When the store fails.
pub async fn take(
    store: &Store,
    context: Context,
    name: &str,
    holder: String,
    length: Duration,
) -> Result<Option<Lease>, StoreError> {
    let params = vec![name.to_owned().into(), holder.clone().into(), millis(length).into()];
    let commit =
        Commit::new(Durability::Normal, context).then(Statement::new(include_str!("sql/use_lease.sql"), params));
    let rows = store.commit(commit).await.map_err(CommitError::unexpected)?.into_rows();
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    Ok(Some(Lease { name: name.to_owned(), holder, fence: row.columns().integer()? }))
}

impl Lease {
    /// The statements that hold it longer; [`Guard::DecidedOn`] when somebody else has it.
    #[must_use]
    pub fn renew(&self, length: Duration) -> [Statement; 2] {
        const SQL: &str = "UPDATE leases SET locked_until = (SELECT now FROM commit_context) + ?4 WHERE name = ?1 AND holder = ?2 AND fence = ?3";
        let params =
            vec![self.name.clone().into(), self.holder.clone().into(), self.fence.into(), millis(length).into()];
        [Statement::new(SQL, params), Statement::changed_one_row(Guard::DecidedOn)]
    }

    /// Holds it longer. Whether it is still ours.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renewed(&self, store: &Store, context: Context, length: Duration) -> Result<bool, StoreError> {
        match store.commit(Commit::new(Durability::Normal, context).then_all(self.renew(length))).await {
            Ok(_) => Ok(true),
            Err(CommitError::Guard(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Gives it up.
    ///
    /// # Errors
    /// When the store fails; then it ends by itself.
    pub async fn release(self, store: &Store, context: Context) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE leases SET locked_until = 0 WHERE name = ?1 AND holder = ?2 AND fence = ?3";
        let params = vec![self.name.into(), self.holder.into(), self.fence.into()];
        let commit = Commit::new(Durability::Normal, context).then(Statement::new(SQL, params));
        store.commit(commit).await.map(drop).map_err(CommitError::unexpected)
    }
}
