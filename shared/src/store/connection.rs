//! One connection to the local file: its settings, its prepared statements, its rows. libsql's local calls never wait, so
//! their futures are finished by one poll and this layer is synchronous.

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use futures::FutureExt;

use super::statement::{Durability, Value};
use crate::clock::Time;

/// A connection and the statements prepared on it.
pub(super) struct Connection {
    inner: libsql::Connection,
    prepared: HashMap<&'static str, libsql::Statement>,
    /// What `PRAGMA synchronous` stands at, once it was set.
    synchronous: Option<Durability>,
}

/// Finishes a future of the local backend, which is ready on its first poll.
fn ready<T>(future: impl Future<Output = Result<T, libsql::Error>>) -> Result<T, libsql::Error> {
    future
        .now_or_never()
        .unwrap_or_else(|| Err(libsql::Error::ConnectionFailed("a local database call was not immediate".to_owned())))
}

impl Connection {
    /// Opens `path` with the settings every connection shares.
    pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<Self, libsql::Error> {
        let database = ready(libsql::Builder::new_local(path).build())?;
        let inner = database.connect()?;
        inner.busy_timeout(busy_timeout)?;
        let mut connection = Self { inner, prepared: HashMap::new(), synchronous: None };
        connection.batch("PRAGMA foreign_keys = ON")?;
        // A checkpoint is the writer's business alone: see `checkpoint_every`.
        connection.batch("PRAGMA wal_autocheckpoint = 0")?;
        Ok(connection)
    }

    /// Opens `path` so that nothing can be changed through it, also beside a server that works on the file.
    pub(super) fn open_read_only(path: &Path, busy_timeout: Duration) -> Result<Self, libsql::Error> {
        let builder = libsql::Builder::new_local(path).flags(libsql::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let inner = ready(builder.build())?.connect()?;
        inner.busy_timeout(busy_timeout)?;
        Ok(Self { inner, prepared: HashMap::new(), synchronous: None })
    }

    /// Changes how long a statement waits for a lock.
    pub(super) fn set_busy_timeout(&mut self, busy_timeout: Duration) -> Result<(), libsql::Error> {
        self.inner.busy_timeout(busy_timeout)
    }

    /// Lets this connection write the WAL back when a commit leaves more than `pages` pages in it.
    pub(super) fn checkpoint_every(&mut self, pages: u32) -> Result<(), libsql::Error> {
        self.batch(&format!("PRAGMA wal_autocheckpoint = {pages}"))
    }

    /// Runs statements without parameters: migrations and settings.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), libsql::Error> {
        ready(self.inner.execute_batch(sql)).map(drop)
    }

    /// Runs one statement to its end and collects its rows.
    pub(super) fn query(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, libsql::Error> {
        let statement = match self.prepared.entry(sql) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(ready(self.inner.prepare(sql))?),
        };
        let rows = collect(statement, params);
        // Without the reset the next run would silently bind the old parameters, and an open cursor would hold the WAL.
        statement.reset();
        rows
    }

    /// Switches what a commit waits for. Only between transactions: inside one the database ignores it.
    pub(super) fn set_synchronous(&mut self, durability: Durability) -> Result<(), libsql::Error> {
        if self.synchronous == Some(durability) {
            return Ok(());
        }
        // Never as a kept statement: this pragma works when it is compiled, so running it a second time does nothing.
        self.batch(match durability {
            Durability::Full => "PRAGMA synchronous = FULL",
            Durability::Normal => "PRAGMA synchronous = NORMAL",
        })?;
        self.synchronous = Some(durability);
        Ok(())
    }

    /// Whether no transaction is open: after an error it tells whether the database rolled everything back.
    pub(super) fn is_autocommit(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// A handle that can interrupt a running query from elsewhere.
    pub(super) fn interrupter(&self) -> libsql::Connection {
        self.inner.clone()
    }
}

fn collect(statement: &libsql::Statement, params: Vec<Value>) -> Result<Vec<Row>, libsql::Error> {
    let mut rows = ready(statement.query(params))?;
    let width = rows.column_count();
    let mut collected = Vec::new();
    while let Some(row) = ready(rows.next())? {
        let values = (0..width).map(|index| row.get_value(index)).collect::<Result<_, _>>()?;
        collected.push(Row { values });
    }
    Ok(collected)
}

/// One collected row. Its columns are read in order with [`Row::columns`].
#[derive(Clone, Debug)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    /// A row of these columns.
    pub(super) fn of(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// Reads the columns from the first one on.
    #[must_use]
    pub fn columns(self) -> Columns {
        Columns { values: self.values.into_iter() }
    }

    /// All columns as they are, for comparing rows whose meaning does not matter.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Hands out a row's columns one by one, each as the type the caller expects.
#[derive(Debug)]
pub struct Columns {
    values: std::vec::IntoIter<Value>,
}

/// A column that is missing or of another type.
#[derive(Debug, thiserror::Error)]
#[error("a stored row is not as expected: wanted {wanted}, found {found}")]
pub struct ColumnError {
    wanted: &'static str,
    found: String,
}

impl From<ColumnError> for super::StoreError {
    fn from(error: ColumnError) -> Self {
        Self::Row(error.to_string())
    }
}

impl Columns {
    fn take<T>(&mut self, wanted: &'static str, read: impl Fn(Value) -> Result<T, Value>) -> Result<T, ColumnError> {
        let value = self.values.next().ok_or_else(|| ColumnError { wanted, found: "no column".to_owned() })?;
        read(value).map_err(|value| ColumnError { wanted, found: format!("{value:?}") })
    }

    /// Text that is there.
    ///
    /// # Errors
    /// When the column is missing or no text.
    pub fn text(&mut self) -> Result<String, ColumnError> {
        self.take("text", |value| match value {
            Value::Text(text) => Ok(text),
            other => Err(other),
        })
    }

    /// Text or nothing.
    ///
    /// # Errors
    /// When the column is missing or neither.
    pub fn optional_text(&mut self) -> Result<Option<String>, ColumnError> {
        self.take("text or nothing", |value| match value {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            other => Err(other),
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the column is missing or no whole number.
    pub fn integer(&mut self) -> Result<i64, ColumnError> {
        self.take("a whole number", |value| match value {
            Value::Integer(number) => Ok(number),
            other => Err(other),
        })
    }

    /// A whole number or nothing.
    ///
    /// # Errors
    /// When the column is missing or neither.
    pub fn optional_integer(&mut self) -> Result<Option<i64>, ColumnError> {
        self.take("a whole number or nothing", |value| match value {
            Value::Integer(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            other => Err(other),
        })
    }

    /// A time.
    ///
    /// # Errors
    /// When the column is missing or no time.
    pub fn time(&mut self) -> Result<Time, ColumnError> {
        self.integer().map(Time)
    }

    /// A time or nothing.
    ///
    /// # Errors
    /// When the column is missing or neither.
    pub fn optional_time(&mut self) -> Result<Option<Time>, ColumnError> {
        Ok(self.optional_integer()?.map(Time))
    }

    /// A word of a closed list.
    ///
    /// # Errors
    /// When the column is missing or holds another word.
    pub fn word<W: crate::value::Word>(&mut self) -> Result<W, ColumnError> {
        let text = self.text()?;
        W::parse(&text).map_err(|_| ColumnError { wanted: W::NAME, found: text })
    }

    /// A word of a closed list, or nothing.
    ///
    /// # Errors
    /// When the column is missing or holds another word.
    pub fn optional_word<W: crate::value::Word>(&mut self) -> Result<Option<W>, ColumnError> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        W::parse(&text).map(Some).map_err(|_| ColumnError { wanted: W::NAME, found: text })
    }

    /// JSON of the expected shape.
    ///
    /// # Errors
    /// When the column is missing or holds other JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, ColumnError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| ColumnError { wanted: "JSON", found: error.to_string() })
    }

    /// JSON of the expected shape, or nothing.
    ///
    /// # Errors
    /// When the column is missing or holds other JSON.
    pub fn optional_json<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, ColumnError> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        let parsed = serde_json::from_str(&text);
        parsed.map(Some).map_err(|error| ColumnError { wanted: "JSON", found: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // STORE-3
    #[test]
    fn every_switch_of_the_durability_takes_effect() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut connection =
            Connection::open(&directory.path().join("a.db"), Duration::from_secs(1)).expect("a connection");
        for (durability, level) in [
            (Durability::Full, 2),
            (Durability::Normal, 1),
            (Durability::Full, 2),
            (Durability::Normal, 1),
            (Durability::Full, 2),
        ] {
            connection.set_synchronous(durability).expect("a switch");
            let mut rows = ready(connection.inner.query("PRAGMA synchronous", ())).expect("an answer");
            let row = ready(rows.next()).expect("a row").expect("a row");
            assert_eq!(row.get::<i64>(0).expect("a level"), level);
        }
    }
}
