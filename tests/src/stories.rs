//! Stories that are told over every kind of system, unchanged: the harness in one process, and a deployment of many.

#![expect(clippy::missing_panics_doc, reason = "a story that goes wrong ends its test")]

mod memory;
mod runs;
mod sessions;

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Time;

use crate::system::question;
use crate::world::World;

pub use memory::what_a_session_did_is_remembered_once_and_found_again;
pub use runs::a_run_waits_for_guidance_resumes_completes_and_closes;
pub use sessions::a_red_pull_request_nudges_twice_then_pages_and_its_merge_ends_the_session;

/// Position, type, version and actor of each event.
fn shape(events: &[Value]) -> Vec<(i64, &str, i64, &str)> {
    let number = |event: &Value, name: &str| event[name].as_i64().expect("a number");
    events
        .iter()
        .map(|event| {
            let kind = event["type"].as_str().expect("a type");
            (number(event, "pos"), kind, number(event, "version"), event["actor_name"].as_str().expect("an actor"))
        })
        .collect()
}

// FORUM-2
/// A new thread is a new normal question with one post and one event.
pub async fn a_new_thread_is_a_new_normal_question_with_one_post_and_one_event<W: World>(system: &W) {
    let opened = system.apply("/api/v1/forum/threads", &question("Which colour")).await;
    assert_eq!(opened.status, 201);
    let thread = &opened.body["thread"];
    assert_eq!(
        (&thread["state"], &thread["kind"], &thread["priority"]),
        (&json!("new"), &json!("question"), &json!("normal"))
    );
    assert_eq!(thread["posts_count"], 1);
    assert_eq!(system.number("SELECT count(*) FROM events").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM posts").await, 1);
    assert_eq!(opened.number("/command/pos"), 1);
    assert_eq!(opened.text("/command/status"), "applied");
    system.assert_whole().await;
}

// FORUM-1
/// An opening with wrong fields names each and stores nothing.
pub async fn an_opening_with_wrong_fields_names_each_and_stores_nothing<W: World>(system: &W) {
    let body = json!({ "title": "  ", "body": "", "ticket": "x".repeat(129) });
    let refused = system.owner().post("/api/v1/forum/threads", &body).await;
    assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    let pointers: Vec<_> = refused.list("/errors").iter().map(|error| error["pointer"].as_str()).collect();
    assert_eq!(pointers, [Some("/title"), Some("/body"), Some("/ticket")]);
    let longest = json!({ "title": "t".repeat(200), "body": "b".repeat(65_536), "ticket": "T".repeat(128) });
    assert_eq!(system.apply("/api/v1/forum/threads", &longest).await.status, 201);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// FORUM-7, FORUM-8, FORUM-9, LOG-2
/// Ask post answer and close leave five events that name their causes.
pub async fn ask_post_answer_and_close_leave_five_events_that_name_their_causes<W: World>(system: &W) {
    let mut ask = question("Deploy now");
    ask["actor_type"] = json!("agent");
    ask["actor_name"] = json!("builder");
    ask["options"] = json!(["yes", "no"]);
    let thread = system.opened(&ask).await;
    let path = format!("/api/v1/forum/threads/{thread}");
    system.apply(&format!("{path}/posts"), &json!({ "body": "CI is green" })).await;
    let answered = system.apply(&format!("{path}/answer"), &json!({ "body": "go", "option": "yes" })).await;
    assert_eq!((answered.status.as_u16(), answered.text("/thread/state")), (200, "answered".to_owned()));
    assert_eq!(answered.body["thread"]["answer"]["option"], "yes");
    assert_eq!(answered.body["thread"]["guidance_status"], "answered");
    let closed = system.apply(&format!("{path}/close"), &json!({ "reason": "done" })).await;
    let closed_at = Time::parse(&closed.text("/thread/closed_at")).expect("a time");
    assert!(system.now().since(closed_at) < Duration::from_secs(60), "{closed_at}");

    let page = system.owner().get("/api/v1/forum/events").await;
    let events = page.list("/events");
    assert_eq!(
        shape(events),
        [
            (1, "forum.thread.opened", 1, "builder"),
            (2, "forum.post.added", 2, "owner"),
            (3, "forum.post.added", 3, "owner"),
            (4, "forum.state.changed", 4, "owner"),
            (6, "forum.thread.closed", 5, "owner"),
        ]
    );
    // The first event of each request gives the request's correlation its id.
    for first in [0, 1, 2, 4] {
        assert_eq!(events[first]["correlation_id"], events[first]["event_id"], "event {first}");
    }
    assert_eq!(events[3]["correlation_id"], events[2]["correlation_id"]);
    assert_eq!(events[3]["causation_id"], events[2]["event_id"]);
    assert_eq!(events[2]["causation_id"], answered.body["command"]["command_id"]);
    assert_eq!(events[2]["payload"]["kind"], "guidance_answer");
    assert_eq!(events[3]["payload"], json!({ "from": "new", "to": "answered" }));
    assert_eq!(events[4]["payload"], json!({ "from": "answered", "reason": "done" }));
    let streams: Vec<_> = events.iter().map(|event| event["stream"].clone()).collect();
    assert_eq!(streams, vec![json!(format!("thread/{thread}")); 5]);
    system.assert_whole().await;
}

// FORUM-7: a post and a move are one commit
/// An answer is never seen without its move.
pub async fn an_answer_is_never_seen_without_its_move<W: World>(system: &W) {
    let thread = system.opened(&question("Which")).await;
    system.apply(&format!("/api/v1/forum/threads/{thread}/answer"), &json!({ "body": "this" })).await;
    let rows = system.rows("SELECT recorded_at, correlation_id FROM events WHERE pos IN (2, 3)").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], rows[1]);
    assert_eq!(system.number("SELECT pos FROM commands WHERE name = 'answer_thread'").await, 4);
}

// LOG-2, FORUM-11
/// Events and views carry where a thread belongs.
pub async fn events_and_views_carry_where_a_thread_belongs<W: World>(system: &W) {
    let mut ask = question("Where");
    for (field, value) in [
        ("run_id", "run-7"),
        ("agent_name", "builder"),
        ("session_id", "default-3"),
        ("priority", "High"),
        ("assignee", "maria"),
    ] {
        ask[field] = json!(value);
    }
    ask["deadline"] = json!(system.now().to_string());
    let refused = system.owner().post("/api/v1/forum/threads", &ask).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/deadline", "the present is not in the future");
    let deadline = system.now().plus(Duration::from_secs(5400)).to_string();
    ask["deadline"] = json!(deadline.replace('Z', "+00:00"));
    let thread = system.opened(&ask).await;

    let event = system.owner().get("/api/v1/forum/events").await.body["events"][0].clone();
    for (field, value) in [
        ("ticket", "T-1"),
        ("run_id", "run-7"),
        ("agent_name", "builder"),
        ("session_id", "default-3"),
        ("thread_id", thread.as_str()),
        ("team_id", "local"),
        ("project_id", "default"),
    ] {
        assert_eq!(event[field], value, "{field}");
    }
    let view = system.owner().get(&format!("/api/v1/forum/threads/{thread}")).await.body["thread"].clone();
    assert_eq!(view["deadline"], deadline);
    assert_eq!((&view["priority"], &view["assignee"]), (&json!("high"), &json!("maria")));
    let mut members: Vec<_> = view.as_object().expect("a view").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members.join(" "),
        "agent_name answer assignee closed_at deadline default guidance_status is_unanswered is_unseen kind \
         last_actor_type last_event_pos last_post_at last_post_by opened_at opened_by opened_by_type options \
         posts_count priority project_id run_id session_id state thread_id ticket title updated_at"
    );
}

// FORUM-16 subset
/// A thread is unanswered while an agent has the last word.
pub async fn a_thread_is_unanswered_while_an_agent_has_the_last_word<W: World>(system: &W) {
    let by_agent = |mut body: Value| {
        body["actor_type"] = json!("agent");
        body["actor_name"] = json!("builder");
        body
    };
    let thread = system.opened(&by_agent(question("Hello"))).await;
    let posts = format!("/api/v1/forum/threads/{thread}/posts");
    let unanswered = async || {
        let detail = system.owner().get(&format!("/api/v1/forum/threads/{thread}")).await;
        detail.body["thread"]["is_unanswered"].as_bool()
    };
    assert_eq!(unanswered().await, Some(true));
    system.apply(&posts, &json!({ "body": "looking" })).await;
    assert_eq!(unanswered().await, Some(false));
    system.apply(&posts, &by_agent(json!({ "body": "and now?" }))).await;
    assert_eq!(unanswered().await, Some(true));
}

/// One test per story, over the system that `start` gives; none where it gives none.
#[macro_export]
macro_rules! stories {
    ($start:expr) => {
        $crate::stories!($start, a_new_thread_is_a_new_normal_question_with_one_post_and_one_event, an_opening_with_wrong_fields_names_each_and_stores_nothing, ask_post_answer_and_close_leave_five_events_that_name_their_causes, an_answer_is_never_seen_without_its_move, events_and_views_carry_where_a_thread_belongs, a_thread_is_unanswered_while_an_agent_has_the_last_word, a_run_waits_for_guidance_resumes_completes_and_closes, a_red_pull_request_nudges_twice_then_pages_and_its_merge_ends_the_session, what_a_session_did_is_remembered_once_and_found_again);
    };
    ($start:expr, $($story:ident),+) => {
        $(
            #[tokio::test]
            async fn $story() {
                if let Some(system) = $start.await {
                    $crate::stories::$story(&system).await;
                }
            }
        )+
    };
}
