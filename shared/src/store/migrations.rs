//! Migrations: numbered, embedded, forward-only, each one transaction and applied once. A changed one, or a schema newer
//! than this program, refuses to start and leaves the file as it is.

use std::time::Duration;

use super::StoreError;
use super::connection::Connection;
use super::remote::Remote;
use crate::clock::Time;
use crate::id::fingerprint;

/// How long a server may take for one step.
const SCRIPT_LIMIT: Duration = Duration::from_secs(60);

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i64,
    /// What it brings.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// Every migration, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "spine", sql: include_str!("migrations/0001_spine.sql") },
    Migration { version: 2, name: "operations", sql: include_str!("migrations/0002_operations.sql") },
    Migration { version: 3, name: "forum", sql: include_str!("migrations/0003_forum.sql") },
    Migration { version: 4, name: "runs", sql: include_str!("migrations/0004_runs.sql") },
    Migration { version: 5, name: "sessions", sql: include_str!("migrations/0005_sessions.sql") },
    Migration { version: 6, name: "memory", sql: include_str!("migrations/0006_memory.sql") },
];

impl Migration {
    /// SHA-256 of its text, as stored.
    #[must_use]
    pub fn checksum(&self) -> String {
        fingerprint(&[self.sql.as_bytes()])
    }

    /// The step and its record as one script. It ends at its first statement that fails, which is its record where the step
    /// is done already; what it did until then is rolled back with its connection.
    fn script(&self, now: Time) -> String {
        let Self { version, name, sql } = self;
        let (checksum, now) = (self.checksum(), now.0);
        format!(
            "BEGIN IMMEDIATE;\nINSERT INTO migrations (version, name, checksum, applied_at) VALUES ({version}, '{name}', '{checksum}', {now});\n{sql}\nCOMMIT;"
        )
    }
}

/// The schema version this program brings.
#[must_use]
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Applies what is missing.
pub(super) fn apply(connection: &mut Connection, now: Time) -> Result<(), StoreError> {
    let failed = |error: libsql::Error| StoreError::Schema(format!("cannot read the schema's history: {error}"));
    connection.batch(include_str!("sql/create_migrations.sql")).map_err(failed)?;
    let applied = applied(connection).map_err(failed)?;
    check(&applied)?;
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        step(connection, migration, now).map_err(|error| {
            StoreError::Schema(format!("migration {} ({}) failed: {error}", migration.version, migration.name))
        })?;
    }
    Ok(())
}

/// Applies what is missing to a server's database. Several functions may start at once: whoever finds a step done by
/// another goes on from there.
pub(super) async fn apply_remote(remote: &Remote, now: Time) -> Result<(), StoreError> {
    remote.script(include_str!("sql/create_migrations.sql").to_owned(), SCRIPT_LIMIT).await?;
    let done = applied_remote(remote).await?;
    check(&done)?;
    for migration in MIGRATIONS.iter().skip(done.len()) {
        let outcome = remote.script(migration.script(now), SCRIPT_LIMIT).await;
        let Err(error) = outcome else { continue };
        let applied = applied_remote(remote).await?;
        check(&applied)?;
        if !applied.iter().any(|(version, _)| *version == migration.version) {
            let Migration { version, name, .. } = migration;
            return Err(StoreError::Schema(format!("migration {version} ({name}) failed: {error}")));
        }
    }
    Ok(())
}

pub(super) async fn applied_remote(remote: &Remote) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(pairs(remote.rows(APPLIED, Vec::new()).await?))
}

/// Whether this program can go on from a schema with these steps.
pub(super) fn check(applied: &[(i64, String)]) -> Result<(), StoreError> {
    for (version, checksum) in applied {
        let Some(migration) = MIGRATIONS.iter().find(|migration| migration.version == *version) else {
            return Err(StoreError::Schema(format!(
                "the database has schema version {version}, this program knows {}; start it with a newer agentforum",
                newest()
            )));
        };
        if migration.checksum() != *checksum {
            return Err(StoreError::Schema(format!(
                "migration {version} ({}) is not the one that made this database; start it with the agentforum that did",
                migration.name
            )));
        }
    }
    Ok(())
}

/// The steps that made the schema, with their checksums.
pub(super) fn applied(connection: &mut Connection) -> Result<Vec<(i64, String)>, libsql::Error> {
    Ok(pairs(connection.query(APPLIED, Vec::new())?))
}

const APPLIED: &str = "SELECT version, checksum FROM migrations ORDER BY version";

fn pairs(rows: Vec<super::connection::Row>) -> Vec<(i64, String)> {
    let pair = |row: super::connection::Row| {
        let mut columns = row.columns();
        Some((columns.integer().ok()?, columns.text().ok()?))
    };
    rows.into_iter().filter_map(pair).collect()
}

/// One migration and its record, in one transaction: killed midway, the next start does it again.
fn step(connection: &mut Connection, migration: &Migration, now: Time) -> Result<(), libsql::Error> {
    connection.batch("BEGIN IMMEDIATE")?;
    let mut work = || {
        connection.batch(migration.sql)?;
        connection.query(
            "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
            vec![migration.version.into(), migration.name.to_owned().into(), migration.checksum().into(), now.0.into()],
        )?;
        connection.batch("COMMIT")
    };
    let outcome = work();
    if outcome.is_err() && !connection.is_autocommit() {
        connection.batch("ROLLBACK")?;
    }
    outcome
}
