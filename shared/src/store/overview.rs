//! Counts over the whole database, for health, metrics and the question whether everything is at rest.

use super::projections::{self, Checkpoint};
use super::{Reader, StoreError, outbox};
use crate::clock::Time;
use crate::store::outbox::OutboxStatistics;
use crate::value::{JobKind, JobStatus};

/// Where everything stands.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Commands accepted and not finished.
    pub commands_pending: i64,
    /// The same by the commands' names; names of which none waits are left out.
    pub commands_by_name: Vec<(String, i64)>,
    /// When the oldest of them was accepted.
    pub oldest_command_at: Option<Time>,
    /// Position of the newest event.
    pub head: i64,
    /// Every projection's live checkpoint.
    pub checkpoints: Vec<Checkpoint>,
    /// Outbox counts.
    pub outbox: OutboxStatistics,
    /// Jobs by lane and status; what there is none of is left out.
    pub jobs: Vec<(JobKind, JobStatus, i64)>,
    /// Working lanes with something to begin now.
    pub lanes_in_need: Vec<JobKind>,
    /// Dead letters that wait for a decision, by source.
    pub dead_letters: Vec<(String, i64)>,
}

impl Overview {
    /// Whether nothing waits anywhere: every command finished, every row published, every projection at the head.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        self.commands_pending == 0
            && self.outbox.pending_count + self.outbox.processing_count + self.outbox.failed_count == 0
            && self.lanes_in_need.is_empty()
            && self.jobs.iter().all(|(_, status, _)| *status != JobStatus::Processing)
            && self.checkpoints.iter().all(|checkpoint| checkpoint.pos == self.head)
    }
}

/// Reads the overview. `lanes` are those that work; what waits for others is at rest.
///
/// # Errors
/// When a read fails.
pub fn read(reader: &mut Reader<'_>, now: Time, lanes: &[JobKind]) -> Result<Overview, StoreError> {
    const DEAD: &str = "SELECT source, count(*) FROM dead_letters WHERE status = 'dead' GROUP BY source";
    const WAITING: &str = "SELECT name, count(*) FROM commands WHERE status = 'accepted' GROUP BY name ORDER BY name";
    let row = reader.row(include_str!("sql/read_overview.sql"), Vec::new())?;
    let mut columns = row.ok_or_else(|| StoreError::Row("no overview".to_owned()))?.columns();
    let (commands_pending, oldest_command_at, head) =
        (columns.integer()?, columns.optional_time()?, columns.integer()?);
    // Most of the time nothing waits, and the second question is not worth asking.
    let commands_by_name = if commands_pending == 0 { Vec::new() } else { counts(reader, WAITING)? };
    let dead_letters = counts(reader, DEAD)?;
    let jobs = jobs(reader)?;
    let waits = |kind: &&JobKind| jobs.iter().any(|(lane, status, _)| lane == *kind && *status == JobStatus::Queued);
    let mut lanes_in_need = Vec::new();
    for kind in lanes.iter().filter(waits) {
        if super::jobs::due(reader, *kind, now)? {
            lanes_in_need.push(*kind);
        }
    }
    let checkpoints = projections::all(reader)?;
    let outbox = outbox::statistics(reader, now)?;
    Ok(Overview {
        commands_pending,
        commands_by_name,
        oldest_command_at,
        head,
        checkpoints,
        outbox,
        jobs,
        lanes_in_need,
        dead_letters,
    })
}

fn jobs(reader: &mut Reader<'_>) -> Result<Vec<(JobKind, JobStatus, i64)>, StoreError> {
    const SQL: &str = "SELECT kind, status, sum(count) FROM job_counts GROUP BY kind, status HAVING sum(count) > 0";
    let rows = reader.rows(SQL, Vec::new())?.into_iter();
    rows.map(|row| {
        let mut columns = row.columns();
        Ok((columns.word()?, columns.word()?, columns.integer()?))
    })
    .collect()
}

/// Pairs of a word and a count.
fn counts(reader: &mut Reader<'_>, sql: &'static str) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = reader.rows(sql, Vec::new())?.into_iter();
    rows.map(|row| {
        let mut columns = row.columns();
        Ok((columns.text()?, columns.integer()?))
    })
    .collect()
}
