//! Which events a command leads to, and what they say of each other.

use cmd_close_thread::CmdCloseThread;
use serde_json::json;
use tests::fixture::{Fixture, over_every_store};

// FORUM-9
#[tokio::test]
async fn a_thread_s_life_is_one_stream_without_gaps() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.post(&thread, "left").await;
        fixture.close(&thread).await;
        fixture.settle().await;
        let events = fixture
            .rows("SELECT pos, version, type, stream FROM events WHERE stream GLOB 'thread/*' ORDER BY pos")
            .await;
        let stream = format!("thread/{thread}");
        let expected = json!([
            [1, 1, "forum.thread.opened", stream],
            [2, 2, "forum.post.added", stream],
            [3, 3, "forum.thread.closed", stream]
        ]);
        assert_eq!(json!(events), expected);
        let view = fixture.rows("SELECT state, posts_count, last_event_pos FROM view_thread_views").await;
        assert_eq!(json!(view), json!([["closed", 2, 3]]));
    })
    .await;
}

// FORUM-7, LOG-2
#[tokio::test]
async fn an_answer_is_two_events_of_one_commit_the_second_caused_by_the_first() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        let command = fixture.answer(&thread, "left").await;
        fixture.settle().await;
        let events = fixture
            .rows("SELECT type, event_id, correlation_id, causation_id FROM events WHERE version > 1 AND stream GLOB 'thread/*' ORDER BY pos")
            .await;
        let first = &events[0][1];
        let expected =
            json!([["forum.post.added", first, first, command], ["forum.state.changed", events[1][1], first, first]]);
        assert_eq!(json!(events), expected);
        let row = fixture.rows("SELECT status, pos, correlation_id FROM commands WHERE seq = 2").await;
        assert_eq!(json!(row), json!([["applied", 4, first]]));
        assert_eq!(fixture.texts("SELECT state FROM view_thread_views").await, ["answered"]);
        // Answered already: a further answer by the same agent is a post alone.
        fixture.answer(&thread, "right").await;
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT type FROM events WHERE version > 3").await, ["forum.post.added"]);
    })
    .await;
}

// FORUM-6
#[tokio::test]
async fn a_post_accepted_before_the_close_and_handled_after_it_is_rejected() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.settle().await;
        // Under another stream, so that the order of acceptance does not decide.
        let post = fixture.post(&thread, "too late").await;
        let answer = fixture.answer(&thread, "too late").await;
        fixture.execute("UPDATE commands SET stream = 'thread/' || command_id WHERE status = 'accepted'").await;
        fixture.close(&thread).await;
        fixture.drain().await;
        fixture.work::<CmdCloseThread>().await;
        fixture.settle().await;
        for command in [post, answer] {
            let row = fixture
                .rows(&format!(
                    "SELECT status, outcome ->> '$.rejection.code' FROM commands WHERE command_id = '{command}'"
                ))
                .await;
            assert_eq!(json!(row), json!([["rejected", "thread_closed"]]));
        }
        assert_eq!(fixture.number("SELECT count(*) FROM events WHERE stream GLOB 'thread/*'").await, 2);
        assert_eq!(fixture.number("SELECT count(*) FROM posts").await, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0);
    })
    .await;
}

// FORUM-5
#[tokio::test]
async fn closing_a_closed_thread_is_applied_without_an_event() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.close(&thread).await;
        fixture.close(&thread).await;
        fixture.settle().await;
        let row = fixture.rows("SELECT status, pos FROM commands ORDER BY seq").await;
        assert_eq!(json!(row), json!([["applied", 1], ["applied", 3], ["applied", null]]));
        assert_eq!(fixture.number("SELECT count(*) FROM events WHERE stream GLOB 'thread/*'").await, 2);
    })
    .await;
}

// TRANSPORT-12, LOG-2
#[tokio::test]
async fn a_correlation_passes_from_the_request_to_command_event_and_message() {
    let fixture = Fixture::new().await;
    fixture.open("Which way").await;
    fixture.drain().await;
    let delivery = fixture.receive::<cmd_open_thread::CmdOpenThread>().await.swap_remove(0);
    let doorbell: serde_json::Value = serde_json::from_str(&delivery.body).expect("JSON");
    fixture.handle::<cmd_open_thread::CmdOpenThread>(&[delivery]).await;
    fixture.drain().await;
    let delivery = fixture.receive::<project_thread_views::ProjectThreadViews>().await.swap_remove(0);
    let event: serde_json::Value = serde_json::from_str(&delivery.body).expect("JSON");
    let stored = fixture.texts("SELECT correlation_id FROM commands UNION SELECT correlation_id FROM events").await;
    assert_eq!(stored, [doorbell["correlationid"].as_str().expect("a correlation")]);
    assert_eq!(event["correlationid"], doorbell["correlationid"]);
    assert_eq!(event["id"].as_str().map(|id| id.replace("msg_", "ev_")), stored.first().cloned());
}
