//! Rows that a commit left in the outbox, claimed in that same commit together with what their messages say: a deployed
//! function publishes them right after it, without another way to the database.

use super::messages::Subjects;
use super::{Claim, claimed};
use crate::store::StoreError;
use crate::store::connection::Row;
use crate::store::statement::Statement;

/// How many statements claim.
pub(in crate::store) const STATEMENTS: usize = 4;

/// The statements that claim up to `limit` rows which their commit wrote or rang again, for `lease` milliseconds.
pub(in crate::store) fn statements(lease: i64, limit: u32) -> [Statement; STATEMENTS] {
    [
        Statement::new(include_str!("../sql/claim_own_outbox.sql"), vec![lease.into(), i64::from(limit).into()]),
        Statement::new(include_str!("../sql/read_own_outbox_events.sql"), Vec::new()),
        Statement::new(include_str!("../sql/read_own_outbox_commands.sql"), Vec::new()),
        Statement::new(include_str!("../sql/read_own_outbox_jobs.sql"), Vec::new()),
    ]
}

/// What the statements gave.
#[derive(Debug)]
pub(in crate::store) struct Claimed(pub(in crate::store) [Vec<Row>; STATEMENTS]);

impl Claimed {
    /// The claimed rows with the texts of their messages.
    pub(in crate::store) fn messages(self) -> Result<Vec<Claim>, StoreError> {
        let Self([rows, events, commands, jobs]) = self;
        let mut rows = rows.into_iter().map(claimed).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| row.id);
        let mut subjects = Subjects::default();
        subjects.add_events(events)?;
        subjects.add_commands(commands)?;
        subjects.add_jobs(jobs)?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let text = subjects.text(&row);
                (row, text)
            })
            .collect())
    }
}
