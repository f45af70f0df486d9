//! The drainer over the store: what is published, refused, given up, and left alone.

use std::time::Duration;

use cmd_open_thread::CmdOpenThread;
use shared::function::{Function, subscription};
use shared::store::Run;
use shared::transport::Transport;
use tests::fixture::{Fixture, over_every_store};
use tests::system::NOON;

/// A transport on which only `open_thread` has a queue.
async fn without_posts() -> Fixture {
    let only = subscription(CmdOpenThread::NAME, CmdOpenThread::TRIGGER).into_iter().collect();
    Fixture::subscribed(Run::Threads, &[], only).await
}

// OUTBOX-1, OUTBOX-4
#[tokio::test]
async fn a_command_is_published_once_with_its_row_marked() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.drain().await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdOpenThread>().await;
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0].message_id, thread.replace("thr_", "msg_"));
        assert_eq!(deliveries[0].topic, "forum.commands.open_thread");
        let row = fixture.rows("SELECT status, attempts, sent_at, locked_until FROM outbox").await;
        assert_eq!(serde_json::json!(row), serde_json::json!([["sent", 1, NOON, null]]));
    })
    .await;
}

// TRANSPORT-7
#[tokio::test]
async fn a_message_is_a_cloud_event_that_names_its_row() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.drain().await;
        let delivery = fixture.receive::<CmdOpenThread>().await.swap_remove(0);
        let envelope: serde_json::Value = serde_json::from_str(&delivery.body).expect("JSON");
        assert_eq!(envelope["specversion"], "1.0");
        assert_eq!(envelope["id"], thread.replace("thr_", "msg_"));
        assert_eq!(envelope["source"], "/teams/local/projects/default");
        assert_eq!(envelope["type"], "open_thread");
        assert_eq!(envelope["subject"], format!("thread/{thread}"));
        assert_eq!(envelope["time"], "2026-01-31T12:00:00.000Z");
        assert_eq!(envelope["sequence"], 1);
        assert_eq!(envelope["data"]["title"], "Which way");
        assert!(envelope["correlationid"].as_str().is_some_and(|id| id.starts_with("ev_")), "{envelope}");
    })
    .await;
}

// OUTBOX-6
#[tokio::test]
async fn a_row_published_and_never_marked_is_published_again_under_the_same_id() {
    let fixture = Fixture::new().await;
    fixture.open("Which way").await;
    fixture.drain().await;
    // As if killed between the publication and its mark.
    fixture.execute("UPDATE outbox SET status = 'processing', sent_at = NULL, locked_until = 0").await;
    fixture.drain().await;
    let deliveries = fixture.receive::<CmdOpenThread>().await;
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].message_id, deliveries[1].message_id);
    fixture.handle::<CmdOpenThread>(&deliveries).await;
    fixture.settle().await;
    assert_eq!(fixture.number("SELECT count(*) FROM threads").await, 1);
    assert_eq!(fixture.number("SELECT count(*) FROM events").await, 1);
}

// OUTBOX-4
#[tokio::test]
async fn a_refused_message_waits_twice_as_long_each_time_up_to_a_minute() {
    let fixture = without_posts().await;
    fixture.post("thr_none", "hello").await;
    for (attempt, longest) in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000].iter().enumerate() {
        fixture.drain().await;
        let row = fixture.rows("SELECT status, attempts, next_attempt_at, last_error FROM outbox").await;
        assert_eq!((&row[0][0], &row[0][1]), (&"failed".into(), &(attempt + 1).into()));
        let wait = row[0][2].as_i64().expect("a time") - fixture.ctx.clock.now().0;
        assert!((longest / 2..=*longest).contains(&wait), "attempt {}: {wait} ms", attempt + 1);
        let error = row[0][3].as_str().expect("an error");
        assert!(error.contains("nothing handles forum.commands.add_post"), "{error}");
        fixture.advance(Duration::from_secs(60));
    }
}

// OUTBOX-7
#[tokio::test]
async fn a_message_refused_ten_times_is_dead_while_rows_behind_it_flow() {
    let fixture = without_posts().await;
    fixture.post("thr_none", "hello").await;
    let mut delivered = 0;
    for attempt in 1..=10 {
        fixture.open(&format!("Thread {attempt}")).await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdOpenThread>().await;
        fixture.ctx.transport.ack(CmdOpenThread::NAME, &deliveries).await.expect("an ack");
        delivered += deliveries.len();
        assert_eq!(delivered, attempt, "rows behind the refused one flow");
        fixture.advance(Duration::from_secs(60));
    }
    let dead = fixture.rows("SELECT id, status, attempts FROM outbox WHERE status <> 'sent'").await;
    assert_eq!(serde_json::json!(dead), serde_json::json!([[1, "dead", 10]]));
    let letters =
        fixture.rows("SELECT source, function, topic, error_class, attempts, status, payload FROM dead_letters").await;
    let expected = serde_json::json!([[
        "outbox",
        "drain-outbox",
        "forum.commands.add_post",
        "refused",
        10,
        "dead",
        "{\"seq\":1}"
    ]]);
    assert_eq!(serde_json::json!(letters), expected);
    fixture.drain().await;
    assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 1);
}

// OUTBOX-8
#[tokio::test]
async fn while_the_transport_is_down_nothing_is_claimed() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.ctx.transport.close().await;
        for _ in 0..20 {
            fixture.drain().await;
            fixture.advance(Duration::from_secs(3_600));
        }
        let row = fixture.rows("SELECT status, attempts, fence FROM outbox").await;
        assert_eq!(serde_json::json!(row), serde_json::json!([["pending", 0, 0]]));
        let state = fixture.ctx.worker.state();
        assert!(!state.bus_healthy && state.consecutive_errors == 0, "{state:?}");
        assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0);
    })
    .await;
}

// OUTBOX-9
#[tokio::test]
async fn one_step_publishes_more_rows_than_one_claim_takes() {
    let fixture = Fixture::over(Run::Threads, &[("worker.batch_size", "7")]).await;
    for n in 0..50 {
        fixture.open(&format!("Thread {n}")).await;
    }
    fixture.drain().await;
    let deliveries = fixture.receive::<CmdOpenThread>().await;
    let titles: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            serde_json::from_str::<serde_json::Value>(&delivery.body).expect("JSON")["data"]["title"].clone()
        })
        .collect();
    assert_eq!(titles, (0..50).map(|n| format!("Thread {n}").into()).collect::<Vec<serde_json::Value>>());
    let state = fixture.ctx.worker.state();
    assert_eq!((state.processed_total, state.total_batches), (50, 1));
}
