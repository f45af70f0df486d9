//! Groups of commits on the one writing connection: one transaction a group, one savepoint a commit, answers after COMMIT,
//! and a write-ahead log that stays small.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;

use super::connection::Connection;
use super::error::{CommitError, Failure, StoreError, failure_of};
use super::statement::{Commit, Durability, Guard, Statement};
use super::writer::{Mail, Receipt, Request, Signals};
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::telemetry::Metrics;

/// Applies groups of commits to the one writing connection.
pub(super) struct Groups {
    connection: Connection,
    batch_max: usize,
    busy_timeout: Duration,
    wal: PathBuf,
    /// Since when readers are known to hold on to the WAL.
    held: Option<Stopwatch>,
    signals: Arc<Signals>,
    metrics: Metrics,
}

/// The WAL is written back into the database when a commit leaves this many pages of 4 KiB in it.
pub(super) const WAL_CHECKPOINT_PAGES: u32 = 2000;
/// From this size on the writer waits for readers to let go, and empties the WAL.
const WAL_TRUNCATE_BYTES: u64 = 24 << 20;
/// How long it waits: queries take less, and a backup, which may take minutes, is not to hold up the writes.
const TRUNCATE_WAIT: Duration = Duration::from_millis(500);
/// Pause after having waited in vain.
const TRUNCATE_PAUSE: Duration = Duration::from_secs(2);

impl Groups {
    pub(super) fn new(
        connection: Connection,
        wal: PathBuf,
        settings: &Config,
        signals: Arc<Signals>,
        metrics: Metrics,
    ) -> Self {
        let (batch_max, busy_timeout) = (settings.writer.batch_max, settings.store.busy_timeout);
        Self { connection, batch_max, busy_timeout, wal, held: None, signals, metrics }
    }

    /// Takes whatever waits as one group, again and again.
    pub(super) fn serve(mut self, mut mailbox: mpsc::Receiver<Mail>) {
        let mut open = true;
        while open {
            let Some(Mail::Request(first)) = mailbox.blocking_recv() else { break };
            let mut group = vec![first];
            while group.len() < self.batch_max {
                match mailbox.try_recv() {
                    Ok(Mail::Request(next)) => group.push(next),
                    Ok(Mail::Close) => {
                        open = false;
                        break;
                    }
                    Err(_) => break,
                }
            }
            if self.run(group) {
                open &= refuse_waiting(&mut mailbox);
            }
        }
        self.finish();
    }

    /// One transaction for the whole group; each member is answered after it ended. Whether another process kept the file
    /// locked for as long as a commit may wait.
    pub(super) fn run(&mut self, group: Vec<Request>) -> bool {
        let stopwatch = Clock::stopwatch();
        let full = group.iter().any(|request| request.commit.durability == Durability::Full);
        let durability = if full { Durability::Full } else { Durability::Normal };
        let rings = group.iter().any(|request| request.commit.rings);
        self.metrics.writer_batch_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        let (commits, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|request| (request.commit, request.reply)).unzip();
        let outcome = self.transaction(durability, commits);
        let locked = matches!(outcome, Err(StoreError::Busy));
        let results = match outcome {
            Ok(results) => results,
            Err(error) => replies.iter().map(|_| Err(CommitError::Store(error.again()))).collect(),
        };
        self.metrics.writer_commit_seconds.observe(stopwatch.elapsed().as_secs_f64());
        self.signals.failing.store(results.iter().any(is_failure), Ordering::SeqCst);
        if rings && results.iter().any(Result::is_ok) {
            self.announce();
        }
        for (reply, result) in replies.into_iter().zip(results) {
            // A caller that stopped waiting finds its outcome in the command's row.
            let _ = reply.send(result);
        }
        self.keep_wal_small();
        locked
    }

    fn transaction(
        &mut self,
        durability: Durability,
        commits: Vec<Commit>,
    ) -> Result<Vec<Result<Receipt, CommitError>>, StoreError> {
        self.connection.set_synchronous(durability).map_err(|error| sort(0, &error))?;
        self.connection.query("BEGIN IMMEDIATE", Vec::new()).map_err(|error| sort(0, &error))?;
        let mut results = Vec::with_capacity(commits.len());
        for commit in commits {
            let result = self.savepoint(commit);
            if self.connection.is_autocommit() {
                // The database gave up the whole transaction: nothing of any member is stored.
                return Err(result.err().map_or(StoreError::Closed, CommitError::unexpected));
            }
            results.push(result);
        }
        if let Err(error) = self.connection.query("COMMIT", Vec::new()) {
            let sorted = sort(0, &error);
            if !self.connection.is_autocommit() {
                self.rollback("ROLLBACK")?;
                return Err(sorted);
            }
            // The database rolled back by itself. For want of space or of the lock nothing was written; after any other
            // failure the disk may hold the commit all the same, and the next start would find it.
            return Err(match sorted {
                StoreError::Full | StoreError::Busy => sorted,
                _ => StoreError::UnknownOutcome(error.to_string()),
            });
        }
        Ok(results)
    }

    fn savepoint(&mut self, commit: Commit) -> Result<Receipt, CommitError> {
        self.connection.query("SAVEPOINT member", Vec::new()).map_err(|error| sort(0, &error))?;
        let mut receipt = Receipt::default();
        for (index, Statement { sql, params, guard }) in commit.statements.into_iter().enumerate() {
            match self.connection.query(sql, params) {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => receipt.rows.push((index, rows)),
                Err(error) => {
                    if !self.connection.is_autocommit() {
                        self.rollback("ROLLBACK TO member")?;
                        self.rollback("RELEASE member")?;
                    }
                    return Err(refusal(index, guard, &error));
                }
            }
        }
        self.connection.query("RELEASE member", Vec::new()).map_err(|error| sort(0, &error))?;
        Ok(receipt)
    }

    fn rollback(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.connection.query(sql, Vec::new()).map(drop).map_err(|error| sort(0, &error))
    }

    fn announce(&mut self) {
        let head = match self.connection.query("SELECT coalesce(max(pos), 0) FROM events", Vec::new()) {
            Ok(rows) => rows.into_iter().next().and_then(|row| row.columns().integer().ok()).unwrap_or(0),
            Err(error) => {
                tracing::error!(%error, "the log's head could not be read");
                0
            }
        };
        self.signals.announce(head);
    }

    fn keep_wal_small(&mut self) {
        let size = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.metrics.db_wal_bytes.set(i64::try_from(size).unwrap_or(i64::MAX));
        if size < WAL_TRUNCATE_BYTES || self.held.is_some_and(|held| held.elapsed() < TRUNCATE_PAUSE) {
            return;
        }
        // Readers kept the log from starting over: wait for them once, and give its space back.
        match self.truncate() {
            Ok(empty) => self.held = (!empty).then(Clock::stopwatch),
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be written back"),
        }
    }

    /// Empties the WAL, unless readers hold on to it. Whether it is empty.
    fn truncate(&mut self) -> Result<bool, libsql::Error> {
        self.connection.set_busy_timeout(TRUNCATE_WAIT.min(self.busy_timeout))?;
        let rows = self.connection.query("PRAGMA wal_checkpoint(TRUNCATE)", Vec::new());
        self.connection.set_busy_timeout(self.busy_timeout)?;
        // The first column says whether somebody was in the way.
        let in_the_way = rows?.into_iter().next().and_then(|row| row.columns().integer().ok());
        Ok(in_the_way == Some(0))
    }

    /// Leaves the file complete without its WAL.
    pub(super) fn finish(&mut self) {
        if let Err(error) = self.connection.query("PRAGMA wal_checkpoint(TRUNCATE)", Vec::new()) {
            tracing::warn!(%error, "the write-ahead log could not be written back at the end");
        }
    }
}

/// Answers everybody in the mailbox: who came while the file was locked has waited as well, and would wait as long again.
/// Whether the mailbox stays open.
fn refuse_waiting(mailbox: &mut mpsc::Receiver<Mail>) -> bool {
    while let Ok(mail) = mailbox.try_recv() {
        match mail {
            // A caller that stopped waiting has its answer: nothing was done.
            Mail::Request(request) => drop(request.reply.send(Err(StoreError::Busy.into()))),
            Mail::Close => return false,
        }
    }
    true
}

/// Whether the database itself refuses to work; a statement that it refuses is its author's mistake.
fn is_failure(result: &Result<Receipt, CommitError>) -> bool {
    matches!(result, Err(CommitError::Store(error)) if !matches!(error, StoreError::Statement { .. }))
}

fn refusal(index: usize, guard: Guard, error: &libsql::Error) -> CommitError {
    match failure_of(error) {
        Failure::Constraint if guard != Guard::Unguarded => CommitError::Guard(guard),
        _ => sort(index, error).into(),
    }
}

/// The store's error for what the database said.
fn sort(index: usize, error: &libsql::Error) -> StoreError {
    match failure_of(error) {
        Failure::Busy => StoreError::Busy,
        Failure::Full => StoreError::Full,
        Failure::Interrupted => StoreError::Interrupted,
        Failure::Constraint | Failure::Other => StoreError::Statement { index, message: error.to_string() },
    }
}
