//! Reads. Of a file: a pool of read-only connections, one borrowed per read; a read collects its rows inside one blocking
//! task, so no cursor outlives its call, and one that takes too long is interrupted. Of a server: one request per query.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::connection::{Connection, Row};
use super::error::{Failure, StoreError, failure_of};
use super::remote::Remote;
use super::statement::Value;

/// What a read may do: run statements and collect their rows.
pub struct Reader<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    File(&'a mut Connection),
    Server(&'a Remote, &'a Handle),
}

/// How often a read that must see one moment of a server's database is begun again because that moved on.
const MOMENTS: usize = 10;

impl<'a> Reader<'a> {
    /// A read outside the pool, on a connection of the caller's.
    pub(super) fn over(connection: &'a mut Connection) -> Self {
        Self { source: Source::File(connection) }
    }

    /// Runs a query and collects its rows.
    ///
    /// # Errors
    /// When the database refuses, or the read was interrupted.
    pub fn rows(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match &mut self.source {
            Source::File(connection) => connection.query(sql, params).map_err(|error| match failure_of(&error) {
                Failure::Interrupted => StoreError::Interrupted,
                Failure::Busy => StoreError::Busy,
                _ => StoreError::Read(error.to_string()),
            }),
            // The caller's thread is one for blocking work.
            Source::Server(remote, handle) => handle.block_on(remote.rows(sql, params)),
        }
    }

    /// Runs `read` so that all of its queries see one moment. Of a file that is a snapshot. A server would have to hold a
    /// transaction across requests for it, and every writer up; there `unmoved` is asked before and after, and `read` is run
    /// again if its answer changed.
    ///
    /// # Errors
    /// As [`Reader::rows`], or what `read` fails with; [`StoreError::Busy`] when the moment never lasts.
    pub fn snapshot<T>(
        &mut self,
        unmoved: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(self.source, Source::File(_)) {
            self.rows("BEGIN", Vec::new())?;
            let outcome = read(self);
            self.rows("COMMIT", Vec::new())?;
            return outcome;
        }
        for _ in 0..MOMENTS {
            let before = self.row(unmoved, Vec::new())?.map(Row::into_values);
            let outcome = read(self);
            if self.row(unmoved, Vec::new())?.map(Row::into_values) == before {
                return outcome;
            }
        }
        Err(StoreError::Busy)
    }

    /// Runs a query of which at most the first row matters.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub fn row(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// Where reads run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Reads on blocking threads, the writer on a thread of its own.
    Threads,
    /// Everything on the caller's thread, one after the other: for simulations.
    Inline,
}

/// Where reads go.
#[derive(Clone)]
pub(super) enum Readers {
    /// To the connections of a file.
    File(Pool),
    /// To a server, at most so many at once.
    Server(Remote, Arc<Semaphore>),
}

impl Readers {
    /// Runs `read`.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match self {
            Self::File(pool) => pool.read(read).await,
            Self::Server(remote, permits) => {
                let permit = Arc::clone(permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
                let (remote, handle) = (remote.clone(), Handle::current());
                let work = move || {
                    let outcome = read(&mut Reader { source: Source::Server(&remote, &handle) });
                    drop(permit);
                    outcome
                };
                let finished = tokio::task::spawn_blocking(work).await;
                finished.unwrap_or_else(|error| Err(StoreError::Read(error.to_string())))
            }
        }
    }

    /// Refuses further reads.
    pub(super) fn close(&self) {
        match self {
            Self::File(pool) => pool.close(),
            Self::Server(_, permits) => permits.close(),
        }
    }
}

/// A bounded set of read-only connections, opened when first needed.
#[derive(Clone)]
pub(super) struct Pool {
    path: PathBuf,
    run: Run,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    busy_timeout: Duration,
    query_timeout: Duration,
}

impl Pool {
    pub(super) fn new(path: PathBuf, run: Run, count: usize, busy_timeout: Duration, query_timeout: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(count));
        Self { path, run, permits, idle: Arc::default(), busy_timeout, query_timeout }
    }

    /// Runs `read` on one connection.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let mut connection = self.borrow()?;
        let interrupter = connection.interrupter();
        let idle = Arc::clone(&self.idle);
        let work = move || {
            let outcome = read(&mut Reader::over(&mut connection));
            if connection.is_autocommit() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            } else {
                // A snapshot that did not end would hold the write-ahead log.
                drop(connection);
            }
            drop(permit);
            outcome
        };
        if self.run == Run::Inline {
            return work();
        }
        let mut task = tokio::task::spawn_blocking(work);
        let finished = if let Ok(finished) = tokio::time::timeout(self.query_timeout, &mut task).await {
            finished
        } else {
            // The interrupted read still returns its connection and its permit.
            interrupter.interrupt().map_err(|error| StoreError::Read(error.to_string()))?;
            task.await
        };
        finished.unwrap_or_else(|error| Err(StoreError::Read(error.to_string())))
    }

    fn borrow(&self) -> Result<Connection, StoreError> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let open = || {
            let mut connection = Connection::open(&self.path, self.busy_timeout)?;
            connection.batch("PRAGMA query_only = ON")?;
            Ok::<_, libsql::Error>(connection)
        };
        open().map_err(|error| StoreError::Read(error.to_string()))
    }

    /// Refuses further reads and closes the idle connections.
    fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
