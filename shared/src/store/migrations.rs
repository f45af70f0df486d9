//! Migrations: numbered, embedded, forward-only, each one transaction and applied once. A changed one, or a schema newer
//! than this program, refuses to start and leaves the file as it is.

use super::StoreError;
use super::connection::Connection;
use crate::clock::Time;
use crate::id::fingerprint;

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
];

impl Migration {
    /// SHA-256 of its text, as stored.
    #[must_use]
    pub fn checksum(&self) -> String {
        fingerprint(&[self.sql.as_bytes()])
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
    let rows = connection.query("SELECT version, checksum FROM migrations ORDER BY version", Vec::new())?;
    let pair = |row: super::connection::Row| {
        let mut columns = row.columns();
        Some((columns.integer().ok()?, columns.text().ok()?))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
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
