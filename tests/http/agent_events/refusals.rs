//! Agent events that are refused: nothing of them is stored.

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::system::{KeyOf, Setup, System};
use tests::world::World;

use super::{AT, BATCH, EVENTS, STORED, complaint, decided, decision, memories, sent, sent_text};

// MEMORY-4, HTTP-7, AUTH-4
#[tokio::test]
async fn a_foreign_project_anywhere_is_403_and_nothing_is_stored() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    system.client(KeyOf { team: "red", project: Some("fire"), ..memories() }).await;
    let with = |mut body: Value, field: &str, value: &str| {
        body[field] = json!(value);
        body
    };
    let denied = (403, "project_denied".to_owned());
    for (field, value) in [("project_id", "mer"), ("project_id", "fire"), ("project_id", "none"), ("team_id", "red")] {
        let inside = json!({ "events": [decision("Mine"), with(decision("Theirs"), field, value)] });
        let around = with(json!({ "events": [decision("Mine")] }), field, value);
        let alone = with(decision("Theirs"), field, value);
        for (path, body) in [(BATCH, &inside), (BATCH, &around), (EVENTS, &alone)] {
            assert_eq!(client.post(path, body).await.refusal(), denied, "{path}: {body}");
        }
        // Also of a key that reaches both: the write is one project's.
        assert_eq!(system.owner.post(BATCH, &inside).await.refusal(), denied, "{inside}");
    }
    assert_eq!(system.number(STORED).await, 0);
    let odd = json!({ "events": [decision("Mine"), { "project_id": 7 }] });
    assert_eq!(complaint(&system, &client, BATCH, &odd).await, "/events/1/project_id");
    // Its own tenant may be named.
    let mut own = decision("Mine");
    own["team_id"] = json!(" local ");
    own["project_id"] = json!("mer");
    let written = sent(&system, &system.owner, &format!("{BATCH}?project_id=mer"), &json!({ "events": [own] })).await;
    assert_eq!((written.status.as_u16(), written.text("/items/0/event/project_id")), (201, "mer".to_owned()));
}

// MEMORY-3, HTTP-1, HTTP-4
#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let good = json!({ "event_type": "note", "occurred_at": AT, "payload": 1 });
    let large = "x".repeat(256 * 1024);
    for (field, value) in [
        ("event_type", Value::Null),
        ("event_type", json!(" ")),
        ("event_type", json!(7)),
        ("event_type", json!("x".repeat(129))),
        ("occurred_at", Value::Null),
        ("occurred_at", json!("yesterday")),
        ("payload", Value::Null),
        ("payload", json!(large)),
        ("source_adapter", json!("a\u{0}b")),
        ("source_event_id", json!("x".repeat(256))),
        ("session_id", json!(7)),
        ("colour", json!("red")),
        ("alone", json!(true)),
        ("events", json!([])),
    ] {
        let mut odd = good.clone();
        odd[field] = value;
        assert_eq!(complaint(&system, &client, EVENTS, &odd).await, format!("/{field}"));
        let batch = json!({ "events": [good, odd] });
        assert_eq!(complaint(&system, &client, BATCH, &batch).await, format!("/events/1/{field}"));
    }
    for field in ["event_type", "occurred_at", "payload"] {
        let mut short = good.clone();
        short.as_object_mut().expect("an object").remove(field);
        assert_eq!(complaint(&system, &client, EVENTS, &short).await, format!("/{field}"));
    }
    for (odd, pointer) in [
        (json!({}), "/events"),
        (json!({ "events": good }), "/events"),
        (json!({ "events": [7] }), "/events/0"),
        (json!({ "events": [good], "generate": false }), "/generate"),
        (json!({ "events": [good], "alone": true }), "/alone"),
        (json!({ "events": [good], "colour": "red" }), "/colour"),
    ] {
        assert_eq!(complaint(&system, &client, BATCH, &odd).await, pointer);
    }
    for parameter in ["generate", "wait"] {
        let path = format!("{EVENTS}?{parameter}=perhaps");
        assert_eq!(complaint(&system, &client, &path, &good).await, parameter);
    }
}

// HTTP-4
#[tokio::test]
async fn a_batch_may_be_larger_than_an_event_alone() {
    let system = Setup::stepped().set("body.limit", "2KiB").set("body.batch", "4KiB").start().await;
    let client = system.client(memories()).await;
    let batch = json!({ "events": [decision("Large"), decision("Larger")] });
    for (path, body, limit) in [(EVENTS, decision("Large"), 2048), (BATCH, batch, 4096)] {
        let text = body.to_string();
        let padded = |length: usize| format!("{text}{}", " ".repeat(length - text.len()));
        let refused = sent_text(&system, &client, path, &padded(limit + 1)).await;
        assert_eq!(refused.refusal(), (413, "payload_too_large".to_owned()), "{path}");
        assert_eq!(sent_text(&system, &client, path, &padded(limit)).await.status, 201, "{path}");
    }
}

// AUTH-2, AUTH-4
#[tokio::test]
async fn events_need_their_scopes_and_are_not_there_for_others() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let (event, _) = decided(&system, &client, "Mine").await;
    let reader = system.client(KeyOf { scopes: &[KeyScope::MemoriesRead, KeyScope::ForumWrite], ..memories() }).await;
    let writer = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite, KeyScope::ForumRead], ..memories() }).await;
    let denied = (403, "scope_denied".to_owned());
    let batch = json!({ "events": [decision("Mine")] });
    for (path, body) in [(EVENTS, decision("Mine")), (BATCH, batch)] {
        assert_eq!(reader.post(path, &body).await.refusal(), denied, "{path}");
    }
    for path in [format!("{EVENTS}/{event}"), format!("{EVENTS}/{event}/observations")] {
        assert_eq!(writer.get(&path).await.refusal(), denied, "{path}");
        for client in [&reader, &system.owner] {
            assert_eq!(client.get(&path).await.status, 200, "{path}");
        }
        for (team, project) in [("local", Some("mer")), ("red", None)] {
            let foreign = KeyOf { team, project, ..memories() };
            let stranger = system.client(foreign).await;
            let unknown = path.replace(&event, "aev_0199a0a0-0000-7000-8000-000000000000");
            let (one, other) = (stranger.get(&path).await, stranger.get(&unknown).await);
            assert_eq!(one.refusal(), (404, "not_found".to_owned()), "{path}");
            assert_eq!(one.body["detail"], other.body["detail"], "as if it were not there");
        }
    }
}

// AUTH-4
#[tokio::test]
async fn an_event_of_a_session_that_is_not_there_stores_nothing() {
    let system = System::stepped().await;
    let mer = system.client(KeyOf { project: Some("mer"), scopes: &[KeyScope::ForumWrite], ..memories() }).await;
    assert_eq!(mer.post("/api/v1/sessions?wait=0", &json!({})).await.status, 202);
    system.settle().await;
    let client = system.client(memories()).await;
    for session in ["default-9", "mer-1"] {
        let mut event = decision("Whose");
        event["session_id"] = json!(session);
        let batch = json!({ "events": [decision("Mine"), event] });
        for (path, body) in [(EVENTS, &event), (BATCH, &batch)] {
            let refused = sent(&system, &client, path, body).await;
            assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{session}: {}", refused.body);
        }
    }
    assert_eq!(system.number("SELECT (SELECT count(*) FROM agent_events) + (SELECT count(*) FROM jobs)").await, 0);
}
