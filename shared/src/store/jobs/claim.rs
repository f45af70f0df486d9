//! Claiming: which projects have something for a lane, and taking a share of it from each.

use std::time::Duration;

use super::{JobRow, job};
use crate::clock::Time;
use crate::store::lanes::Lease;
use crate::store::statement::{Commit, Context, Durability, Statement};
use crate::store::{CommitError, Reader, Store, StoreError};
use crate::value::{JobKind, Scope, Word};

/// Projects that have jobs for a lane which may begin now, with how many, counted up to `max`. Paused ones are left out.
///
/// # Errors
/// When the read fails.
pub fn projects_in_need(
    reader: &mut Reader<'_>,
    kind: JobKind,
    now: Time,
    max: u32,
) -> Result<Vec<(Scope, u32)>, StoreError> {
    let params = vec![kind.as_str().into(), now.0.into(), i64::from(max).into()];
    let rows = reader.rows(include_str!("../sql/list_projects_with_jobs.sql"), params)?.into_iter();
    let projects = rows.map(|row| {
        let mut columns = row.columns();
        let scope = Scope { team_id: columns.text()?, project_id: columns.text()? };
        Ok::<_, StoreError>((scope, u32::try_from(columns.integer()?).unwrap_or(0)))
    });
    projects.filter(|project| project.as_ref().map_or(true, |(_, count)| *count > 0)).collect()
}

/// Whether a lane has anything to begin now.
///
/// # Errors
/// When the read fails.
pub fn due(reader: &mut Reader<'_>, kind: JobKind, now: Time) -> Result<bool, StoreError> {
    Ok(!projects_in_need(reader, kind, now, 1)?.is_empty())
}

/// When the next of a lane's jobs that wait for their time may begin.
///
/// # Errors
/// When the read fails.
pub fn next_due(reader: &mut Reader<'_>, kind: JobKind) -> Result<Option<Time>, StoreError> {
    let row = reader.row(include_str!("../sql/find_next_due_job.sql"), vec![kind.as_str().into()])?;
    row.map_or(Ok(None), |row| Ok(row.columns().optional_time()?))
}

/// Claims these many jobs of these projects in one commit, which also holds the lane longer. `None` when the lane is
/// somebody else's by now.
///
/// # Errors
/// When the store fails.
pub async fn claim(
    store: &Store,
    context: Context,
    kind: JobKind,
    shares: Vec<(Scope, u32)>,
    (lane, hold): (&Lease, Duration),
    lease: Duration,
) -> Result<Option<Vec<JobRow>>, StoreError> {
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    let count = shares.len();
    let claims = shares.into_iter().map(|(scope, share)| {
        let params = vec![
            scope.team_id.into(),
            scope.project_id.into(),
            kind.as_str().into(),
            i64::from(share).into(),
            lease.into(),
        ];
        Statement::new(include_str!("../sql/claim_jobs.sql"), params)
    });
    // The moves are events of the log, so the claim is as durable as they are.
    let commit = Commit::new(Durability::Full, context).then_all(lane.renew(hold)).then_all(claims);
    match store.commit(commit).await {
        Ok(receipt) => {
            receipt.into_rows_from(3, count).into_iter().flatten().map(job).collect::<Result<_, _>>().map(Some)
        }
        Err(CommitError::Guard(_)) => Ok(None),
        Err(CommitError::Store(error)) => Err(error),
    }
}
