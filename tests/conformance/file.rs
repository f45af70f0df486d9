//! The file on disk: one process, private, checked after an unclean end.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};

use shared::clock::Clock;
use shared::ctx::{Ctx, CtxError, Sources};
use shared::store::{CommitError, Run, StoreError};
use tempfile::TempDir;
use tests::fixture::{Fixture, config_in, database_in, over_both_files, subscriptions};

async fn open(directory: &TempDir) -> Result<Ctx, StoreError> {
    let sources = Sources { clock: Clock::fixed_at(0), seed: Some(2), run: Run::Threads, ..Sources::system() };
    Ctx::build(config_in(directory, &[]), sources, subscriptions()).await.map_err(|error| match error {
        CtxError::Store(error) => error,
        other => panic!("{other}"),
    })
}

/// What an unclean end leaves: a lock file that names a process.
fn pretend_unclean(directory: &TempDir) {
    fs::write(format!("{}.lock", database_in(directory).display()), "999999").expect("a lock file");
}

/// A database of some size, closed.
async fn filled() -> TempDir {
    let fixture = Fixture::new().await;
    for version in 1..=300 {
        fixture.append("thread/a", version).await.expect("an event");
    }
    fixture.closed().await
}

// LIFECYCLE-9
#[tokio::test]
async fn a_second_opening_names_the_process_that_holds_the_file() {
    let fixture = Fixture::new().await;
    let config =
        shared::config::Config::with(&[("db", fixture.database().to_str().expect("UTF-8"))]).expect("settings");
    let sources = Sources { clock: Clock::fixed_at(0), seed: Some(2), run: Run::Threads, ..Sources::system() };
    let Err(CtxError::Store(error)) = Ctx::build(config, sources, subscriptions()).await else {
        panic!("a second opening succeeded");
    };
    let pid = std::process::id().to_string();
    assert!(matches!(&error, StoreError::Locked { holder, .. } if *holder == pid), "{error:?}");
    assert!(error.to_string().contains(&format!("in use by process {pid}")), "{error}");
    fixture.append("thread/a", 1).await.expect("the holder works on");
}

// LIFECYCLE-9
#[tokio::test]
async fn the_lock_of_a_dead_process_is_taken_over() {
    let directory = filled().await;
    pretend_unclean(&directory);
    let ctx = open(&directory).await.expect("the file is free");
    let holder = fs::read_to_string(format!("{}.lock", database_in(&directory).display())).expect("a lock file");
    assert_eq!(holder, std::process::id().to_string());
    assert_eq!(*ctx.store.head().borrow(), 300);
    ctx.store.close().await;
    assert_eq!(
        fs::read_to_string(format!("{}.lock", database_in(&directory).display())).expect("a lock file"),
        "",
        "a clean end says goodbye"
    );
}

// STORE-10
#[tokio::test]
async fn a_damaged_file_refuses_to_start_after_an_unclean_end_and_says_how_to_restore() {
    let directory = filled().await;
    let database = database_in(&directory);
    let file = fs::OpenOptions::new().write(true).open(&database).expect("the file");
    let size = file.metadata().expect("a size").len();
    // Pages in the middle, not the first one that holds the schema.
    let garbage = vec![0xa5; 4096];
    for page in [size / 4096 / 2, size / 4096 - 2] {
        file.write_all_at(&garbage, page * 4096).expect("damage");
    }
    pretend_unclean(&directory);
    let error = open(&directory).await.err().expect("it refuses");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("agentforum restore FILE"), "{error}");
    // It refuses the next time too, although this end was a clean one.
    assert!(matches!(open(&directory).await.err(), Some(StoreError::Damaged { .. })));
}

// STORE-10
#[tokio::test]
async fn a_file_that_is_no_database_refuses_to_start_and_is_left_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = database_in(&directory);
    fs::create_dir(database.parent().expect("a directory")).expect("a directory");
    let text = "not a database ".repeat(500);
    fs::write(&database, &text).expect("a file");
    let error = open(&directory).await.err().expect("it refuses");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&database).expect("the file"), text);
}

// SEC-3
#[tokio::test]
async fn database_lock_and_log_are_private_and_so_is_their_directory() {
    over_both_files(async |fixture| {
        fixture.append("thread/a", 1).await.expect("an event");
        let directory = fixture.database().parent().expect("a directory").to_owned();
        let mode = |path: &std::path::Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if name != ".gitignore" {
                assert_eq!(mode(&path), 0o600, "{name}");
                names.push(name);
            }
        }
        names.sort();
        for name in ["agentforum.db", "agentforum.db-wal", "agentforum.db.lock"] {
            assert!(names.iter().any(|found| found == name), "{name} is missing among {names:?}");
        }
        assert_eq!(fs::read_to_string(directory.join(".gitignore")).expect("a file"), "*\n");
    })
    .await;
}

// LIFECYCLE-7
#[tokio::test]
async fn closing_twice_is_harmless_and_a_closed_store_says_so() {
    let fixture = Fixture::new().await;
    fixture.ctx.store.close().await;
    fixture.ctx.store.close().await;
    let outcome = fixture.append("thread/a", 1).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::Closed))), "{outcome:?}");
    let read = fixture.ctx.store.read(shared::store::events::head).await;
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

// LIFECYCLE-7
#[tokio::test]
async fn what_was_committed_before_the_close_is_there_afterwards() {
    over_both_files(async |fixture| {
        for version in 1..=10 {
            fixture.append("thread/a", version).await.expect("an event");
        }
        let reopened = fixture.reopened(2).await;
        assert_eq!(*reopened.ctx.store.head().borrow(), 10);
        assert_eq!(reopened.number("SELECT count(*) FROM outbox WHERE status = 'pending'").await, 10);
    })
    .await;
}
