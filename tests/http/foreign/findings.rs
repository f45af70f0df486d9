//! What is not as it should be. All of it is told at once.

use tests::tenants::Kept;

use tests::system::Answer;

use super::stage::Caller;
use super::table::Row;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<String>);

impl Findings {
    /// Notes what somebody was answered, unless that is as it should be.
    pub(super) fn expect(&mut self, holds: bool, (caller, row): (&Caller, &Row), answer: &Answer, what: &str) {
        if !holds {
            let Caller { team, home, .. } = caller;
            let Row { operation, path, body, .. } = row;
            let (status, said) = (answer.status.as_u16(), &answer.body);
            self.0.push(format!("{team}/{home} {operation} as {path} {body}: {what}\n    {status} {said:.1000}"));
        }
    }

    /// Notes which rows came, went or changed.
    pub(super) fn unchanged(&mut self, before: &Kept, after: &Kept) {
        for (table, rows) in before {
            let gone = rows.iter().filter(|row| !after[table].contains(row)).map(|row| format!("- {row}"));
            let come = after[table].iter().filter(|row| !rows.contains(row)).map(|row| format!("+ {row}"));
            self.0.extend(gone.chain(come).map(|row| format!("{table} is not as it was: {row}")));
        }
    }

    /// Fails if anything was found.
    pub(super) fn none(self) {
        assert!(self.0.is_empty(), "{} things are not as they should be:\n{}", self.0.len(), self.0.join("\n"));
    }
}
