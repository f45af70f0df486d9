//! Jobs whose lane is gone, and jobs whose doorbell may be lost.

use super::{JobRow, job};
use crate::clock::Time;
use crate::store::dead_letters::DeadLetter;
use crate::store::statement::{Guard, Statement};
use crate::store::{Reader, StoreError};
use crate::value::{ErrorClass, JobKind, Word};

/// What is done about a job whose lane is gone.
#[derive(Debug)]
pub enum Expired {
    /// It waits again, and is rung for.
    Again,
    /// It was tried as often as it may be.
    Failed(Box<DeadLetter>),
}

/// Jobs whose time with their lane was over at `bound`, the oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn expired(reader: &mut Reader<'_>, bound: Time, limit: u32) -> Result<Vec<JobRow>, StoreError> {
    let params = vec![bound.0.into(), i64::from(limit).into()];
    reader.rows(include_str!("../sql/list_expired_jobs.sql"), params)?.into_iter().map(job).collect()
}

/// The statements that take a job away from a lane that is gone, guarded on nobody having done so.
#[must_use]
pub fn rescue(job: &JobRow, outcome: Expired) -> Vec<Statement> {
    let (failed, letter) = match outcome {
        Expired::Again => (0, None),
        Expired::Failed(letter) => (1, Some(*letter)),
    };
    let params = vec![
        job.scope.team_id.clone().into(),
        job.scope.project_id.clone().into(),
        job.job_id.clone().into(),
        job.fence.into(),
        failed.into(),
        ErrorClass::Transient.as_str().into(),
    ];
    let mut statements = vec![
        Statement::new(include_str!("../sql/release_expired_job.sql"), params),
        Statement::changed_one_row(Guard::RowUnchanged),
    ];
    statements.extend(letter.map(DeadLetter::insert));
    statements
}

/// The statement that rings again for jobs of a lane that may begin and whose doorbell was sent at `bound` or before; it
/// returns them. One doorbell makes a lane take whatever waits, so a hundred are enough.
#[must_use]
pub fn ring_queued(now: Time, bound: Time, kind: JobKind) -> Statement {
    let params = vec![now.0.into(), bound.0.into(), kind.as_str().to_owned().into()];
    Statement::new(include_str!("../sql/reconcile_jobs.sql"), params)
}

/// The statement that has jobs rung for which came while these lanes, which work, were disabled.
#[must_use]
pub fn release_unrung(lanes: &[JobKind]) -> Statement {
    let lanes: Vec<&str> = lanes.iter().map(|kind| kind.as_str()).collect();
    let lanes = serde_json::to_string(&lanes).unwrap_or_default();
    Statement::new(include_str!("../sql/release_unrung_jobs.sql"), vec![lanes.into()])
}

/// The statement that frees every lane: for the start of the only process on a file.
#[must_use]
pub fn release_leases() -> Statement {
    Statement::new("UPDATE leases SET locked_until = 0", Vec::new())
}

/// The statement that gives back what lanes hold, at no attempt: for the orderly end of the only process on a file.
#[must_use]
pub fn release_held() -> Statement {
    Statement::new(include_str!("../sql/release_held_jobs.sql"), Vec::new())
}
