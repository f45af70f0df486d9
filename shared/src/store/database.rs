//! Opening the store: directory, lock, integrity, migrations, then one writer and a pool of readers over the file.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::connection::Connection;
use super::error::{CommitError, StoreError};
use super::groups::{Groups, WAL_CHECKPOINT_PAGES};
use super::lock::{Lock, foreign_holder};
use super::migrations;
use super::readers::{Reader, Readers, Run};
use super::statement::{Commit, Statement};
use super::writer::{FINISH_TIMEOUT, Receipt, Signals, Writer};
use crate::clock::Clock;
use crate::config::Config;
use crate::id::Ids;
use crate::telemetry::Metrics;

/// The database: one writer, many readers. Clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Readers,
    signals: Arc<Signals>,
    closing: Arc<Mutex<Option<Closing>>>,
    metrics: Metrics,
    path: PathBuf,
    database_id: String,
}

/// What is left to end when the last clone's owner closes the store.
struct Closing {
    writer: Option<std::thread::JoinHandle<()>>,
    lock: Lock,
}

impl Store {
    /// Opens the file `config.db`, making it and its directory if they are not there.
    ///
    /// # Errors
    /// When another process holds the file, it is damaged, or its schema does not fit.
    pub fn open(config: &Config, run: Run, clock: &Clock, ids: &Ids, metrics: &Metrics) -> Result<Self, StoreError> {
        let path = config.db.clone();
        make_directory(&path)?;
        let lock = Lock::take(&path)?;
        let opened = |error: libsql::Error| not_opened(&path, &error);
        let mut connection = Connection::open(&path, config.store.busy_timeout).map_err(opened)?;
        keep_private(&path)?;
        if lock.unclean {
            check_integrity(&mut connection, &path)?;
        }
        connection.query("PRAGMA journal_mode = WAL", Vec::new()).map_err(|error| not_a_database(&path, &error))?;
        connection.checkpoint_every(WAL_CHECKPOINT_PAGES).map_err(opened)?;
        migrations::apply(&mut connection, clock.now())?;
        let database_id = database_id(&mut connection, ids).map_err(opened)?;
        let head = head(&mut connection).map_err(opened)?;

        let signals = Arc::new(Signals {
            head: watch::Sender::new(head),
            outbox: watch::Sender::new(0),
            failing: AtomicBool::new(false),
        });
        let wal = PathBuf::from(format!("{}-wal", path.display()));
        let groups = Groups::new(connection, wal, config, Arc::clone(&signals), metrics.clone());
        let (writer, thread) = match run {
            Run::Threads => {
                let (writer, thread) = Writer::spawn(groups, config.writer.queue)?;
                (writer, Some(thread))
            }
            Run::Inline => (Writer::Inline(Arc::new(Mutex::new(groups))), None),
        };
        let readers = Readers::new(
            path.clone(),
            run,
            config.store.readers,
            config.store.busy_timeout,
            config.store.query_timeout,
        );
        let closing = Arc::new(Mutex::new(Some(Closing { writer: thread, lock })));
        Ok(Self { writer, readers, signals, closing, metrics: metrics.clone(), path, database_id })
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

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends reads and writes, writes the WAL back, and gives up the lock. A second call does nothing.
    pub async fn close(&self) {
        let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.close();
        let Some(Closing { writer, lock }) = closing else { return };
        self.writer.close().await;
        if let Some(thread) = writer {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(FINISH_TIMEOUT, joined).await.is_err() {
                tracing::error!("the writer did not end in time; its last commits are safe in the write-ahead log");
                return;
            }
        }
        if let Err(error) = lock.release() {
            tracing::warn!(%error, "the lock file could not be cleared");
        }
    }
}

/// Makes the database's directory, closed to others, with a `.gitignore` so that nobody commits their data.
///
/// # Errors
/// When the directory cannot be made.
pub fn make_directory(path: &Path) -> Result<(), StoreError> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    if directory.exists() {
        return Ok(());
    }
    let open = |source| StoreError::Open { path: directory.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(open)?;
    std::fs::write(directory.join(".gitignore"), "*\n").map_err(open)
}

fn keep_private(path: &Path) -> Result<(), StoreError> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

fn not_opened(path: &Path, error: &libsql::Error) -> StoreError {
    match super::error::failure_of(error) {
        super::error::Failure::Busy => StoreError::Locked { path: path.to_owned(), holder: foreign_holder(path) },
        _ => StoreError::Read(format!("cannot open {}: {error}", path.display())),
    }
}

fn not_a_database(path: &Path, error: &libsql::Error) -> StoreError {
    match super::error::failure_of(error) {
        super::error::Failure::Busy => not_opened(path, error),
        _ => StoreError::Damaged { path: path.to_owned(), finding: error.to_string() },
    }
}

fn check_integrity(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let rows = connection.query("PRAGMA quick_check(1)", Vec::new()).map_err(|error| not_a_database(path, &error))?;
    let finding = rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default();
    if finding == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path.to_owned(), finding }) }
}

fn database_id(connection: &mut Connection, ids: &Ids) -> Result<String, libsql::Error> {
    let Statement { sql, params, .. } = Statement::new(
        "INSERT INTO meta (name, value) VALUES ('database_id', ?1) ON CONFLICT DO NOTHING",
        vec![ids.uuid_v4().simple().to_string().into()],
    );
    connection.query(sql, params)?;
    let rows = connection.query("SELECT value FROM meta WHERE name = 'database_id'", Vec::new())?;
    Ok(rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default())
}

fn head(connection: &mut Connection) -> Result<i64, libsql::Error> {
    let rows = connection.query("SELECT coalesce(max(pos), 0) FROM events", Vec::new())?;
    Ok(rows.into_iter().next().and_then(|row| row.columns().integer().ok()).unwrap_or(0))
}
