//! The one writer and its bounded mailbox. What arrives while one fsync runs shares the next.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::connection::Row;
use super::error::{CommitError, StoreError};
use super::groups::Groups;
use super::statement::Commit;

/// The rows that each returning statement of a commit gave, by the statement's index.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    pub(super) rows: Vec<(usize, Vec<Row>)>,
}

impl Receipt {
    /// The rows of the last statement that returned any; empty when none did.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row> {
        self.rows.into_iter().next_back().map(|(_, rows)| rows).unwrap_or_default()
    }

    /// The rows of the statements with these numbers; the first of a commit, number 0, writes its context.
    #[must_use]
    pub fn into_rows_of<const N: usize>(mut self, numbers: [usize; N]) -> [Vec<Row>; N] {
        numbers.map(|number| {
            let found = self.rows.iter_mut().find(|(index, _)| *index == number);
            found.map(|(_, rows)| std::mem::take(rows)).unwrap_or_default()
        })
    }

    /// The rows of the `count` statements from number `first` on; empty for those that returned none.
    #[must_use]
    pub fn into_rows_from(self, first: usize, count: usize) -> Vec<Vec<Row>> {
        let mut found = vec![Vec::new(); count];
        for (index, rows) in self.rows {
            if let Some(place) = index.checked_sub(first).and_then(|place| found.get_mut(place)) {
                *place = rows;
            }
        }
        found
    }

    /// The rows of every statement that returned any, in order.
    #[must_use]
    pub fn into_all_rows(self) -> Vec<Vec<Row>> {
        self.rows.into_iter().map(|(_, rows)| rows).collect()
    }
}

/// What the writer tells the rest of the process after each group.
#[derive(Debug)]
pub(super) struct Signals {
    /// Position of the newest committed event.
    pub(super) head: watch::Sender<i64>,
    /// Counts the groups that may have left something in the outbox.
    pub(super) outbox: watch::Sender<u64>,
    /// Whether the newest group failed for a reason of the database's: locked, full, unreadable.
    pub(super) failing: AtomicBool,
}

impl Signals {
    /// Tells the log's readers and the drainer what is new.
    pub(super) fn announce(&self, head: i64) {
        self.head.send_if_modified(|seen| head > *seen && std::mem::replace(seen, head) < head);
        self.outbox.send_modify(|count| *count += 1);
    }
}

pub(super) type Reply = oneshot::Sender<Result<Receipt, CommitError>>;

/// A commit on its way to the writer.
pub(super) struct Request {
    pub(super) commit: Commit,
    pub(super) reply: Reply,
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
    /// Behind a bounded mailbox: a thread of its own for a file, a task for a server.
    Mailbox(mpsc::Sender<Mail>),
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
        Ok((Self::Mailbox(sender), handle))
    }

    /// Tells the writer to end once its mailbox is empty.
    pub(super) async fn close(&self) {
        match self {
            Self::Mailbox(sender) => {
                // Ended already is as good.
                let _ = sender.send(Mail::Close).await;
            }
            Self::Inline(groups) => groups.lock().unwrap_or_else(PoisonError::into_inner).finish(),
        }
    }

    /// Commits that wait in the mailbox.
    pub(super) fn queue_depth(&self) -> usize {
        match self {
            Self::Mailbox(sender) => sender.max_capacity() - sender.capacity(),
            Self::Inline(_) => 0,
        }
    }

    /// Commits, waiting for room in the mailbox.
    pub(super) async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        match self {
            Self::Mailbox(sender) => {
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
            Self::Mailbox(sender) => {
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

/// How long a stopping writer may take to empty its mailbox and write back the WAL.
pub(super) const FINISH_TIMEOUT: Duration = Duration::from_secs(10);
