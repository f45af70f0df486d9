//! How many jobs there are of each kind and status, as the database keeps count of them.

use crate::store::statement::nullable;
use crate::store::{Reader, StoreError};
use crate::value::{JobKind, JobStatus};

/// Jobs of one kind and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCount {
    /// What they do.
    pub kind: JobKind,
    /// Where they stand.
    pub status: JobStatus,
    /// How many there are.
    pub count: i64,
}

/// The jobs of a project, or of a whole team, by kind and status.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn counts(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
) -> Result<Vec<JobCount>, StoreError> {
    const SQL: &str = "SELECT kind, status, sum(count) FROM job_counts
        WHERE team_id = ?1 AND (?2 IS NULL OR project_id = ?2)
        GROUP BY kind, status";
    let params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    let mut counts = Vec::new();
    for row in reader.rows(SQL, params)? {
        let mut columns = row.columns();
        counts.push(JobCount { kind: columns.word()?, status: columns.word()?, count: columns.integer()? });
    }
    Ok(counts)
}
