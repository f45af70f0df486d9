//! A writer that cannot keep up or write says so at once, and loses nothing.

use futures::future::join_all;
use shared::clock::Clock;
use std::time::Duration;
use tests::system::{Answer, Setup, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

// HTTP-8, drill 10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_process_locks_the_file_writes_are_503_and_reads_go_on() {
    let setup = Setup::running().set("writer.queue", "1").set("store.busy_timeout", "700ms");
    let system = setup.set("worker.interval", "10s").start().await;
    let kept = system.owner.post(THREADS, &question("Before")).await;
    assert_eq!(kept.status, 201);
    let database = libsql::Builder::new_local(system.database()).build().await.expect("the database opens");
    let holder = database.connect().expect("a connection");
    holder.execute("BEGIN IMMEDIATE", ()).await.expect("the lock");

    let stopwatch = Clock::stopwatch();
    let ask = question("During");
    let answers: Vec<(Answer, Duration)> = join_all((0..8).map(async |_| {
        let answer = system.owner.post(&format!("{THREADS}?wait=0"), &ask).await;
        (answer, stopwatch.elapsed())
    }))
    .await;
    for (answer, _) in &answers {
        assert_eq!(answer.refusal(), (503, "store_busy".to_owned()));
        assert_eq!(answer.header("retry-after"), "1");
    }
    let at_once = answers.iter().filter(|(_, after)| *after < Duration::from_millis(600)).count();
    assert!((5..=7).contains(&at_once), "one is with the writer, one in its mailbox, {at_once} were refused at once");
    assert_eq!(system.owner.get(THREADS).await.list("/items").len(), 1, "reads go on");
    let health = system.owner.get("/api/v1/health").await;
    assert_eq!((health.status.as_u16(), health.text("/status")), (503, "degraded".to_owned()));
    assert_eq!(system.owner.get("/healthz").await.status, 200);

    holder.execute("ROLLBACK", ()).await.expect("the lock is released");
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1, "nothing half done");
    assert_eq!(system.owner.post(THREADS, &question("After")).await.status, 201);
    let metrics = system.owner.get("/metrics").await.body.to_string();
    assert!(metrics.contains("agentforum_writer_refused_total 8"), "each refusal is counted");
    system.assert_at_rest().await;
    system.stop().await;
}
