//! Waiting for what is made of agent events.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use shared::clock::Clock;
use tests::system::{Setup, System};

use super::{BATCH, EVENTS, decision, transport};

// MEMORY-6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_the_job_is_answered_when_it_is_over() {
    let system = System::running().await;
    let alone = system.owner.post(&format!("{EVENTS}?wait=true"), &decision("Retry twice")).await;
    assert_eq!((alone.status.as_u16(), &alone.body["generation_job"]["status"]), (201, &json!("completed")));
    let body = json!({ "events": [decision("Retry twice"), decision("Retry thrice"), decision("Give up")] });
    let batch = system.owner.post(&format!("{BATCH}?wait=true"), &body).await;
    assert_eq!(batch.status, 201, "{}", batch.body);
    assert!(batch.list("/items").iter().all(|item| item["generation_job"]["status"] == "completed"));
    for answer in [&alone, &batch] {
        assert_eq!(answer.body.get("wait_timed_out"), None);
    }
    system.assert_at_rest().await;
    system.stop().await;
}

// MEMORY-6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_takes_too_long_ends_once_for_all_jobs_of_a_batch() {
    let system = Setup::running().set("ingest.wait", "1s").start().await;
    for lane in ["event", "event_batch"] {
        assert_eq!(system.owner.post(&format!("/api/v1/lanes/{lane}/pause"), &json!({})).await.status, 200);
    }
    let alone = system.owner.post(&format!("{EVENTS}?wait=true"), &decision("One")).await;
    assert_eq!((alone.status.as_u16(), &alone.body["wait_timed_out"]), (201, &json!(true)), "{}", alone.body);
    let waiting = (&alone.body["generation_job"]["status"], transport(&alone));
    assert_eq!(waiting, (&json!("queued"), &json!("queued_only")));
    assert_eq!(system.owner.post(EVENTS, &decision("Two")).await.status, 201, "who does not wait is answered at once");
    let body = json!({ "events": [decision("One"), decision("Two"), decision("Three")] });
    let stopwatch = Clock::stopwatch();
    let batch = system.owner.post(&format!("{BATCH}?wait=true"), &body).await;
    let elapsed = stopwatch.elapsed();
    assert_eq!((batch.status.as_u16(), &batch.body["wait_timed_out"]), (201, &json!(true)), "{}", batch.body);
    let jobs: BTreeSet<_> = (0..3).map(|n| batch.text(&format!("/items/{n}/generation_job/id"))).collect();
    assert_eq!(jobs.len(), 3);
    assert!((Duration::from_secs(1)..Duration::from_millis(2900)).contains(&elapsed), "{elapsed:?}");
    system.stop().await;
}
