//! A backup under load opens alone; restored, it is another database with the same past.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::system::{Client, Setup, System, question, rows_of};
use tests::world::World;
use tokio::task::JoinSet;

use crate::command::Shell;

const THREADS: &str = "/api/v1/forum/threads";

/// Posts about 100 commands a second until told to stop; counts those that were applied.
fn load(client: &Client, enough: &Arc<AtomicBool>, applied: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (client, enough, applied) = (client.clone(), Arc::clone(enough), Arc::clone(applied));
        writers.spawn(async move {
            let mut pace = tokio::time::interval(Duration::from_millis(40));
            while !enough.load(Ordering::SeqCst) {
                pace.tick().await;
                let answer = client.post(THREADS, &question(&format!("Load {writer}"))).await;
                assert!(answer.status.is_success(), "{}", answer.body);
                applied.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    writers
}

/// The names of the files in a directory.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("the directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.sort_unstable();
    names
}

async fn number(database: &Path, sql: &str) -> i64 {
    rows_of(database, sql).await[0][0].as_i64().expect("a number")
}

// STORE-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_write_load_is_one_moment_of_the_database() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let place = tempfile::tempdir().expect("a directory");
    let (enough, applied) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let mut writers = load(&system.owner, &enough, &applied);
    let mut last_pos = 0;
    for round in 0..3 {
        let reached = applied.load(Ordering::SeqCst) + 40;
        while applied.load(Ordering::SeqCst) < reached {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let file = place.path().join(format!("{round}.db"));
        let copied = shell.json(&["backup", file.to_str().expect("a path")]).await;
        let pos = copied["pos"].as_i64().expect("a position");
        assert!(pos > last_pos, "{copied}");
        last_pos = pos;
        assert_eq!(copied["bytes"].as_u64(), std::fs::metadata(&file).ok().map(|file| file.len()));
        assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(rows_of(&file, "PRAGMA integrity_check").await, [[json!("ok")]]);
        assert_eq!(number(&file, "SELECT max(pos) FROM events").await, pos);
        assert_eq!(number(&file, "SELECT count(*) FROM events").await, pos, "positions have a gap");
        assert!(number(&file, "SELECT max(pos) FROM projection_checkpoints").await <= pos);
        let views = "SELECT count(*) FROM view_thread_views WHERE thread_id NOT IN (SELECT thread_id FROM threads)";
        assert_eq!(number(&file, views).await, 0, "a view is ahead of the log");
    }
    enough.store(true, Ordering::SeqCst);
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer ends by itself");
    }
    let names = names_in(place.path());
    assert!(names.iter().all(|name| !name.contains("partial") && !name.starts_with('.')), "{names:?}");
    system.assert_at_rest().await;
    system.stop().await;
}

// STORE-13
#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_when_it_fails() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("kept.db");
    std::fs::write(&file, "precious").expect("a file");
    let path = file.to_str().expect("a path");
    let refused = shell.run(&["backup", path]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("kept.db is there already"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "precious");
    let nowhere = shell.run(&["backup", place.path().join("no/such/place.db").to_str().expect("a path")]).await;
    assert_eq!(nowhere.code, Some(1), "{}", nowhere.stderr);
    let state = system.state().join("not-there.db");
    let missing = shell.run(&["backup", "--db", state.to_str().expect("a path"), "x.db"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("there is no database"), "{}", missing.stderr);
    assert!(!state.exists(), "looking for a database does not make one");
    assert_eq!(names_in(place.path()), ["kept.db"]);
    system.stop().await;
}

/// A system with some past, its backup, and what the past said.
async fn backed_up(place: &Path) -> (System, String, Value, String) {
    let system = System::running().await;
    let thread = system.opened(&question("Kept")).await;
    let events = system.owner.get("/api/v1/forum/events").await;
    let cursor = events.text("/next_cursor");
    let file = place.join("backup.db").to_str().expect("a path").to_owned();
    Shell::of(&system).say(&["backup", &file]).await;
    let detail = system.owner.get(&format!("{THREADS}/{thread}")).await.body;
    (system, file, detail, cursor)
}

// STORE-13, STORE-15, LOG-15
#[tokio::test]
async fn a_restored_backup_has_the_past_and_refuses_the_old_cursors() {
    let place = tempfile::tempdir().expect("a directory");
    let (system, file, detail, cursor) = backed_up(place.path()).await;
    let old_id = system.harness.ctx.store.database_id().to_owned();

    let setup = Setup::running();
    let shell = Shell::at("http://127.0.0.1:1", &setup.database());
    let restored = shell.json(&["restore", &file]).await;
    assert_ne!(restored["database_id"], json!(old_id));
    assert_eq!(std::fs::metadata(setup.database()).expect("the file").permissions().mode() & 0o777, 0o600);
    let copy = setup.start().await;
    assert_eq!(restored["database_id"], json!(copy.harness.ctx.store.database_id()));
    copy.assert_at_rest().await;
    let thread = detail["thread"]["thread_id"].as_str().expect("an id");
    assert_eq!(copy.owner.get(&format!("{THREADS}/{thread}")).await.body["thread"], detail["thread"]);
    let path = format!("/api/v1/forum/events?cursor={cursor}");
    assert_eq!(system.owner.get(&path).await.status, 200);
    assert_eq!(copy.owner.get(&path).await.refusal(), (410, "cursor_epoch".to_owned()));
    assert_eq!(copy.owner.post(THREADS, &question("New")).await.status, 201);
    copy.stop().await;
    system.stop().await;
}

// STORE-13
#[tokio::test]
async fn a_restore_needs_a_stopped_system_an_empty_place_and_a_whole_backup() {
    let place = tempfile::tempdir().expect("a directory");
    let (system, file, _, _) = backed_up(place.path()).await;
    let shell = Shell::of(&system);
    let running = shell.run(&["restore", &file]).await;
    assert_eq!(running.code, Some(1));
    assert!(running.stderr.contains(&format!("process {}", std::process::id())), "{}", running.stderr);
    let setup = system.stop().await;
    let taken = shell.run(&["restore", &file]).await;
    assert_eq!(taken.code, Some(1));
    assert!(taken.stderr.contains("is there already"), "{}", taken.stderr);

    let elsewhere = place.path().join("new").join("a.db");
    let target = elsewhere.to_str().expect("a path");
    let mut bytes = std::fs::read(&file).expect("the backup");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    let damaged = place.path().join("damaged.db");
    std::fs::write(&damaged, &bytes).expect("a damaged copy");
    let text = place.path().join("text.db");
    std::fs::write(&text, "no database at all").expect("a text");
    for (bad, words) in
        [(&damaged, "is damaged"), (&text, "is damaged"), (&place.path().join("none.db"), "no database")]
    {
        let refused = shell.run(&["restore", "--db", target, bad.to_str().expect("a path")]).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        assert!(!elsewhere.exists());
    }
    shell.say(&["restore", "--db", target, &file]).await;
    assert!(elsewhere.exists());
    drop(setup);
}

// STORE-13
#[tokio::test]
async fn a_stopped_system_is_backed_up_as_well() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    system.opened(&question("Kept")).await;
    let setup = system.stop().await;
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("cold.db");
    let line = shell.say(&["backup", file.to_str().expect("a path")]).await;
    assert!(line.contains(" pos=1 bytes="), "{line}");
    let system = setup.start().await;
    system.assert_at_rest().await;
    system.stop().await;
}

// STORE-9, STORE-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_holds_on_for_long_does_not_hold_up_the_writes() {
    let system = System::running().await;
    system.opened(&question("Before")).await;
    // What a backup of a large database is to the writer: one read that does not end.
    let opened = libsql::Builder::new_local(system.database()).build().await.expect("the database opens");
    let reader = opened.connect().expect("a connection");
    reader.execute("BEGIN", ()).await.expect("a transaction");
    drop(reader.query("SELECT count(*) FROM events", ()).await.expect("a snapshot").next().await);
    let wal = format!("{}-wal", system.database().display());
    let size = || std::fs::metadata(&wal).expect("the log").len();
    let body = "x".repeat(60_000);
    let ask = json!({ "title": "Large", "ticket": "T-1", "body": body });
    let (mut slowest, stopwatch) = (Duration::ZERO, shared::clock::Clock::stopwatch());
    while size() < 60 << 20 {
        let begun = stopwatch.elapsed();
        assert_eq!(system.owner.post(THREADS, &ask).await.status, 201);
        slowest = slowest.max(stopwatch.elapsed().checked_sub(begun).unwrap_or_default());
        assert!(begun < Duration::from_secs(60), "the log does not grow");
    }
    assert!(slowest < Duration::from_secs(3), "a write took {slowest:?}");
    reader.execute("COMMIT", ()).await.expect("the reader lets go");
    while size() >= 24 << 20 {
        assert_eq!(system.owner.post(THREADS, &ask).await.status, 201);
        assert!(stopwatch.elapsed() < Duration::from_secs(90), "the log stays large");
    }
    system.assert_at_rest().await;
    system.stop().await;
}
