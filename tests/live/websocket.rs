//! What a WebSocket gets.

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::system::{KeyOf, System, question};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Socket, open_threads, positions};

// LOG-9
#[tokio::test]
async fn frames_carry_at_most_limit_events_and_the_cursor_behind_them() {
    let system = System::running().await;
    open_threads(&system, 5, "T-1").await;
    let epoch = system.harness.ctx.store.epoch();
    let mut socket = Socket::connect(&system, "?limit=2").await;
    let log = system.owner.get("/api/v1/forum/events").await;
    for (from, to) in [(1, 2), (3, 4), (5, 5)] {
        let frame = socket.frame().await;
        let mut members: Vec<_> = frame.as_object().expect("an object").keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["events", "next_cursor", "sent_at", "type"]);
        assert_eq!((&frame["type"], &frame["next_cursor"]), (&json!("forum.events"), &json!(format!("{to}-{epoch}"))));
        let expected: Vec<Value> = log.list("/events")[from - 1..to].to_vec();
        assert_eq!(frame["events"], json!(expected), "the same events as by reading");
    }
    system.stop().await;
}

// LOG-9
#[tokio::test]
async fn what_a_client_says_is_ignored() {
    let system = System::running().await;
    let mut socket = Socket::connect(&system, "").await;
    for message in [
        Message::text("hello"),
        Message::binary(vec![0, 255]),
        Message::text(r#"{"cursor":0}"#),
        Message::Ping("p".into()),
    ] {
        socket.say(message).await.expect("the server listens");
    }
    open_threads(&system, 1, "T-1").await;
    assert_eq!(positions(&socket.events(1).await), [1]);
    system.stop().await;
}

// LOG-6, LOG-7
#[tokio::test]
async fn a_filter_holds_for_stored_and_live_events() {
    let system = System::running().await;
    open_threads(&system, 2, "T-1").await;
    open_threads(&system, 2, "T-2").await;
    let mut socket = Socket::connect(&system, "?ticket=T-2&types=forum.thread.*").await;
    assert_eq!(positions(&socket.events(2).await), [3, 4]);
    open_threads(&system, 2, "T-1").await;
    open_threads(&system, 1, "T-2").await;
    assert_eq!(positions(&socket.events(1).await), [7]);
    system.stop().await;
}

// LOG-17
#[tokio::test]
async fn a_rejected_command_shows_nothing() {
    let system = System::running().await;
    let mut socket = Socket::connect(&system, "").await;
    let path = "/api/v1/forum/threads/thr_0199a0a0-0000-7000-8000-000000000000/posts";
    assert_eq!(system.owner.post(path, &json!({ "body": "lost" })).await.status, 404);
    open_threads(&system, 1, "T-1").await;
    let events = socket.events(1).await;
    assert_eq!((events.len(), &events[0]["type"], &events[0]["pos"]), (1, &json!("forum.thread.opened"), &json!(1)));
    system.stop().await;
}

// LOG-17
#[tokio::test]
async fn a_client_that_leaves_disturbs_no_other() {
    let system = System::running().await;
    let mut stays = Socket::connect(&system, "").await;
    let mut leaves = Socket::connect(&system, "").await;
    let breaks = Socket::connect(&system, "").await;
    leaves.say(Message::Close(None)).await.expect("the server listens");
    drop((leaves, breaks));
    open_threads(&system, 3, "T-1").await;
    assert_eq!(positions(&stays.events(3).await), [1, 2, 3]);
    system.stop().await;
}

// AUTH-4, LOG-7
#[tokio::test]
async fn a_foreign_tenants_events_show_in_no_stream() {
    let system = System::running().await;
    let scopes = &[KeyScope::ForumRead, KeyScope::ForumWrite];
    let foreign = system.client(KeyOf { team: "other", project: Some("far"), scopes, ..KeyOf::default() }).await;
    let mut socket = Socket::connect(&system, "?types=*").await;
    let mut stream = crate::client::Sse::connect(&system.owner, "?after=0").await;
    assert_eq!(foreign.post("/api/v1/forum/threads", &question("Theirs")).await.status, 201);
    open_threads(&system, 1, "T-1").await;
    assert_eq!(positions(&socket.events(1).await), [2]);
    assert_eq!(stream.events(1).await[0].json()["pos"], 2);
    system.stop().await;
}
