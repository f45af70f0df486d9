//! Counts over the whole database, for health, metrics and the question whether everything is at rest.

use super::projections::{self, Checkpoint};
use super::{Reader, StoreError, outbox};
use crate::clock::Time;
use crate::store::outbox::OutboxStatistics;

/// Where everything stands.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Commands accepted and not finished.
    pub commands_pending: i64,
    /// When the oldest of them was accepted.
    pub oldest_command_at: Option<Time>,
    /// Position of the newest event.
    pub head: i64,
    /// Every projection's live checkpoint.
    pub checkpoints: Vec<Checkpoint>,
    /// Outbox counts.
    pub outbox: OutboxStatistics,
    /// Dead letters that wait for a decision, by source.
    pub dead_letters: Vec<(String, i64)>,
}

impl Overview {
    /// Whether nothing waits anywhere: every command finished, every row published, every projection at the head.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        self.commands_pending == 0
            && self.outbox.pending_count + self.outbox.processing_count + self.outbox.failed_count == 0
            && self.checkpoints.iter().all(|checkpoint| checkpoint.pos == self.head)
    }
}

/// Reads the overview.
///
/// # Errors
/// When a read fails.
pub fn read(reader: &mut Reader<'_>, now: Time) -> Result<Overview, StoreError> {
    const DEAD: &str = "SELECT source, count(*) FROM dead_letters WHERE status = 'dead' GROUP BY source";
    let row = reader.row(include_str!("sql/read_overview.sql"), Vec::new())?;
    let mut columns = row.ok_or_else(|| StoreError::Row("no overview".to_owned()))?.columns();
    let (commands_pending, oldest_command_at, head) =
        (columns.integer()?, columns.optional_time()?, columns.integer()?);
    let mut dead_letters = Vec::new();
    for row in reader.rows(DEAD, Vec::new())? {
        let mut columns = row.columns();
        dead_letters.push((columns.text()?, columns.integer()?));
    }
    let checkpoints = projections::all(reader)?;
    let outbox = outbox::statistics(reader, now)?;
    Ok(Overview { commands_pending, oldest_command_at, head, checkpoints, outbox, dead_letters })
}
