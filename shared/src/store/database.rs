//! The database as the rest of the program sees it: commits, reads, and what it tells of them.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::error::{CommitError, StoreError};
use super::lock::Lock;
use super::opening::{HEAD, integer};
use super::outbox::Claim;
use super::outbox::own::Claimed;
use super::readers::{Reader, Readers};
use super::statement::Commit;
use super::writer::{FINISH_TIMEOUT, Receipt, Signals, Writer};
use crate::config::Database;
use crate::telemetry::Metrics;

/// Who publishes what commits leave in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// The drainer, which runs beside.
    ByDrainer,
    /// Whoever commits, right after: a deployed function, with the drainer as the safety net. Commits claim their rows.
    ByItself,
}

/// The database: one writer, many readers. Clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Readers,
    signals: Arc<Signals>,
    closing: Arc<Mutex<Option<Closing>>>,
    metrics: Metrics,
    database: Database,
    database_id: String,
    claimed: Arc<Mutex<Vec<Claimed>>>,
}

/// What is left to end when the last clone's owner closes the store.
pub(super) enum Closing {
    /// The writer's thread, unless everything is inline, and the lock of the file.
    File { writer: Option<std::thread::JoinHandle<()>>, lock: Lock },
    /// The writer's task.
    Server { writer: tokio::task::JoinHandle<()> },
}

impl Store {
    pub(super) fn new(
        writer: Writer,
        readers: Readers,
        signals: Arc<Signals>,
        closing: Closing,
        metrics: &Metrics,
        database: Database,
        database_id: String,
    ) -> Self {
        let closing = Arc::new(Mutex::new(Some(closing)));
        let (metrics, claimed) = (metrics.clone(), Arc::default());
        Self { writer, readers, signals, closing, metrics, database, database_id, claimed }
    }

    /// With the place where the writer puts what its commits claim.
    pub(super) fn claiming_into(self, claimed: Arc<Mutex<Vec<Claimed>>>) -> Self {
        Self { claimed, ..self }
    }

    /// Commits, waiting for room in the writer's mailbox: for functions, whose work waits in rows anyway.
    ///
    /// # Errors
    /// Names the guard that did not hold, or how the store failed.
    pub async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        self.writer.commit(commit).await
    }

    /// Commits, or fails with [`StoreError::Busy`] at once when the mailbox is full: for requests, which can be told.
    ///
    /// # Errors
    /// Names the guard that did not hold, or how the store failed.
    pub async fn try_commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        let outcome = self.writer.try_commit(commit).await;
        if matches!(outcome, Err(CommitError::Store(StoreError::Busy))) {
            self.metrics.writer_refused_total.inc();
        }
        outcome
    }

    /// Runs `read` on a read-only connection, off the async threads.
    ///
    /// # Errors
    /// What `read` fails with, or [`StoreError::Interrupted`] after `store.query_timeout`.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(read).await
    }

    /// Watches the position of the newest committed event.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<i64> {
        self.signals.head.subscribe()
    }

    /// Position of the newest event. Others may write to a server's database, so it is asked.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn newest(&self) -> Result<i64, StoreError> {
        if self.is_local() {
            return Ok(*self.signals.head.borrow());
        }
        let head = self.read(|reader| reader.rows(HEAD, Vec::new()).map(integer)).await?;
        self.signals.head.send_if_modified(|seen| head > *seen && std::mem::replace(seen, head) < head);
        Ok(head)
    }

    /// Takes what this process's commits claimed in the outbox: rows, with the texts of their messages. It is to publish
    /// them.
    ///
    /// # Errors
    /// When a row is damaged.
    pub fn take_claimed(&self) -> Result<Vec<Claim>, StoreError> {
        let claimed = std::mem::take(&mut *self.claimed.lock().unwrap_or_else(PoisonError::into_inner));
        let messages: Vec<_> = claimed.into_iter().map(Claimed::messages).collect::<Result<_, _>>()?;
        Ok(messages.into_iter().flatten().collect())
    }

    /// Watches for commits that may have left something in the outbox.
    #[must_use]
    pub fn outbox_bell(&self) -> watch::Receiver<u64> {
        self.signals.outbox.subscribe()
    }

    /// Whether the newest commits failed for a reason of the database's: the file is locked, or the disk is full.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.signals.failing.load(Ordering::SeqCst)
    }

    /// Commits that wait for the writer now.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.writer.queue_depth()
    }

    /// The database's id: a UUID stored at creation.
    #[must_use]
    pub fn database_id(&self) -> &str {
        &self.database_id
    }

    /// First 8 hex digits of the database id, as cursors carry it.
    #[must_use]
    pub fn epoch(&self) -> &str {
        self.database_id.get(..8).unwrap_or(&self.database_id)
    }

    /// The file; none where a server has the database.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.database {
            Database::File(path) => Some(path),
            Database::Server(_) => None,
        }
    }

    /// Whether the database is a file of this process alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.path().is_some()
    }

    /// Ends reads and writes; of a file it writes the WAL back and gives up the lock. A second call does nothing.
    pub async fn close(&self) {
        let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.close();
        let Some(closing) = closing else { return };
        self.writer.close().await;
        let (ended, lock) = match closing {
            Closing::File { writer: None, lock } => (true, Some(lock)),
            Closing::File { writer: Some(thread), lock } => {
                let joined = tokio::task::spawn_blocking(move || thread.join());
                (tokio::time::timeout(FINISH_TIMEOUT, joined).await.is_ok(), Some(lock))
            }
            Closing::Server { writer } => (tokio::time::timeout(FINISH_TIMEOUT, writer).await.is_ok(), None),
        };
        if !ended {
            tracing::error!("the writer did not end in time; what it answered is safe");
            return;
        }
        if let Some(Err(error)) = lock.map(Lock::release) {
            tracing::warn!(%error, "the lock file could not be cleared");
        }
    }
}
