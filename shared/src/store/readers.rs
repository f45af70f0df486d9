//! The read pool: read-only connections, one borrowed per read. A read collects its rows inside one blocking task, so no
//! cursor outlives its call, and one that takes too long is interrupted.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::connection::{Connection, Row};
use super::error::{Failure, StoreError, failure_of};
use super::statement::Value;

/// What a read may do: run statements and collect their rows.
pub struct Reader<'a> {
    connection: &'a mut Connection,
}

impl<'a> Reader<'a> {
    /// A read outside the pool, on a connection of the caller's.
    pub(super) fn over(connection: &'a mut Connection) -> Self {
        Self { connection }
    }

    /// Runs a query and collects its rows.
    ///
    /// # Errors
    /// When the database refuses, or the read was interrupted.
    pub fn rows(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.connection.query(sql, params).map_err(|error| match failure_of(&error) {
            Failure::Interrupted => StoreError::Interrupted,
            Failure::Busy => StoreError::Busy,
            _ => StoreError::Read(error.to_string()),
        })
    }

    /// Runs `read` within one snapshot of the database: all of its queries see the same commits.
    ///
    /// # Errors
    /// As [`Reader::rows`], or what `read` fails with.
    pub fn snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.rows("BEGIN", Vec::new())?;
        let outcome = read(self);
        self.rows("COMMIT", Vec::new())?;
        outcome
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

/// A bounded set of read-only connections, opened when first needed.
#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    run: Run,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    busy_timeout: Duration,
    query_timeout: Duration,
}

impl Readers {
    pub(super) fn new(path: PathBuf, run: Run, count: usize, busy_timeout: Duration, query_timeout: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(count));
        Self { path, run, permits, idle: Arc::default(), busy_timeout, query_timeout }
    }

    /// Runs `read` on one connection.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let mut connection = self.borrow()?;
        let interrupter = connection.interrupter();
        let idle = Arc::clone(&self.idle);
        let work = move || {
            let outcome = read(&mut Reader { connection: &mut connection });
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
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
