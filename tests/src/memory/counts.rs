//! What became of everything that a fleet told: counts, for a check and for whoever reads what it found.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::system::rows_of;

/// Jobs by lane and where they stand.
const JOBS: &str = "SELECT kind, status, count(*) FROM jobs GROUP BY kind, status ORDER BY kind, status";
/// Everything else, in the order of the fields. What a job made is compared with what its completion says that it made.
const NUMBERS: &str = "WITH completions AS (
        SELECT (
            SELECT count(*) FROM events AS e
            WHERE e.team_id = jobs.team_id AND e.project_id = jobs.project_id
                AND e.stream = 'job/' || jobs.job_id AND e.type = 'job.completed'
        ) AS times
        FROM jobs
    ),
    made AS (
        SELECT jobs.observations AS said, coalesce(stored.times, 0) AS stored
        FROM jobs
        LEFT JOIN (SELECT job_id, count(*) AS times FROM observations GROUP BY job_id) AS stored USING (job_id)
    )
    SELECT
        (SELECT count(*) FROM agent_events),
        (SELECT count(*) FROM events WHERE type = 'agent_event.received'),
        (SELECT coalesce(min(times), 0) FROM completions), (SELECT coalesce(max(times), 0) FROM completions),
        (SELECT coalesce(min(attempts), 0) FROM jobs), (SELECT coalesce(max(attempts), 0) FROM jobs),
        (SELECT count(DISTINCT observation_key) FROM observations),
        (SELECT count(*) FROM events WHERE type = 'observation.created'),
        (SELECT coalesce(sum(max(stored - said, 0)), 0) FROM made),
        (SELECT coalesce(sum(max(said - stored, 0)), 0) FROM made),
        (SELECT count(*) FROM observations WHERE kind = 'summary'),
        (SELECT count(DISTINCT session_id) FROM observations WHERE kind = 'summary'),
        (SELECT count(*) FROM events),
        (SELECT coalesce(max(pos), 0) - count(*) FROM events)";

/// What is in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Agent events.
    pub agent_events: i64,
    /// Events of the log that say that one came.
    pub received: i64,
    /// Jobs by lane and status.
    pub jobs: Vec<(String, String, i64)>,
    /// How often a job was completed: the least and the most.
    pub completions: (i64, i64),
    /// How often work on a job began: the least and the most.
    pub attempts: (i64, i64),
    /// Observations that differ.
    pub observations: i64,
    /// Events of the log that say that one was made.
    pub created: i64,
    /// Observations beyond those that their jobs said they made.
    pub duplicates: i64,
    /// Observations that jobs said they made and that are not there.
    pub lost: i64,
    /// Summaries, and sessions that they sum up.
    pub summaries: (i64, i64),
    /// Events of the log.
    pub log: i64,
    /// Positions of the log that are missing.
    pub gaps: i64,
}

impl Counts {
    /// Counts.
    pub async fn of(database: &Path) -> Self {
        let jobs = rows_of(database, JOBS).await.into_iter().map(|row| {
            let word = |value: &Value| value.as_str().expect("a word").to_owned();
            (word(&row[0]), word(&row[1]), row[2].as_i64().expect("a number"))
        });
        let jobs = jobs.collect();
        let row = rows_of(database, NUMBERS).await.remove(0);
        let mut numbers = row.iter().map(|value| value.as_i64().expect("a number"));
        let mut next = || numbers.next().expect("a number of each");
        Self {
            agent_events: next(),
            received: next(),
            jobs,
            completions: (next(), next()),
            attempts: (next(), next()),
            observations: next(),
            created: next(),
            duplicates: next(),
            lost: next(),
            summaries: (next(), next()),
            log: next(),
            gaps: next(),
        }
    }

    /// Each of so many events is there once, each job is done and was completed once, each of so many sessions is
    /// summed up once, and what was made is there once.
    pub fn assert_once(&self, events: usize, sessions: usize) {
        let count = |number: usize| i64::try_from(number).expect("a small number");
        let (events, sessions) = (count(events), count(sessions));
        assert_eq!((self.agent_events, self.received), (events, events), "each event is stored once\n{self}");
        assert!(self.jobs.iter().all(|(_, status, _)| status == "completed"), "each job is done\n{self}");
        assert_eq!(self.completions, (1, 1), "each job was completed once\n{self}");
        assert!(self.attempts.0 >= 1, "nothing is done that was not begun\n{self}");
        assert!(self.observations > 0, "something was worth remembering\n{self}");
        assert_eq!((self.created, self.duplicates, self.lost), (self.observations, 0, 0), "each once\n{self}");
        assert_eq!(self.summaries, (sessions, sessions), "each session is summed up once\n{self}");
        assert_eq!(self.gaps, 0, "the log has no gap\n{self}");
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  agent events   {} stored, {} in the log", self.agent_events, self.received)?;
        for (lane, status, count) in &self.jobs {
            writeln!(formatter, "  jobs           {count} {status} of the lane {lane}")?;
        }
        let ((least, most), (fewest, highest)) = (self.completions, self.attempts);
        writeln!(formatter, "  completions    per job at least {least}, at most {most}")?;
        writeln!(formatter, "  attempts       per job at least {fewest}, at most {highest}")?;
        writeln!(formatter, "  observations   {}, {} twice, {} lost", self.observations, self.duplicates, self.lost)?;
        writeln!(formatter, "  summaries      {} of {} sessions", self.summaries.0, self.summaries.1)?;
        write!(formatter, "  log            {} events, {} gaps", self.log, self.gaps)
    }
}
