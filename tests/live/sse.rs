//! What an event stream gets.

use tests::system::System;

use crate::client::{Sse, open_threads};

// LOG-14
#[tokio::test]
async fn each_block_has_the_cursor_the_type_and_the_event() {
    let system = System::running().await;
    open_threads(&system, 2, "T-1").await;
    let epoch = system.harness.ctx.store.epoch();
    let mut stream = Sse::connect(&system.owner, "?after=0").await;
    let log = system.owner.get("/api/v1/forum/events").await;
    for (block, event) in stream.events(2).await.iter().zip(log.list("/events")) {
        assert_eq!(block.id, format!("{}-{epoch}", event["pos"]));
        assert_eq!(block.event, "forum.thread.opened");
        assert_eq!(&block.json(), event);
    }
    system.stop().await;
}

// LOG-14
#[tokio::test]
async fn without_a_cursor_a_stream_begins_at_the_head() {
    let system = System::running().await;
    open_threads(&system, 3, "T-1").await;
    let mut stream = Sse::connect(&system.owner, "").await;
    open_threads(&system, 1, "T-1").await;
    assert_eq!(stream.events(1).await[0].json()["pos"], 4);
    system.stop().await;
}

// LOG-14
#[tokio::test]
async fn the_last_event_id_wins_over_after() {
    let system = System::running().await;
    open_threads(&system, 4, "T-1").await;
    let epoch = system.harness.ctx.store.epoch();
    let resuming = system.owner.clone().with_header("last-event-id", &format!("2-{epoch}"));
    let mut stream = Sse::connect(&resuming, "?after=0").await;
    assert_eq!(stream.events(1).await[0].json()["pos"], 3);
    let mut stream = Sse::connect(&system.owner, "?after=3").await;
    assert_eq!(stream.events(1).await[0].json()["pos"], 4);
    system.stop().await;
}
