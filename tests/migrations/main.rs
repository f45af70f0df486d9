//! The schema's history: applied once, in one transaction each, never over what it does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::{Ctx, CtxError, Sources};
use shared::store::migrations::{MIGRATIONS, Migration, newest};
use shared::store::{Run, StoreError};
use tempfile::TempDir;
use tests::fixture::{Fixture, config_in, database_in, over_both_files};
use tests::services::sqld::{self, Sqld};
use tests::system::{execute_on, rows_of};

mod data;
mod memory;
mod sessions;

/// The table that records what was applied.
const HISTORY: &str = include_str!("../../shared/src/store/sql/create_migrations.sql");

pub(crate) async fn open(directory: &TempDir) -> Result<Ctx, StoreError> {
    let sources = Sources { clock: Clock::fixed_at(0), seed: Some(2), run: Run::Threads, ..Sources::system() };
    Ctx::build(config_in(directory, &[]), sources, Vec::new()).await.map_err(|error| match error {
        CtxError::Store(error) => error,
        other => panic!("{other}"),
    })
}

/// Runs SQL on a file without a store, and leaves it complete without its write-ahead log.
pub(crate) async fn by_hand(database: &Path, sql: &str) {
    fs::create_dir_all(database.parent().expect("a directory")).expect("a directory");
    let opened = libsql::Builder::new_local(database).build().await.expect("a database");
    let connection = opened.connect().expect("a connection");
    connection.execute_batch(sql).await.expect("the statements run");
    let mut rows = connection.query("PRAGMA wal_checkpoint(TRUNCATE)", ()).await.expect("a checkpoint");
    while rows.next().await.expect("a row").is_some() {}
}

/// The statements that record `migration` as applied.
pub(crate) fn recorded(migration: &Migration) -> String {
    let (version, name, checksum) = (migration.version, migration.name, migration.checksum());
    format!("INSERT INTO migrations VALUES ({version}, '{name}', '{checksum}', 7);")
}

async fn history(directory: &TempDir) -> Vec<Vec<Value>> {
    rows_of(&database_in(directory), "SELECT version, name, checksum FROM migrations ORDER BY version").await
}

fn expected_history() -> Value {
    json!(MIGRATIONS.iter().map(|step| json!([step.version, step.name, step.checksum()])).collect::<Vec<_>>())
}

async fn tables(directory: &TempDir) -> Vec<Vec<Value>> {
    rows_of(&database_in(directory), "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").await
}

// STORE-1
#[tokio::test]
async fn every_migration_is_applied_once_and_recorded_with_its_checksum() {
    over_both_files(async |fixture| {
        fixture.append("thread/a", 1).await.expect("an event");
        let directory = fixture.closed().await;
        assert_eq!(json!(history(&directory).await), expected_history());
        let before = tables(&directory).await;
        execute_on(&database_in(&directory), "UPDATE migrations SET applied_at = 42").await;
        open(&directory).await.expect("it opens again").store.close().await;
        assert_eq!(tables(&directory).await, before);
        let times = rows_of(&database_in(&directory), "SELECT DISTINCT applied_at FROM migrations").await;
        assert_eq!(json!(times), json!([[42]]), "not applied a second time");
        assert_eq!(json!(rows_of(&database_in(&directory), "SELECT count(*) FROM events").await), json!([[1]]));
    })
    .await;
}

// STORE-1
#[tokio::test]
async fn a_changed_checksum_refuses_to_start_and_leaves_the_file_untouched() {
    let directory = Fixture::new().await.closed().await;
    by_hand(&database_in(&directory), "UPDATE migrations SET checksum = 'other' WHERE version = 1").await;
    assert_refused_untouched(&directory, "migration 1 (spine) is not the one that made this database").await;
}

// STORE-1
#[tokio::test]
async fn a_newer_schema_refuses_to_start_and_leaves_the_file_untouched() {
    let directory = Fixture::new().await.closed().await;
    let newer = newest() + 1;
    by_hand(&database_in(&directory), &format!("INSERT INTO migrations VALUES ({newer}, 'later', 'x', 0)")).await;
    assert_refused_untouched(&directory, &format!("has schema version {newer}, this program knows {}", newest())).await;
}

async fn assert_refused_untouched(directory: &TempDir, why: &str) {
    let read = || fs::read(database_in(directory)).expect("the file");
    let before = read();
    for _ in 0..2 {
        let error = open(directory).await.err().expect("it refuses");
        assert!(matches!(&error, StoreError::Schema(text) if text.contains(why)), "{error:?}");
        assert!(read() == before, "the file changed");
    }
    let wal = format!("{}-wal", database_in(directory).display());
    assert_eq!(fs::metadata(wal).map_or(0, |file| file.len()), 0, "nothing waits to be written");
}

// STORE-2
#[tokio::test]
async fn a_migration_killed_midway_is_completed_by_the_next_start() {
    let complete = tables(&Fixture::new().await.closed().await).await;
    let statements: Vec<&str> = MIGRATIONS[0].sql.split_inclusive(";\n").collect();
    for share in [1, statements.len() / 2, statements.len()] {
        let directory = tempfile::tempdir().expect("a directory");
        let database = database_in(&directory);
        by_hand(&database, &format!("PRAGMA journal_mode = WAL; {HISTORY}")).await;
        {
            let opened = libsql::Builder::new_local(&database).build().await.expect("a database");
            let connection = opened.connect().expect("a connection");
            connection.execute_batch("BEGIN IMMEDIATE").await.expect("a transaction");
            // A trigger's body has semicolons of its own; what does not stand alone is the next piece's beginning.
            let mut piece = String::new();
            for statement in &statements[..share] {
                piece.push_str(statement);
                if connection.execute_batch(&piece).await.is_ok() {
                    piece.clear();
                }
            }
            // Killed here: the connection goes without a COMMIT.
        }
        assert_eq!(history(&directory).await.len(), 0);
        open(&directory).await.expect("the next start completes it").store.close().await;
        assert_eq!(json!(history(&directory).await), expected_history());
        let names = |rows: &[Vec<Value>]| rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>();
        assert_eq!(names(&tables(&directory).await), names(&complete), "after {share} statements");
    }
}

// STORE-1
#[test]
fn migrations_are_numbered_from_one_without_gaps() {
    let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(versions, (1..=newest()).collect::<Vec<_>>());
    assert!(newest() >= 1);
}

// STORE-1, STORE-2
#[tokio::test]
async fn processes_that_start_at_once_on_an_empty_server_apply_every_migration_once() {
    let Some(server) = Sqld::start() else { return };
    let url = server.url();
    let start = || async {
        let config = Config::with(&[("db", &url)]).expect("settings");
        Ctx::build(config, Sources::system(), Vec::new()).await.expect("a context")
    };
    let started = futures::future::join_all((0..6).map(|_| start())).await;
    let ids: BTreeSet<_> = started.iter().map(|ctx| ctx.store.database_id().to_owned()).collect();
    assert_eq!(ids.len(), 1, "all work on one database");
    let rows = sqld::query(&url, "SELECT version, checksum FROM migrations ORDER BY version").await.expect("rows").0;
    let expected: Vec<_> = MIGRATIONS.iter().map(|step| vec![json!(step.version), json!(step.checksum())]).collect();
    assert_eq!(rows, expected);
}
