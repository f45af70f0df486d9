//! A database that another program keeps for itself: at the start, and while the system runs.

use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::clock::Clock;
use tests::system::{Setup, System, question, refused, rows_of};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

/// A connection that shuts everybody else out until it is dropped or rolls back.
async fn exclusive(database: &Path) -> libsql::Connection {
    let opened = libsql::Builder::new_local(database).build().await.expect("the database opens");
    let connection = opened.connect().expect("a connection");
    connection.execute("BEGIN EXCLUSIVE", ()).await.expect("the lock");
    connection
}

// Drill 10, LIFECYCLE-9
#[tokio::test]
async fn a_start_on_a_file_that_another_program_keeps_names_that_program() {
    let system = System::running().await;
    let setup = system.stop().await;
    let database = setup.database();
    let holder = exclusive(&database).await;
    let flags = ["--addr", "127.0.0.1:0", "--store-busy-timeout", "300ms"];
    let ended = refused(&database, &flags).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains(&format!("process {}", std::process::id())), "{}", ended.stderr);
    assert!(!database.with_file_name("server.pid").exists());
    holder.execute("ROLLBACK", ()).await.expect("the lock is released");
    let system = setup.start().await;
    system.assert_at_rest().await;
    system.stop().await;
}

// Drill 10, HEALTH-2, HTTP-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_refused_after_five_seconds_and_go_on_once_the_file_is_free() {
    let system = Setup::running().start().await;
    let before = system.opened(&question("Before")).await;
    system.settle().await;
    let holder = exclusive(&system.database()).await;
    let stopwatch = Clock::stopwatch();
    let write = async |number: i32| {
        let client = system.owner.clone().with_header("idempotency-key", &format!("during-{number}"));
        client.post(THREADS, &question(&format!("During {number}"))).await
    };
    let (refused, ()) = tokio::join!(join_all((0..4).map(write)), async {
        // Reads, streams and life go on meanwhile.
        assert_eq!(system.owner.get(&format!("{THREADS}/{before}")).await.status, 200);
        assert_eq!(system.owner.get("/healthz").await.status, 200);
        assert!(stopwatch.elapsed() < Duration::from_secs(2), "reads waited {:?}", stopwatch.elapsed());
    });
    let took = stopwatch.elapsed();
    assert!((4_500..7_000).contains(&took.as_millis()), "they were told after {took:?}");
    for answer in &refused {
        assert_eq!(answer.refusal(), (503, "store_busy".to_owned()), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(system.owner.get("/api/v1/health").await.status, 503);
    holder.execute("ROLLBACK", ()).await.expect("the lock is released");
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1, "nothing half done");

    // The same requests under the same keys have one effect each now.
    for (number, answer) in join_all((0..4).map(write)).await.into_iter().enumerate() {
        assert_eq!(answer.status, 201, "{number}: {}", answer.body);
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 5);
    system.assert_at_rest().await;
    assert_eq!(rows_of(&system.database(), "PRAGMA integrity_check").await, [[json!("ok")]]);
    system.stop().await;
}
