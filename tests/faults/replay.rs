//! Read models are built again while people work: nobody notices, nothing leaves, and a kill costs only time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Clock;
use tests::system::{Client, Server, Setup, System, question, rows_of};
use tests::world::World;

const PROJECTIONS: &str = "/api/v1/projections";
const THREADS: &str = "/api/v1/forum/threads";
const PATIENCE: Duration = Duration::from_secs(60);

async fn projections(client: &Client) -> Vec<Value> {
    client.get(PROJECTIONS).await.list("").to_vec()
}

async fn projection(client: &Client, name: &str) -> Value {
    projections(client).await.into_iter().find(|one| one["name"] == name).expect("the projection")
}

/// Replays `name` with a comparison, and waits until the new generation is live.
async fn replay(client: &Client, name: &str) {
    let before = projection(client, name).await["generation"].clone();
    let begun = client.post(&format!("{PROJECTIONS}/{name}/replay"), &json!({ "verify": true })).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let stopwatch = Clock::stopwatch();
    loop {
        let now = projection(client, name).await;
        if now["generation"] != before {
            return;
        }
        assert_ne!(now["replay"]["state"], "failed", "{now}");
        assert!(stopwatch.elapsed() < PATIENCE, "{name} does not get there: {now}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Posts a hundred times a second; every answer shows the post.
async fn write(client: Client, threads: Vec<String>, sent: Arc<AtomicUsize>, enough: Arc<AtomicBool>) {
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    while !enough.load(Ordering::SeqCst) {
        pace.tick().await;
        let sent = sent.fetch_add(1, Ordering::SeqCst);
        let thread = &threads[sent % threads.len()];
        let answer =
            client.post(&format!("{THREADS}/{thread}/posts"), &json!({ "body": format!("post {sent}") })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let shown = answer.number("/thread/last_event_pos");
        assert!(shown >= answer.number("/command/pos"), "an answer from before its own command: {}", answer.body);
    }
}

/// Reads all the time; no thread ever goes back.
async fn read(client: Client, enough: Arc<AtomicBool>) -> usize {
    let mut newest: HashMap<String, i64> = HashMap::new();
    let mut reads = 0;
    while !enough.load(Ordering::SeqCst) {
        let list = client.get(&format!("{THREADS}?limit=200")).await;
        assert_eq!(list.status, 200, "{}", list.body);
        assert!(list.list("/items").len() >= newest.len(), "a thread is gone");
        for item in list.list("/items") {
            let pos = item["last_event_pos"].as_i64().expect("a position");
            let seen = newest.entry(item["thread_id"].as_str().expect("an id").to_owned()).or_default();
            assert!(pos >= *seen, "a thread went back from {seen} to {pos}");
            *seen = pos;
        }
        reads += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    reads
}

// Drill 6, PROJ-5, PROJ-6, PROJ-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_projection_is_replayed_while_a_hundred_commands_a_second_arrive() {
    let system = Setup::running().set("log.page", "32").set("replay.slice", "5ms").start().await;
    let mut threads = Vec::new();
    for n in 0..40 {
        threads.push(system.owner.post(THREADS, &question(&format!("Thread {n}"))).await.text("/thread/thread_id"));
    }
    let enough = Arc::<AtomicBool>::default();
    let sent = Arc::<AtomicUsize>::default();
    let writer = tokio::spawn(write(system.owner.clone(), threads, Arc::clone(&sent), Arc::clone(&enough)));
    let reader = tokio::spawn(read(system.owner.clone(), Arc::clone(&enough)));
    let names: Vec<String> = projections(&system.owner)
        .await
        .iter()
        .map(|projection| projection["name"].as_str().expect("a name").to_owned())
        .collect();
    while sent.load(Ordering::SeqCst) < 100 {
        for name in &names {
            replay(&system.owner, name).await;
        }
    }
    enough.store(true, Ordering::SeqCst);
    writer.await.expect("the writer");
    let reads = reader.await.expect("the reader");
    assert!(reads > 20, "{reads} reads are no load");
    system.assert_at_rest().await;
    assert_nothing_left_but_what_people_did(&system, sent.load(Ordering::SeqCst)).await;
    for name in &names {
        replay(&system.owner, name).await;
    }
    system.stop().await;
}

async fn assert_nothing_left_but_what_people_did(system: &System, sent: usize) {
    let posts = system.number("SELECT count(*) FROM events WHERE type = 'forum.post.added'").await;
    assert_eq!(posts, i64::try_from(sent).expect("a count"));
    let rows = "SELECT (SELECT count(*) FROM outbox) - (SELECT count(*) FROM events) - (SELECT count(*) FROM commands)";
    assert_eq!(system.number(rows).await, 0, "a replay wrote to the outbox");
    assert_eq!(system.number("SELECT count(*) FROM dead_letters").await, 0);
}

// Drills 5 and 6: killed midway, the live one serves on and the replay resumes
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_killed_midway_goes_on_after_the_restart() {
    let setup = Setup::running();
    let database = setup.database();
    let flags = ["--addr", "127.0.0.1:0", "--json", "--log-page", "2", "--replay-slice", "1ms"];
    let server = Server::start_with(&database, &flags).await;
    let owner = server.owner(&database);
    for n in 0..60 {
        let opened = owner.post(THREADS, &question(&format!("Thread {n}"))).await;
        assert_eq!(opened.status, 201, "{}", opened.body);
    }
    let path = format!("{PROJECTIONS}/thread-views/replay");
    assert_eq!(owner.post(&path, &json!({})).await.status, 202);
    let building = "SELECT pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'building'";
    let stopwatch = Clock::stopwatch();
    while rows_of(&database, building).await.first().is_none_or(|row| row[0] == 0) {
        assert!(stopwatch.elapsed() < PATIENCE, "it was never midway");
    }
    server.kill().await;
    let stood = rows_of(&database, building).await[0][0].as_i64().expect("a position");
    assert!(stood > 0 && stood < 60, "{stood} is not midway");

    let server = Server::start_with(&database, &flags).await;
    let owner = server.owner(&database);
    assert_eq!(owner.get(&format!("{THREADS}?limit=200")).await.list("/items").len(), 60, "the live one serves on");
    let stopwatch = Clock::stopwatch();
    while projection(&owner, "thread-views").await["generation"] != 2 {
        assert!(stopwatch.elapsed() < PATIENCE, "it does not go on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    replay(&owner, "thread-views").await;
    server.kill().await;
}
