//! A session that says what it does, is summed up at its end, and is found again.

use serde_json::{Value, json};

use crate::sessions::{SESSIONS, session_of, session_started};
use crate::world::World;

const EVENTS: &str = "/api/v1/agent-events";

fn event(number: usize, kind: &str, text: &str, session: &str) -> Value {
    json!({ "event_type": kind, "occurred_at": "2026-01-31T12:00:00Z", "source_adapter": "story",
        "source_event_id": format!("e-{number}"), "session_id": session, "payload": { "text": text } })
}

// MEMORY-1, MEMORY-2, MEMORY-3, MEMORY-5, MEMORY-10, MEMORY-17, MEMORY-21, MEMORY-24, SESSION-19, AUTH-11, LOG-1
/// What a session did is remembered once and found again.
pub async fn what_a_session_did_is_remembered_once_and_found_again<W: World>(system: &W) {
    let session = session_started(system, &session_of("ada")).await;
    let decision = "We decided to keep an append-only ledger, because <private>hunter2</private> balances drift.";
    let events = json!({ "events": [
        event(1, "decision", decision, &session),
        event(2, "assistant_message", "Root cause: two writers read the same balance.", &session),
    ] });
    let batch = system.apply(&format!("{EVENTS}/batch"), &events).await;
    assert_eq!(batch.status, 201, "{}", batch.body);
    assert_eq!(batch.list("/items").len(), 2);
    let job = batch.text("/items/0/generation_job/id");
    assert_eq!(batch.text("/items/1/generation_job/id"), job, "one job for all of a batch");
    system.settle().await;
    let again = system.apply(&format!("{EVENTS}/batch"), &events).await;
    assert_eq!((again.status.as_u16(), again.text("/items/0/generation_job/transport")), (200, "skipped".to_owned()));

    let shown = system.owner().get(&format!("/api/v1/jobs/{job}")).await;
    let story: Vec<_> = shown.list("/lifecycle").iter().map(|step| step["type"].clone()).collect();
    assert_eq!(story, ["queued", "enqueued", "processing", "completed"]);
    assert_eq!((shown.number("/attempts"), shown.text("/usage/provider")), (1, "extractive".to_owned()));

    for _ in 0..2 {
        let ended = system.apply(&format!("{SESSIONS}/{session}/end"), &json!({ "outcome": "done" })).await;
        assert_eq!(ended.status, 200, "{}", ended.body);
    }
    system.settle().await;
    let summaries = "SELECT count(*) FROM jobs WHERE kind = 'summary' AND status = 'completed'";
    assert_eq!(system.number(summaries).await, 1, "however often it is ended");

    let body = json!({ "query": "ledgers for balances", "session_id": session });
    let found = system.owner().post("/api/v1/search", &body).await;
    assert_eq!((found.status.as_u16(), found.text("/items/0/session_id")), (200, session.clone()));
    let kinds: Vec<_> = found.list("/items").iter().map(|item| item["kind"].clone()).collect();
    assert!(kinds.contains(&json!("decision")) && kinds.contains(&json!("summary")), "{}", found.body);
    let context = system.owner().post("/api/v1/context", &body).await.text("/text");
    assert!(context.contains("append-only ledger") && !context.contains("hunter2"), "{context}");

    assert_eq!(
        system
            .number("SELECT max(count) FROM (SELECT count(*) AS count FROM observations GROUP BY observation_key)")
            .await,
        1
    );
    let request = system.rows("SELECT request_id FROM jobs WHERE kind = 'event_batch'").await;
    let trail = format!(
        "SELECT action FROM audit WHERE request_id = '{}' ORDER BY id",
        request[0][0].as_str().unwrap_or_default()
    );
    let trail: Vec<_> = system.rows(&trail).await.into_iter().flatten().collect();
    assert_eq!(trail.first(), Some(&json!("job.processing")));
    assert_eq!(trail.last(), Some(&json!("job.completed")));
    assert!(trail.len() > 2 && trail[1..trail.len() - 1].iter().all(|action| action == "observation.created"));
    let secret = "SELECT (SELECT count(*) FROM commands WHERE payload GLOB '*hunter2*')
        + (SELECT count(*) FROM agent_events WHERE payload GLOB '*hunter2*')
        + (SELECT count(*) FROM observations WHERE title || body GLOB '*hunter2*')";
    assert_eq!(system.number(secret).await, 0, "private text");
    system.assert_whole().await;
}
