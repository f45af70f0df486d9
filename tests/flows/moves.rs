//! How a thread moves, is assigned, becomes urgent, and ends.

use serde_json::{Value, json};
use tests::system::{Setup, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const STATES: [&str; 6] = ["new", "triaged", "waiting_operator", "waiting_human", "answered", "closed"];
/// From each state, where a thread may go.
const MOVES: [(&str, &[&str]); 6] = [
    ("new", &["triaged", "waiting_operator", "waiting_human", "answered", "closed"]),
    ("triaged", &["waiting_operator", "waiting_human", "answered", "closed"]),
    ("waiting_operator", &["waiting_human", "triaged", "answered", "closed"]),
    ("waiting_human", &["waiting_operator", "triaged", "answered", "closed"]),
    ("answered", &["waiting_operator", "waiting_human", "closed"]),
    ("closed", &[]),
];

async fn head(system: &System) -> i64 {
    system.number("SELECT coalesce(max(pos), 0) FROM events").await
}

/// A new thread in `state`.
async fn thread_in(system: &System, state: &str) -> String {
    let thread = system.opened(&question("Which way")).await;
    if state != "new" {
        let moved = system.apply(&format!("{THREADS}/{thread}/state"), &json!({ "state": state })).await;
        assert_eq!((moved.status.as_u16(), moved.text("/thread/state")), (200, state.to_owned()), "{}", moved.body);
    }
    thread
}

// FORUM-4, FORUM-5, FORUM-6
#[tokio::test]
async fn every_state_moves_exactly_where_the_table_says() {
    let system = System::stepped().await;
    for (from, allowed) in MOVES {
        for to in STATES {
            let thread = thread_in(&system, from).await;
            let before = head(&system).await;
            let answer = system.apply(&format!("{THREADS}/{thread}/state"), &json!({ "state": to })).await;
            if to == from {
                assert_eq!((answer.status.as_u16(), head(&system).await), (200, before), "{from} > {to}");
            } else if allowed.contains(&to) {
                assert_eq!(
                    (answer.status.as_u16(), answer.text("/thread/state")),
                    (200, to.to_owned()),
                    "{from} > {to}"
                );
                assert!(head(&system).await > before, "{from} > {to}");
            } else {
                let code = if from == "closed" { "thread_closed" } else { "illegal_transition" };
                assert_eq!(answer.refusal(), (409, code.to_owned()), "{from} > {to}");
                if from != "closed" {
                    assert_eq!((answer.text("/from"), answer.text("/to")), (from.to_owned(), to.to_owned()));
                }
                assert_eq!(head(&system).await, before, "{from} > {to} left an event");
            }
        }
    }
    system.assert_at_rest().await;
}

// FORUM-9, 1.4
#[tokio::test]
async fn a_whole_life_is_six_thread_events_with_rising_positions_and_versions() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Which way")).await;
    for (action, body) in [
        ("posts", json!({ "body": "more" })),
        ("assign", json!({ "assignee": "ada" })),
        ("state", json!({ "state": "waiting_human" })),
        ("priority", json!({ "priority": "urgent" })),
        ("close", json!({})),
    ] {
        let answer = system.apply(&format!("{THREADS}/{thread}/{action}"), &body).await;
        assert_eq!(answer.status.as_u16(), 200, "{action}: {}", answer.body);
    }
    let events = system.owner.get("/api/v1/forum/events").await;
    let shape: Vec<_> = events
        .list("/events")
        .iter()
        .map(|event| json!([event["type"], event["version"], event["payload"]["from"], event["payload"]["to"]]))
        .collect();
    let expected = json!([
        ["forum.thread.opened", 1, null, null],
        ["forum.post.added", 2, null, null],
        ["forum.assigned", 3, null, "ada"],
        ["forum.state.changed", 4, "new", "waiting_human"],
        ["forum.priority.changed", 5, "normal", "urgent"],
        ["forum.thread.closed", 6, "waiting_human", null],
    ]);
    assert_eq!(json!(shape), expected);
    let view = system.owner.get(&format!("{THREADS}/{thread}")).await;
    assert_eq!(view.text("/thread/assignee"), "ada");
    assert_eq!(view.text("/thread/priority"), "urgent");
    assert_eq!(view.text("/thread/state"), "closed");
    system.assert_at_rest().await;
}

// FORUM-5
#[tokio::test]
async fn what_is_so_already_is_accepted_without_an_event() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Which way")).await;
    let path = |action: &str| format!("{THREADS}/{thread}/{action}");
    system.apply(&path("assign"), &json!({ "assignee": "ada" })).await;
    system.apply(&path("priority"), &json!({ "priority": "high" })).await;
    let before = head(&system).await;
    for (action, body) in [
        ("assign", json!({ "assignee": " ada " })),
        ("priority", json!({ "priority": "HIGH" })),
        ("state", json!({ "state": "new" })),
    ] {
        let answer = system.apply(&path(action), &body).await;
        assert_eq!((answer.status.as_u16(), head(&system).await), (200, before), "{action}: {}", answer.body);
    }
    let unassigned = system.apply(&path("assign"), &json!({ "assignee": "" })).await;
    assert_eq!(unassigned.body["thread"]["assignee"], Value::Null);
    assert_eq!(head(&system).await, before + 1);
}

// FORUM-6, FORUM-10
#[tokio::test]
async fn a_closed_thread_and_an_unknown_one_refuse_every_change() {
    let system = System::stepped().await;
    let closed = thread_in(&system, "closed").await;
    let unknown = "thr_00000000-0000-7000-8000-000000000000".to_owned();
    let before = head(&system).await;
    for (thread, expected) in [(closed, (409, "thread_closed")), (unknown, (404, "not_found"))] {
        for (action, body) in [
            ("posts", json!({ "body": "late" })),
            ("answer", json!({ "body": "late" })),
            ("assign", json!({ "assignee": "ada" })),
            ("state", json!({ "state": "triaged" })),
            ("priority", json!({ "priority": "low" })),
        ] {
            let refused = system.apply(&format!("{THREADS}/{thread}/{action}"), &body).await;
            assert_eq!(refused.refusal(), (expected.0, expected.1.to_owned()), "{action}");
        }
    }
    assert_eq!(head(&system).await, before);
}

// FORUM-8
#[tokio::test]
async fn a_control_thread_is_not_closed_by_hand_in_either_way() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Signals")).await;
    system.execute("UPDATE threads SET kind = 'control', guidance_status = NULL").await;
    for (action, body) in [("close", json!({})), ("state", json!({ "state": "closed" }))] {
        let refused = system.apply(&format!("{THREADS}/{thread}/{action}"), &body).await;
        assert_eq!(refused.refusal(), (409, "control_thread".to_owned()), "{action}");
    }
    let moved = system.apply(&format!("{THREADS}/{thread}/state"), &json!({ "state": "waiting_human" })).await;
    assert_eq!(moved.status.as_u16(), 200, "other moves are free");
}

// FORUM-1, CMD-12
#[tokio::test]
async fn a_change_that_names_nothing_or_nonsense_is_400_with_its_pointer() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Which way")).await;
    for (action, body, pointer) in [
        ("assign", json!({}), "/assignee"),
        ("assign", json!({ "assignee": "x".repeat(129) }), "/assignee"),
        ("state", json!({}), "/state"),
        ("state", json!({ "state": "asleep" }), "/state"),
        ("priority", json!({ "priority": 7 }), "/priority"),
        ("priority", json!({ "priority": "low", "why": "x" }), "/why"),
    ] {
        let refused = system.owner.post(&format!("{THREADS}/{thread}/{action}"), &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{action} {body}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{action} {body}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// FORUM-21, FORUM-7
#[tokio::test]
async fn answers_and_closes_ask_for_documentation_on_a_stream_and_a_topic_of_their_own() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Which way")).await;
    system.apply(&format!("{THREADS}/{thread}/answer"), &json!({ "body": "left" })).await;
    system.apply(&format!("{THREADS}/{thread}/close"), &json!({})).await;
    let rows = system
        .rows(
            "SELECT request.stream, request.version, request.payload ->> 'trigger', request.payload ->> 'title',
                 request.payload ->> 'ticket', cause.type, outbox.topic, outbox.status
             FROM events AS request
             JOIN events AS cause ON cause.event_id = request.causation_id
             JOIN outbox ON outbox.payload = '{\"pos\":' || request.pos || '}'
             WHERE request.type = 'forum.integration.docs_sync.requested' ORDER BY request.pos",
        )
        .await;
    let (stream, topic) = (format!("docs_sync/{thread}"), "forum.integration.docs_sync.requested");
    let expected = json!([
        [stream, 1, "answered", "Which way", "T-1", "forum.post.added", topic, "sent"],
        [stream, 2, "closed", "Which way", "T-1", "forum.thread.closed", topic, "sent"],
    ]);
    assert_eq!(json!(rows), expected);
    let forum = system.owner.get("/api/v1/forum/events").await;
    assert!(forum.list("/events").iter().all(|event| event["type"] != topic), "not among the forum's own");
    let silent = Setup::stepped().set("integration.docs_sync", "false").start().await;
    let thread = silent.opened(&question("Which way")).await;
    silent.apply(&format!("{THREADS}/{thread}/close"), &json!({})).await;
    assert_eq!(silent.number("SELECT count(*) FROM events").await, 2);
}
