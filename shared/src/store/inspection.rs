//! A look at a database from outside: read-only, also beside a running server. What `agentforum doctor` knows of it.

use std::path::Path;
use std::time::Duration;

use super::connection::Connection;
use super::error::StoreError;
use super::migrations;
use super::overview::{self, Overview};
use super::readers::Reader;
use super::remote::Remote;
use crate::clock::{Clock, Time};
use crate::config::{Config, Database};
use crate::id::Ids;
use crate::secrets::Token;
use crate::telemetry::Metrics;

/// How long the server may take for a write.
const WRITE_LIMIT: Duration = Duration::from_secs(8);

/// What a look found.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// First finding of the quick integrity check; `ok` when there is none.
    pub integrity: String,
    /// Number of the newest migration applied, or why this program cannot work with the schema.
    pub schema: Result<i64, String>,
    /// When the newest event was recorded.
    pub newest_recorded_at: Option<Time>,
    /// Where everything stands; why that cannot be read, where it cannot.
    pub overview: Result<Overview, String>,
    /// When the oldest event that some projection has not applied was recorded.
    pub oldest_unprojected_at: Option<Time>,
}

/// Looks at `database`. `now` is what ages are measured against.
///
/// # Errors
/// When the file cannot be opened or read at all.
pub fn inspect(database: &Path, busy_timeout: Duration, now: Time) -> Result<Inspection, StoreError> {
    let unreadable = |error: libsql::Error| StoreError::Read(error.to_string());
    let mut connection = Connection::open_read_only(database, busy_timeout).map_err(unreadable)?;
    let rows = connection.query("PRAGMA quick_check(1)", Vec::new()).map_err(unreadable)?;
    let integrity = rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default();
    let schema = match migrations::applied(&mut connection) {
        Ok(applied) => migrations::check(&applied)
            .map(|()| applied.last().map_or(0, |(version, _)| *version))
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let mut reader = Reader::over(&mut connection);
    let overview = overview::read(&mut reader, now, &[]).map_err(|error| error.to_string());
    let behind = overview.as_ref().ok().and_then(|overview| overview.checkpoints.iter().map(|it| it.pos).min());
    let newest_recorded_at = recorded_at(&mut reader, "SELECT max(recorded_at) FROM events WHERE pos > ?1", 0)?;
    let oldest_unprojected_at = match behind {
        Some(pos) => recorded_at(&mut reader, "SELECT min(recorded_at) FROM events WHERE pos > ?1", pos)?,
        None => None,
    };
    Ok(Inspection { integrity, schema, newest_recorded_at, overview, oldest_unprojected_at })
}

/// What a libSQL server is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It does not answer, or not to us.
    Silent(String),
    /// Its schema is not this program's.
    Foreign(String),
    /// It answers reads and takes no writes.
    ReadOnly(String),
    /// It takes writes.
    Works,
}

/// Tries a libSQL server with a read and a real write that changes nothing anybody sees. Only a write tells whether its
/// writers are stuck: reads, and its own health page, stay fine.
pub async fn probe(config: &Config, now: Time) -> Probe {
    let (Ok(ids), Ok(metrics)) = (Ids::from_system(Clock::System), Metrics::new()) else {
        return Probe::Silent("the operating system gives no random numbers".to_owned());
    };
    let Database::Server(url) = &config.db else { return Probe::Silent("the database is a file".to_owned()) };
    let token = Token::of(&config.store.token);
    let remote = match Remote::new(url, token, config.store.remote_timeout, &ids, &metrics) {
        Ok(remote) => remote,
        Err(error) => return Probe::Silent(error.to_string()),
    };
    if let Err(error) = remote.check().await {
        return Probe::Silent(error.to_string());
    }
    match migrations::applied_remote(&remote).await {
        Ok(applied) => {
            if let Err(error) = migrations::check(&applied) {
                return Probe::Foreign(error.to_string());
            }
        }
        Err(error) => return Probe::Foreign(format!("it holds no database of agentforum: {error}")),
    }
    let script = format!("BEGIN IMMEDIATE; UPDATE commit_context SET now = max(now, {}); COMMIT;", now.0);
    match remote.script(script, WRITE_LIMIT).await {
        Ok(()) => Probe::Works,
        Err(error) => Probe::ReadOnly(error.to_string()),
    }
}

fn recorded_at(reader: &mut Reader<'_>, sql: &'static str, after: i64) -> Result<Option<Time>, StoreError> {
    let row = reader.row(sql, vec![after.into()])?;
    Ok(row.map(|row| row.columns().optional_time()).transpose()?.flatten())
}

/// Whether this build of the database has full-text search: makes an index in memory and finds a word in it.
///
/// # Errors
/// What the database says against it.
pub fn full_text_works() -> Result<(), StoreError> {
    let refused = |error: libsql::Error| StoreError::Read(error.to_string());
    let mut connection = Connection::open(Path::new(":memory:"), Duration::ZERO).map_err(refused)?;
    connection.batch("CREATE VIRTUAL TABLE probe USING fts5(body)").map_err(refused)?;
    connection.query("INSERT INTO probe (body) VALUES (?1)", vec!["a word".into()]).map_err(refused)?;
    let found = connection.query("SELECT 1 FROM probe WHERE probe MATCH ?1", vec!["word".into()]).map_err(refused)?;
    if found.len() == 1 { Ok(()) } else { Err(StoreError::Row("a stored word was not found".to_owned())) }
}
