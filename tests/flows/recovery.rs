//! What a stop, a lost view, or messages that come twice and out of order change: nothing.

use drain_outbox::DrainOutbox;
use harness::Pace;
use harness::functions::TABLE;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use shared::function::Function;
use shared::message::envelope::Tick;
use shared::transport::{Outgoing, Transport};
use std::time::Duration;
use tests::system::{Setup, System, execute_on, question, rows_of};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

/// Accepts commands on five threads without handling any: each thread is opened, posted to twice, answered and closed.
async fn accept_everything(system: &System) -> Vec<String> {
    let send = async |path: String, body: Value| {
        let accepted = system.owner.post(&format!("{path}?wait=0"), &body).await;
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        accepted.text("/command/command_id")
    };
    let mut threads = Vec::new();
    for n in 0..5 {
        threads.push(send(THREADS.to_owned(), question(&format!("Thread {n}"))).await.replace("cmd_", "thr_"));
    }
    for step in ["posts", "posts", "answer", "close"] {
        for thread in &threads {
            let body = if step == "close" { json!({}) } else { json!({ "body": format!("{step} on {thread}") }) };
            send(format!("{THREADS}/{thread}/{step}"), body).await;
        }
    }
    threads
}

/// State, events per thread and views, without what depends on the order between threads.
async fn everything(system: &System) -> Vec<Vec<Vec<Value>>> {
    let mut all = Vec::new();
    for sql in [
        "SELECT stream, version, type, actor_name, payload FROM events ORDER BY stream, version",
        "SELECT thread_id, state, version, answer, closed_at FROM threads ORDER BY thread_id",
        "SELECT thread_id, post_id, kind, body FROM posts ORDER BY thread_id, id",
        "SELECT thread_id, state, posts_count, last_post_by, answer, closed_at FROM view_thread_views ORDER BY thread_id",
        "SELECT command_id, status, attempts FROM commands ORDER BY command_id",
    ] {
        all.push(system.rows(sql).await);
    }
    all
}

// LIFECYCLE-7, RECONCILE-1, CMD-1
#[tokio::test]
async fn a_restart_resumes_what_was_accepted_and_not_handled() {
    let system = System::stepped().await;
    accept_everything(&system).await;
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status = 'accepted'").await, 25);
    assert_eq!(system.number("SELECT count(*) FROM events").await, 0);
    let system = system.stop().await.start().await;
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 25);
    // Opened, two posts, answer and its move, closed.
    assert_eq!(system.number("SELECT count(*) FROM events").await, 40);
    assert_eq!(
        system.number("SELECT count(*) FROM view_thread_views WHERE posts_count = 4 AND state = 'closed'").await,
        5
    );
    system.assert_at_rest().await;
}

// RECONCILE-1: what was published but not handled is rung again too
#[tokio::test]
async fn a_restart_resumes_what_was_published_and_lost_with_the_queues() {
    let system = System::stepped().await;
    accept_everything(&system).await;
    DrainOutbox::handle(&system.harness.ctx, Tick {}).await.expect("the drainer drains");
    assert_eq!(system.number("SELECT count(*) FROM outbox WHERE status = 'sent'").await, 25);
    // It runs by itself this time.
    let system = system.stop().await.paced(Pace::Running).start().await;
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 25);
    let ready = system.owner.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["ready"]), (200, &json!(true)));
    assert_eq!(ready.body["reconciled"]["commands"], 5, "the heads of five streams");
    system.assert_at_rest().await;
    system.stop().await;
}

// Drill 5: a lease dies with its process, it does not hold up the next one
#[tokio::test]
async fn a_restart_takes_over_what_a_killed_process_had_claimed() {
    let system = System::stepped().await;
    accept_everything(&system).await;
    let until = tests::system::NOON + 60_000;
    let claimed = format!("status = 'processing', fence = 1, attempts = 1, locked_until = {until}");
    // An orderly end would give the leases back, so they are there again after it.
    let setup = system.stop().await;
    execute_on(&setup.database(), &format!("UPDATE outbox SET {claimed}")).await;
    execute_on(&setup.database(), &format!("UPDATE commands SET attempts = 1, locked_until = {until}")).await;
    let system = setup.start().await;
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 25);
    let ready = system.owner.get("/readyz").await;
    assert_eq!(ready.body["reconciled"]["outbox"], 25);
    system.assert_at_rest().await;
}

/// Takes every message that waits for any function and puts it back twice, in another order.
async fn repeat_and_shuffle(system: &System, random: &mut StdRng) -> usize {
    let transport = &system.harness.ctx.transport;
    let mut messages = Vec::new();
    for entry in TABLE {
        let Ok(received) = transport.receive(entry.name, 10_000, Duration::ZERO).await else { continue };
        transport.ack(entry.name, &received).await.expect("the transport takes it");
        messages.extend(received.into_iter().map(|delivery| Outgoing {
            topic: delivery.topic,
            key: String::new(),
            message_id: delivery.message_id,
            body: delivery.body,
        }));
    }
    let count = messages.len();
    messages.extend(messages.clone());
    messages.shuffle(random);
    for published in transport.publish(messages).await {
        published.expect("the transport takes it");
    }
    count
}

// Drill 8, CMD-7, CMD-8, PROJ-2
#[tokio::test]
async fn everything_delivered_twice_and_shuffled_gives_the_same_state() {
    let calm = System::stepped().await;
    accept_everything(&calm).await;
    calm.settle().await;
    let expected = everything(&calm).await;
    assert_eq!(expected[0].len(), 40);
    for seed in 0..3 {
        let shaken = System::stepped().await;
        accept_everything(&shaken).await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut repeated = 0;
        loop {
            DrainOutbox::handle(&shaken.harness.ctx, Tick {}).await.expect("the drainer drains");
            let count = repeat_and_shuffle(&shaken, &mut random).await;
            if count == 0 {
                break;
            }
            repeated += count;
            for entry in TABLE {
                while shaken.harness.step_function(entry.name).await.expect("the function runs") {}
            }
        }
        assert!(repeated >= 65, "25 commands and 40 events came twice, not {repeated}");
        assert_eq!(everything(&shaken).await, expected, "seed {seed}");
        assert_eq!(shaken.number("SELECT count(*) FROM dead_letters").await, 0);
        shaken.assert_at_rest().await;
    }
}

// PROJ-4
#[tokio::test]
async fn a_view_that_is_wiped_comes_back_field_by_field() {
    const VIEW: &str = "SELECT * FROM view_thread_views ORDER BY thread_id";
    let system = System::stepped().await;
    accept_everything(&system).await;
    system.settle().await;
    let before = system.rows(VIEW).await;
    assert_eq!(before.len(), 5);
    let setup: Setup = system.stop().await;
    let database = setup.database();
    execute_on(&database, "DELETE FROM view_thread_views").await;
    execute_on(&database, "UPDATE projection_checkpoints SET pos = 0 WHERE projection = 'thread-views'").await;
    assert_eq!(rows_of(&database, VIEW).await.len(), 0);
    let system = setup.start().await;
    system.settle().await;
    assert_eq!(system.rows(VIEW).await, before);
    assert_eq!(system.number("SELECT count(*) FROM events").await, 40, "nothing was emitted");
    system.assert_at_rest().await;
}

// CMD-1, STORE-15
#[tokio::test]
async fn a_stop_and_a_start_keep_every_thread_and_the_databases_id() {
    let system = System::running().await;
    let opened = system.owner.post(THREADS, &question("Kept")).await;
    let id = system.harness.ctx.store.database_id().to_owned();
    let system = system.stop().await.start().await;
    assert_eq!(system.harness.ctx.store.database_id(), id);
    let kept = system.owner.get(&format!("{THREADS}/{}", opened.text("/thread/thread_id"))).await;
    assert_eq!(kept.body["thread"], opened.body["thread"]);
    system.assert_at_rest().await;
    system.stop().await;
}
