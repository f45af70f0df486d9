//! The one writer. What arrives while one fsync runs shares the next: a group is one transaction, each commit in it a
//! savepoint, so a conflict hurts nobody else; answers go out after COMMIT.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::connection::{Connection, Row};
use super::error::{CommitError, Failure, StoreError, failure_of};
use super::statement::{Commit, Durability, Guard, Statement};
use crate::clock::Clock;
use crate::telemetry::Metrics;

/// The rows that each returning statement of a commit gave, by the statement's index.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    rows: Vec<(usize, Vec<Row>)>,
}

impl Receipt {
    /// The rows of the last statement that returned any; empty when none did.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row> {
        self.rows.into_iter().next_back().map(|(_, rows)| rows).unwrap_or_default()
    }
}

/// What the writer tells the rest of the process after each group.
#[derive(Debug)]
pub(super) struct Signals {
    /// Position of the newest committed event.
    pub(super) head: watch::Sender<i64>,
    /// Counts the groups that may have left something in the outbox.
    pub(super) outbox: watch::Sender<u64>,
}

type Reply = oneshot::Sender<Result<Receipt, CommitError>>;

/// A commit on its way to the writer.
pub(super) struct Request {
    commit: Commit,
    reply: Reply,
}

/// What the writer's mailbox takes.
pub(super) enum Mail {
    Request(Request),
    /// Everything before it is committed, then the writer ends.
    Close,
}

/// How the writer is reached.
#[derive(Clone)]
pub(super) enum Writer {
    /// A thread of its own behind a bounded mailbox.
    Thread(mpsc::Sender<Mail>),
    /// On the caller's thread, one commit a group.
    Inline(Arc<Mutex<Groups>>),
}

impl Writer {
    /// Starts the writer's thread; it ends when told to, or when every sender is gone.
    pub(super) fn spawn(groups: Groups, queue: usize) -> Result<(Self, std::thread::JoinHandle<()>), StoreError> {
        let (sender, mailbox) = mpsc::channel(queue);
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let handle = thread
            .spawn(move || groups.serve(mailbox))
            .map_err(|source| StoreError::Open { path: PathBuf::from("writer thread"), source })?;
        Ok((Self::Thread(sender), handle))
    }

    /// Tells the writer to end once its mailbox is empty.
    pub(super) async fn close(&self) {
        match self {
            Self::Thread(sender) => {
                // Ended already is as good.
                let _ = sender.send(Mail::Close).await;
            }
            Self::Inline(groups) => groups.lock().unwrap_or_else(PoisonError::into_inner).finish(),
        }
    }

    /// Commits, waiting for room in the mailbox.
    pub(super) async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        match self {
            Self::Thread(sender) => {
                let (reply, answer) = oneshot::channel();
                sender.send(Mail::Request(Request { commit, reply })).await.map_err(|_| StoreError::Closed)?;
                answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
            }
            Self::Inline(groups) => inline(groups, commit),
        }
    }

    /// Commits, or refuses at once when the mailbox is full.
    pub(super) async fn try_commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        match self {
            Self::Thread(sender) => {
                let (reply, answer) = oneshot::channel();
                sender.try_send(Mail::Request(Request { commit, reply })).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                    mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
                })?;
                answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
            }
            Self::Inline(groups) => inline(groups, commit),
        }
    }
}

fn inline(groups: &Mutex<Groups>, commit: Commit) -> Result<Receipt, CommitError> {
    let (reply, mut answer) = oneshot::channel();
    groups.lock().unwrap_or_else(PoisonError::into_inner).run(vec![Request { commit, reply }]);
    answer.try_recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
}

/// Applies groups of commits to the one writing connection.
pub(super) struct Groups {
    connection: Connection,
    /// What `PRAGMA synchronous` stands at; switched between transactions only.
    synchronous: Option<Durability>,
    batch_max: usize,
    wal: PathBuf,
    signals: Arc<Signals>,
    metrics: Metrics,
}

/// The WAL is written back into the database from this size on.
const WAL_CHECKPOINT_BYTES: u64 = 4 << 20;
/// From this size on the writer waits for readers to let go, and empties the WAL.
const WAL_TRUNCATE_BYTES: u64 = 24 << 20;

impl Groups {
    pub(super) fn new(
        connection: Connection,
        wal: PathBuf,
        batch_max: usize,
        signals: Arc<Signals>,
        metrics: Metrics,
    ) -> Self {
        Self { connection, synchronous: None, batch_max, wal, signals, metrics }
    }

    /// Takes whatever waits as one group, again and again.
    fn serve(mut self, mut mailbox: mpsc::Receiver<Mail>) {
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
            self.metrics.writer_queue_depth.set(i64::try_from(mailbox.len()).unwrap_or(i64::MAX));
            self.run(group);
        }
        self.finish();
    }

    /// One transaction for the whole group; each member is answered after it ended.
    fn run(&mut self, group: Vec<Request>) {
        let stopwatch = Clock::stopwatch();
        let full = group.iter().any(|request| request.commit.durability == Durability::Full);
        let durability = if full { Durability::Full } else { Durability::Normal };
        self.metrics.writer_batch_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        let (commits, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|request| (request.commit, request.reply)).unzip();
        let results = match self.transaction(durability, commits) {
            Ok(results) => results,
            Err(error) => replies.iter().map(|_| Err(CommitError::Store(error.again()))).collect(),
        };
        self.metrics.writer_commit_seconds.observe(stopwatch.elapsed().as_secs_f64());
        self.metrics.writer_failing.set(i64::from(results.iter().any(is_failure)));
        if full && results.iter().any(Result::is_ok) {
            self.announce();
        }
        for (reply, result) in replies.into_iter().zip(results) {
            // A caller that stopped waiting finds its outcome in the command's row.
            let _ = reply.send(result);
        }
        self.keep_wal_small();
    }

    fn transaction(
        &mut self,
        durability: Durability,
        commits: Vec<Commit>,
    ) -> Result<Vec<Result<Receipt, CommitError>>, StoreError> {
        if self.synchronous != Some(durability) {
            let pragma = match durability {
                Durability::Full => "PRAGMA synchronous = FULL",
                Durability::Normal => "PRAGMA synchronous = NORMAL",
            };
            self.connection.query(pragma, Vec::new()).map_err(|error| sort(0, &error))?;
            self.synchronous = Some(durability);
        }
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
            if self.connection.is_autocommit() {
                return Err(StoreError::UnknownOutcome(error.to_string()));
            }
            self.rollback("ROLLBACK")?;
            return Err(sorted);
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

    /// Tells the log's readers and the drainer what is new.
    fn announce(&mut self) {
        match self.connection.query("SELECT coalesce(max(pos), 0) FROM events", Vec::new()) {
            Ok(rows) => {
                let head = rows.into_iter().next().and_then(|row| row.columns().integer().ok()).unwrap_or(0);
                self.signals.head.send_if_modified(|seen| std::mem::replace(seen, head) != head);
            }
            Err(error) => tracing::error!(%error, "the log's head could not be read"),
        }
        self.signals.outbox.send_modify(|count| *count += 1);
    }

    fn keep_wal_small(&mut self) {
        let size = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.metrics.db_wal_bytes.set(i64::try_from(size).unwrap_or(i64::MAX));
        let pragma = match size {
            WAL_TRUNCATE_BYTES.. => "PRAGMA wal_checkpoint(TRUNCATE)",
            WAL_CHECKPOINT_BYTES.. => "PRAGMA wal_checkpoint(PASSIVE)",
            _ => return,
        };
        if let Err(error) = self.connection.query(pragma, Vec::new()) {
            tracing::warn!(%error, "the write-ahead log could not be written back");
        }
    }

    /// Leaves the file complete without its WAL.
    fn finish(&mut self) {
        if let Err(error) = self.connection.query("PRAGMA wal_checkpoint(TRUNCATE)", Vec::new()) {
            tracing::warn!(%error, "the write-ahead log could not be written back at the end");
        }
    }
}

fn is_failure(result: &Result<Receipt, CommitError>) -> bool {
    matches!(result, Err(CommitError::Store(_)))
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

/// How long a stopping writer may take to empty its mailbox and write back the WAL.
pub(super) const FINISH_TIMEOUT: Duration = Duration::from_secs(10);
