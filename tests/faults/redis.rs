//! Redis goes away, forgets everything, or was never there: what was accepted is applied once, in order, and nothing is dead.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Clock;
use tests::services::redis::{Process, engine_answers};
use tests::system::{Client, Server, Setup, System, question, refused};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const PATIENCE: Duration = Duration::from_secs(30);

fn over(server: &Process) -> Setup {
    Setup::running().set("transport", "redis").set("redis.url", &server.url())
}

async fn health_becomes(client: &Client, status: u16) {
    let reached = async {
        while client.get("/api/v1/health").await.status != status {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("health becomes what it should");
}

async fn open_threads(client: &Client, count: usize) -> Vec<String> {
    let mut threads = Vec::new();
    for n in 0..count {
        let opened = client.post(THREADS, &question(&format!("Thread {n}"))).await;
        assert_eq!(opened.status, 201, "{}", opened.body);
        threads.push(opened.text("/thread/thread_id"));
    }
    threads
}

/// Posts `count` numbered posts, spread over the threads, without waiting for any.
async fn post_at_once(client: &Client, threads: &[String], numbers: std::ops::Range<usize>) {
    for n in numbers {
        let path = format!("{THREADS}/{}/posts?wait=0", threads[n % threads.len()]);
        let accepted = client.post(&path, &json!({ "body": format!("{n:04}") })).await;
        assert_eq!(accepted.status, 202, "{}", accepted.body);
    }
}

/// Every post is there once, and in each thread in the order in which it was accepted.
async fn assert_posts(system: &System, count: usize) {
    let bodies = system.rows("SELECT body FROM posts WHERE body GLOB '[0-9]*' ORDER BY body").await;
    let expected: Vec<Vec<Value>> = (0..count).map(|n| vec![json!(format!("{n:04}"))]).collect();
    assert_eq!(bodies, expected);
    let disordered = "SELECT count(*) FROM posts AS earlier JOIN posts AS later USING (team_id, project_id, thread_id)
        WHERE earlier.id < later.id AND earlier.body > later.body
            AND earlier.body GLOB '[0-9]*' AND later.body GLOB '[0-9]*'";
    assert_eq!(system.number(disordered).await, 0, "in order per thread");
    assert_eq!(system.number("SELECT count(*) FROM dead_letters").await, 0);
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status <> 'applied'").await, 0);
    system.assert_at_rest().await;
}

// Drill 1, TRANSPORT-3
#[tokio::test]
async fn redis_down_at_the_start_refuses_within_seconds_and_leaves_nothing() {
    let Some(mut server) = Process::start() else { return };
    server.process.kill();
    let setup = Setup::running();
    let database = setup.database();
    let url = server.url().replace("redis://", "redis://someone:s3cret@");
    let stopwatch = Clock::stopwatch();
    let ended = refused(&database, &["--addr", "127.0.0.1:0", "--transport", "redis", "--redis-url", &url]).await;
    assert!(stopwatch.elapsed() < Duration::from_secs(5), "{:?}", stopwatch.elapsed());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let address = server.url().trim_end_matches("/0").to_owned();
    assert!(ended.stderr.contains(&format!("cannot use the transport at {address}")), "{}", ended.stderr);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    for name in ["server.pid", "server.port", "server.runtime.json"] {
        assert!(!database.with_file_name(name).exists(), "{name} is left");
    }
    // The same database starts with the embedded transport.
    let running = Server::start(&database).await;
    open_threads(&running.owner(&database), 1).await;
    running.kill().await;
}

// Drill 2, OUTBOX-8, HEALTH-2, CMD-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_away_under_load_loses_nothing_and_is_made_up_for() {
    let Some(mut server) = Process::start() else { return };
    let system = over(&server).start().await;
    let threads = open_threads(&system.owner, 10).await;
    server.process.kill();
    health_becomes(&system.owner, 503).await;
    let health = system.owner.get("/api/v1/health").await;
    assert_eq!((health.text("/status"), &health.body["forum_bus"]["healthy"]), ("degraded".to_owned(), &json!(false)));
    post_at_once(&system.owner, &threads, 0..200).await;
    // Reads and the pulse go on.
    assert_eq!(system.owner.get("/healthz").await.status, 200);
    assert_eq!(system.owner.get(THREADS).await.list("/items").len(), 10);
    assert_eq!(system.owner.get("/api/v1/forum/events").await.list("/events").len(), 10);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(server.start_again());
    let stopwatch = Clock::stopwatch();
    health_becomes(&system.owner, 200).await;
    system.settle().await;
    assert!(stopwatch.elapsed() < Duration::from_secs(20), "made up for after {:?}", stopwatch.elapsed());
    assert_posts(&system, 200).await;
    system.stop().await;
}

// Drill 3, TRANSPORT-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_while_running_and_one_while_stopped_lose_and_repeat_nothing() {
    let Some(server) = Process::start() else { return };
    let system = over(&server).start().await;
    let threads = open_threads(&system.owner, 5).await;
    for round in 0..4 {
        post_at_once(&system.owner, &threads, round * 25..round * 25 + 25).await;
        server.command(&["FLUSHALL"]).await;
    }
    system.settle().await;
    assert_posts(&system, 100).await;
    // Accepted, and the process ends before anything was handled.
    let setup = system.stop().await.paced(harness::Pace::Stepped);
    let system = setup.start().await;
    post_at_once(&system.owner, &threads, 100..110).await;
    system.harness.step().await.expect("published");
    let setup = system.stop().await.paced(harness::Pace::Running);
    server.command(&["FLUSHALL"]).await;
    let system = setup.start().await;
    system.settle().await;
    assert_posts(&system, 110).await;
    system.stop().await;
}

// HEALTH-2, TRANSPORT-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_halted_redis_is_survived_too() {
    let Some(server) = Process::start() else { return };
    let system = over(&server).start().await;
    let threads = open_threads(&system.owner, 5).await;
    server.process.halt();
    health_becomes(&system.owner, 503).await;
    post_at_once(&system.owner, &threads, 0..40).await;
    server.process.go_on();
    health_becomes(&system.owner, 200).await;
    system.settle().await;
    assert_posts(&system, 40).await;
    system.stop().await;
}

// Drill 4, TRANSPORT-6, CMD-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_had_in_hand_is_applied_once_by_the_next() {
    let Some(server) = Process::start() else { return };
    let setup = Setup::running();
    let database = setup.database();
    let url = server.url();
    let flags =
        ["--addr", "127.0.0.1:0", "--json", "--transport", "redis", "--redis-url", &url, "--delivery-visibility", "1s"];
    let running = Server::start_with(&database, &flags).await;
    let owner = running.owner(&database);
    let threads = open_threads(&owner, 5).await;
    post_at_once(&owner, &threads, 0..60).await;
    running.kill().await;
    let system = setup.set("transport", "redis").set("redis.url", &url).set("delivery.visibility", "1s").start().await;
    system.settle().await;
    assert_posts(&system, 60).await;
    let keys = server.command(&["KEYS", "agentforum:*:forum.commands.add_post"]).await;
    let keys: Vec<String> = redis::from_redis_value_ref(&keys).expect("keys");
    assert_eq!(keys.len(), 1, "one database, one prefix: {keys:?}");
    // The dead process's name goes once what it held was taken over.
    let stopwatch = Clock::stopwatch();
    loop {
        let known = server.command(&["XINFO", "CONSUMERS", &keys[0], "agentforum:cmd-add-post"]).await;
        let known: Vec<std::collections::HashMap<String, redis::Value>> =
            redis::from_redis_value_ref(&known).expect("consumers");
        if known.len() == 1 {
            break;
        }
        assert!(stopwatch.elapsed() < PATIENCE, "{known:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    system.stop().await;
}

// OUTBOX-10, CMD-8, PROJ-2: the whole story over Redis
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_forum_works_over_redis_as_it_does_without() {
    let Some(server) = Process::start() else { return };
    let system = over(&server).start().await;
    let thread = open_threads(&system.owner, 1).await.remove(0);
    let path = format!("{THREADS}/{thread}");
    for (action, body) in [
        ("posts", json!({ "body": "more" })),
        ("assign", json!({ "assignee": "ada" })),
        ("state", json!({ "state": "waiting_human" })),
        ("priority", json!({ "priority": "urgent" })),
        ("answer", json!({ "body": "left" })),
        ("close", json!({ "reason": "done" })),
    ] {
        let answer = system.owner.post(&format!("{path}/{action}"), &body).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    }
    system.settle().await;
    let detail = system.owner.get(&path).await;
    assert_eq!(
        (detail.text("/thread/state"), detail.text("/thread/assignee")),
        ("closed".to_owned(), "ada".to_owned())
    );
    let found = system.owner.get("/api/v1/forum/search?query=threads").await;
    assert_eq!(found.list("/items").len(), 1);
    let info = system.owner.get("/api/v1/info").await;
    let manager = &info.body["boundaries"]["queue_manager"];
    assert_eq!((&manager["details"]["engine"], &manager["details"]["mode"]), (&json!("redis"), &json!("external")));
    assert!(!info.body.to_string().contains("redis://"), "{}", info.body);
    let replayed = system.owner.post("/api/v1/projections/thread-views/replay", &json!({ "verify": true })).await;
    assert_eq!(replayed.status, 202);
    let stopwatch = Clock::stopwatch();
    while system.number("SELECT max(generation) FROM projection_checkpoints WHERE state = 'live'").await != 2 {
        assert!(stopwatch.elapsed() < PATIENCE, "the replay does not get there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    system.assert_at_rest().await;
    system.stop().await;
}

// Drill 7, DEAD-5, TRANSPORT-11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_in_a_stream_is_one_dead_letter_and_stops_nobody() {
    let Some(server) = Process::start() else { return };
    let system = over(&server).set("reconcile.interval", "200ms").start().await;
    let threads = open_threads(&system.owner, 1).await;
    let keys = server.command(&["KEYS", "agentforum:*:forum.commands.add_post"]).await;
    let keys: Vec<String> = redis::from_redis_value_ref(&keys).expect("keys");
    let key: &Path = Path::new(&keys[0]);
    let key = key.to_str().expect("a name");
    server.command(&["XADD", key, "*", "colour", "red"]).await;
    server.command(&["XADD", key, "*", "id", "msg_poison", "key", "k", "body", "not json"]).await;
    post_at_once(&system.owner, &threads, 0..20).await;
    let stopwatch = Clock::stopwatch();
    loop {
        let letters = system.rows("SELECT error_class FROM dead_letters ORDER BY error_class").await;
        if letters.len() >= 2 {
            assert_eq!(json!(letters), json!([["undecodable"], ["unreadable"]]));
            break;
        }
        assert!(stopwatch.elapsed() < PATIENCE, "{letters:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM posts WHERE body GLOB '[0-9]*'").await, 20);
    let owner_sees = system.owner.get("/api/v1/dead-letters?status=dead").await;
    assert_eq!(owner_sees.list("/items").len(), 2, "{}", owner_sees.body);
    system.stop().await;
}

// LIFECYCLE-13
#[tokio::test]
async fn a_container_comes_and_goes_with_the_server() {
    if !engine_answers() {
        tests::skipped("up --redis-url container", "no Docker engine answers");
        return;
    }
    let setup = Setup::running();
    let database = setup.database();
    let running = Server::start_with(&database, &["--addr", "127.0.0.1:0", "--json", "--redis-url", "container"]).await;
    let owner = running.owner(&database);
    open_threads(&owner, 3).await;
    let info = owner.get("/api/v1/info").await;
    assert_eq!(info.body["boundaries"]["queue_manager"]["details"]["engine"], "redis");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(running.end().await.0, Some(0));
}
