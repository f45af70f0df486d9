//! What an operator does with a job: sending it back to work, calling it off. Both say so if the job has moved meanwhile.

use super::JobRow;
use crate::store::statement::{Guard, Statement, Value};

fn key(job: &JobRow) -> Vec<Value> {
    vec![job.job_id.clone().into(), job.scope.team_id.clone().into(), job.scope.project_id.clone().into()]
}

/// The statements that queue a failed or cancelled job again, with at least one of `max_attempts` before it; `enabled` says
/// whether its lane works. [`Guard::RowUnchanged`] when it is neither any more.
#[must_use]
pub fn retry(job: &JobRow, max_attempts: u32, enabled: bool) -> [Statement; 2] {
    let mut params = key(job);
    params.extend([i64::from(max_attempts).into(), i64::from(enabled).into()]);
    let retry = Statement::new(include_str!("../sql/update_retried_job.sql"), params);
    [retry, Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statements that call off a job which waits or is worked on; [`Guard::RowUnchanged`] when it is over.
#[must_use]
pub fn cancel(job: &JobRow) -> [Statement; 2] {
    let cancel = Statement::new(include_str!("../sql/update_cancelled_job.sql"), key(job));
    [cancel, Statement::changed_one_row(Guard::RowUnchanged)]
}
