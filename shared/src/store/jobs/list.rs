//! Jobs as lists show them, newest first.

use super::counts::counts;
use super::{JobRow, job};
use crate::clock::Time;
use crate::store::statement::{Value, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, StoreError};
use crate::value::{JobKind, JobStatus, Word};

/// Which jobs are wanted. All that is given must match.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Where they stand.
    pub status: Option<JobStatus>,
    /// What they do.
    pub kind: Option<JobKind>,
    /// What their source is.
    pub source_type: Option<String>,
    /// They came at this time or later.
    pub since: Option<Time>,
}

impl JobFilter {
    fn params(&self) -> [Value; 4] {
        [
            nullable(self.status.map(Word::as_str)),
            nullable(self.kind.map(Word::as_str)),
            nullable(self.source_type.clone()),
            nullable(self.since.map(|since| since.0)),
        ]
    }
}

/// Up to `limit` jobs of a project, or of a whole team, newest first, without the newest `offset`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &JobFilter,
    (limit, offset): (u32, u32),
) -> Result<Vec<JobRow>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    // Each project's newest, of which the newest of all are some.
    let mut places = Vec::new();
    for project_id in projects {
        let end = i64::from(limit) + i64::from(offset);
        let mut params: Vec<Value> = vec![team_id.to_owned().into(), project_id.into(), end.into()];
        params.extend(filter.params());
        for row in reader.rows(include_str!("../sql/list_job_places.sql"), params)? {
            places.push(row.columns().integer()?);
        }
    }
    places.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
    let page: Vec<i64> = places.into_iter().skip(offset as usize).take(limit as usize).collect();
    let params = vec![
        team_id.to_owned().into(),
        nullable(project_id.map(str::to_owned)),
        serde_json::to_string(&page).unwrap_or_default().into(),
    ];
    reader.rows(include_str!("../sql/list_jobs.sql"), params)?.into_iter().map(job).collect()
}

/// How many jobs of a project, or of a whole team, are wanted.
///
/// # Errors
/// When the read fails.
pub fn total(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &JobFilter,
) -> Result<i64, StoreError> {
    // The database keeps count by kind and status.
    if filter.source_type.is_none() && filter.since.is_none() {
        let counts = counts(reader, (team_id, project_id))?.into_iter();
        let wanted = counts.filter(|counted| {
            filter.status.is_none_or(|status| status == counted.status)
                && filter.kind.is_none_or(|kind| kind == counted.kind)
        });
        return Ok(wanted.map(|counted| counted.count).sum());
    }
    let mut params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    params.extend(filter.params());
    let row = reader.row(include_str!("../sql/count_jobs.sql"), params)?;
    row.map_or(Ok(0), |row| Ok(row.columns().integer()?))
}
