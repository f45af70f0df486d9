//! What memory comes to, as lines of the table.

use super::Row;
use crate::memory::{BATCH, CONNECTIONS, Ingested, Memory};

impl Memory {
    pub(super) fn rows(self) -> [Row; 6] {
        let Self { ingested, generation } = self;
        let Ingested { per_second, ceiling_per_second, group, jobs: (jobs, completed) } = ingested;
        let ratio = per_second / ceiling_per_second;
        [
            Row::plain(
                format!("agent events/s over HTTP, batches of {BATCH}, {CONNECTIONS} connections, lanes at work"),
                format!("{per_second:.0} (writer's mean group: {group:.1} commits)"),
            ),
            Row::plain("jobs of the batches, and those completed by the end", format!("{jobs}, {completed}")),
            Row::plain("bare SQLite, statements of the batches, same group size", format!("{ceiling_per_second:.0}")),
            Row::against("share of that ceiling", format!("{:.0} %", ratio * 100.0), "at least 40 %", ratio >= 0.4),
            Row::against(
                format!("{} events wait, a job each: extractive generation", generation.jobs),
                format!("{:.0} jobs/s", generation.per_second),
                "at least 2 000 jobs/s",
                generation.per_second >= 2000.0,
            ),
            Row::plain(
                "cores that the server keeps busy meanwhile",
                format!("{:.2} (writer's mean group: {:.1} commits)", generation.cores_busy, generation.group),
            ),
        ]
    }
}
