//! Agent events: what is taken, what is the same, what is refused, and what is never stored.

mod privacy;
mod refusals;
mod waiting;

use reqwest::Method;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::job::job_id;
use shared::id::{Ids, Kind};
use shared::value::{JobKind, KeyScope, Scope};
use tests::system::{Answer, Client, KeyOf, System, answer};
use tests::world::World;

use crate::jobs::JOBS;

pub(crate) const EVENTS: &str = "/api/v1/agent-events";
pub(crate) const BATCH: &str = "/api/v1/agent-events/batch";
/// When things happened.
const AT: &str = "2026-01-31T11:59:00Z";
/// Everything that agent events leave behind.
const STORED: &str = "SELECT (SELECT count(*) FROM commands) + (SELECT count(*) FROM agent_events)
    + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM events)";

/// A key that reads and writes memories.
pub(crate) fn memories() -> KeyOf<'static> {
    KeyOf { scopes: &[KeyScope::MemoriesRead, KeyScope::MemoriesWrite], ..KeyOf::default() }
}

/// A decision that an agent took.
pub(crate) fn decision(text: &str) -> Value {
    json!({ "event_type": "decision", "occurred_at": AT, "payload": { "decision": text } })
}

/// Sends agent events, lets the system come to rest, and answers with what became of them.
pub(crate) async fn sent(system: &System, client: &Client, path: &str, body: &Value) -> Answer {
    sent_text(system, client, path, &body.to_string()).await
}

async fn sent_text(system: &System, client: &Client, path: &str, body: &str) -> Answer {
    let key = Ids::from_system(Clock::System).expect("randomness").next(Kind::Request);
    let send = || async {
        let request = client.request(Method::POST, path).header("idempotency-key", &key);
        let request = request.header("prefer", "respond-async").header("content-type", "application/json");
        answer(request.body(body.to_owned())).await
    };
    let accepted = send().await;
    if accepted.status != 202 {
        return accepted;
    }
    system.settle().await;
    send().await
}

/// Sends one decision; answers with its id and its job's.
pub(crate) async fn decided(system: &System, client: &Client, text: &str) -> (String, String) {
    let answer = sent(system, client, EVENTS, &decision(text)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    (answer.text("/event/agent_event_id"), answer.text("/generation_job/id"))
}

fn transport(answer: &Answer) -> &Value {
    &answer.body["generation_job"]["transport"]
}

/// Where the first complaint points; nothing was stored.
async fn complaint(system: &System, client: &Client, path: &str, body: &Value) -> String {
    let refused = client.post(path, body).await;
    assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{body:.200}: {}", refused.body);
    assert_eq!(system.number(STORED).await, 0, "{body:.200}");
    refused.text("/errors/0/pointer")
}

// MEMORY-1, MEMORY-8, MEMORY-10, HTTP-6
#[tokio::test]
async fn an_event_is_stored_with_its_job_in_one_commit_and_both_are_shown() {
    let system = System::stepped().await;
    let client = system.client(memories()).await.with_header("x-request-id", "trace-me");
    let told = json!({
        "event_type": " decision ", "occurred_at": "2026-01-31T12:59:00+01:00",
        "payload": { "decision": "Retry twice" }, "source_adapter": "claude-code", "source_event_id": "e-1",
    });
    let answer = sent(&system, &client, EVENTS, &told).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.text("/event/agent_event_id");
    let batch = answer.text("/command/command_id").replacen("cmd_", "bat_", 1);
    let scope = Scope { team_id: "local".to_owned(), project_id: "default".to_owned() };
    let job = job_id(JobKind::Event, &scope, "agent_event", &id);
    assert_eq!(
        answer.body["event"],
        json!({
            "agent_event_id": id, "team_id": "local", "project_id": "default", "batch_id": batch,
            "event_type": "decision", "occurred_at": "2026-01-31T11:59:00.000Z",
            "received_at": "2026-01-31T12:00:00.000Z", "payload": { "decision": "Retry twice" },
            "source_adapter": "claude-code", "source_event_id": "e-1", "job_id": job,
        })
    );
    let shown = json!({ "id": job, "status": "completed", "transport": "enqueued" });
    assert_eq!(answer.body["generation_job"], shown);
    assert_eq!(client.get(&format!("{EVENTS}/{id}")).await.body, answer.body["event"]);
    let detail = client.get(&format!("{JOBS}/{job}")).await;
    for (member, expected) in [
        ("kind", json!("event")),
        ("source_type", json!("agent_event")),
        ("source_id", json!(id)),
        ("status", json!("completed")),
        ("transport", json!("enqueued")),
        ("attempts", json!(1)),
        ("max_attempts", json!(3)),
        ("retried_count", json!(0)),
        ("request_id", json!("trace-me")),
        ("error", Value::Null),
        ("payload", Value::Null),
    ] {
        assert_eq!(detail.body[member], expected, "{member}");
    }
    assert_eq!(detail.text("/usage/provider"), "extractive");
    let steps: Vec<_> = detail.list("/lifecycle").iter().map(|step| &step["type"]).collect();
    assert_eq!(steps, ["queued", "enqueued", "processing", "completed"]);
    let causes = "SELECT DISTINCT causation_id FROM events WHERE type IN ('agent_event.received', 'job.queued')";
    assert_eq!(system.rows(causes).await, [[json!(answer.text("/command/command_id"))]]);
    system.assert_at_rest().await;
}

// MEMORY-1
#[tokio::test]
async fn without_generation_there_is_no_job_not_even_later() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let path = format!("{EVENTS}?generate=false");
    let stored = sent(&system, &client, &path, &decision("Keep it")).await;
    assert_eq!((stored.status.as_u16(), &stored.body["generation_job"]), (201, &json!({ "transport": "skipped" })));
    let again = sent(&system, &client, EVENTS, &decision("Keep it")).await;
    assert_eq!((again.status.as_u16(), &again.body["generation_job"]), (200, &json!({ "transport": "skipped" })));
    assert_eq!(again.body["event"], stored.body["event"]);
    let batch = json!({ "events": [decision("This"), decision("That")] });
    let batch = sent(&system, &client, &format!("{BATCH}?generate=false"), &batch).await;
    assert_eq!(batch.status, 201, "{}", batch.body);
    assert!(batch.list("/items").iter().all(|item| item["generation_job"] == json!({ "transport": "skipped" })));
    assert_eq!(system.number("SELECT count(*) FROM jobs").await, 0);
    assert_eq!(system.number("SELECT count(*) FROM agent_events").await, 3);
}

// MEMORY-2, MEMORY-5
#[tokio::test]
async fn an_event_that_is_known_is_answered_as_it_was_stored_first() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let one = r#"{"event_type":"note","occurred_at":"2026-01-31T11:59:00Z","payload":{"a":1,"b":{"c":[1,2],"d":0}}}"#;
    let same =
        r#"{"payload":{"b":{"d":0,"c":[1,2]},"a":1},"occurred_at":"2026-01-31T12:59:00+01:00","event_type":"note"}"#;
    let first = sent_text(&system, &client, EVENTS, one).await;
    let again = sent_text(&system, &client, EVENTS, same).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{}", again.body);
    assert_eq!(again.body["event"], first.body["event"]);
    assert_eq!((transport(&first), transport(&again)), (&json!("enqueued"), &json!("skipped")));
    for other in [
        json!({ "event_type": "note", "occurred_at": AT, "payload": { "a": 1, "b": { "c": [2, 1], "d": 0 } } }),
        json!({ "event_type": "other", "occurred_at": AT, "payload": { "a": 1, "b": { "c": [1, 2], "d": 0 } } }),
        json!({ "event_type": "note", "occurred_at": AT, "source_adapter": "codex",
            "payload": { "a": 1, "b": { "c": [1, 2], "d": 0 } } }),
        json!({ "event_type": "note", "occurred_at": "2026-01-31T11:59:01Z",
            "payload": { "a": 1, "b": { "c": [1, 2], "d": 0 } } }),
    ] {
        assert_eq!(sent(&system, &client, EVENTS, &other).await.status, 201, "{other}");
    }
    let named = |adapter: &str, text: &str| {
        let mut event = decision(text);
        event["source_adapter"] = json!(adapter);
        event["source_event_id"] = json!("e-1");
        event
    };
    let first = sent(&system, &client, EVENTS, &named("codex", "This")).await;
    let again = sent(&system, &client, EVENTS, &named("codex", "That")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!((&again.body["event"], transport(&again)), (&first.body["event"], &json!("skipped")));
    assert_eq!(sent(&system, &client, EVENTS, &named("aider", "That")).await.status, 201);
    // Another tenant's is another's.
    let mer = system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    assert_eq!(sent(&system, &mer, EVENTS, &named("codex", "That")).await.status, 201);
    let jobs = "SELECT count(*), count(DISTINCT job_id) FROM jobs";
    assert_eq!(system.rows(jobs).await, [[8, 8]], "one for each event");
}

// MEMORY-3, MEMORY-5
#[tokio::test]
async fn a_batch_of_500_is_one_commit_with_one_job_in_order_and_0_or_501_is_nothing() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let batch = |count: usize| {
        let event = |n| json!({ "event_type": format!("step-{n}"), "occurred_at": AT, "payload": { "n": n } });
        json!({ "events": (0..count).map(event).collect::<Vec<_>>() })
    };
    for count in [0, 501] {
        assert_eq!(complaint(&system, &client, BATCH, &batch(count)).await, "/events", "{count}");
    }
    let answer = sent(&system, &client, BATCH, &batch(500)).await;
    assert_eq!((answer.status.as_u16(), answer.list("/items").len()), (201, 500));
    let job = answer.text("/items/0/generation_job/id");
    assert!(job.starts_with("evtb_"), "{job}");
    for (n, item) in answer.list("/items").iter().enumerate() {
        assert_eq!(item["event"]["event_type"], format!("step-{n}"));
        assert_eq!((&item["event"]["job_id"], &item["generation_job"]["id"]), (&json!(job), &json!(job)));
        assert_eq!(item["event"].get("payload"), None);
    }
    let jobs = system.rows("SELECT job_id, kind, attempts FROM jobs").await;
    assert_eq!(jobs, [[json!(job), json!("event_batch"), json!(1)]]);
    let commits = "SELECT count(*), count(DISTINCT causation_id) FROM events WHERE type = 'agent_event.received'";
    assert_eq!(system.rows(commits).await, [[500, 1]]);
    let again = sent(&system, &client, BATCH, &batch(500)).await;
    assert_eq!(again.status, 200);
    assert!(again.list("/items").iter().all(|item| item["generation_job"]["transport"] == "skipped"));
    assert_eq!(system.number("SELECT count(*) FROM jobs").await, 1);
}

// MEMORY-2, MEMORY-5
#[tokio::test]
async fn the_new_events_of_a_batch_share_a_job_and_the_known_ones_keep_theirs() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let (known, own_job) = decided(&system, &client, "Known").await;
    let body = json!({ "events": [decision("New"), decision("Known"), decision("Newer"), decision("New")] });
    let answer = sent(&system, &client, BATCH, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let items = answer.list("/items");
    let column = |member: &str, of: &str| items.iter().map(|item| item[of][member].clone()).collect::<Vec<_>>();
    assert_eq!(column("transport", "generation_job"), ["enqueued", "skipped", "enqueued", "skipped"]);
    let (ids, jobs) = (column("agent_event_id", "event"), column("id", "generation_job"));
    assert_eq!((&ids[1], &ids[3], &jobs[1]), (&json!(known), &ids[0], &json!(own_job)));
    assert_eq!((&jobs[0], ids[0] == ids[2]), (&jobs[2], false));
    let path = format!("{JOBS}/{}?include=payload", jobs[0].as_str().expect("an id"));
    assert_eq!(system.owner.get(&path).await.body["payload"]["agent_event_ids"], json!([ids[0], ids[2]]));
    assert_eq!(system.number("SELECT count(*) FROM jobs").await, 2);
    system.assert_at_rest().await;
}
