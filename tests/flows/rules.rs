//! What a thread refuses, and what it takes without moving.

use serde_json::json;
use tests::system::{KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

// FORUM-5
#[tokio::test]
async fn closing_a_closed_thread_is_accepted_and_adds_no_event() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Twice")).await;
    let close = format!("{THREADS}/{thread}/close");
    assert_eq!(system.apply(&close, &json!({})).await.number("/command/pos"), 3);
    let again = system.apply(&close, &json!({ "reason": "again" })).await;
    assert_eq!((again.status.as_u16(), again.text("/command/status")), (200, "applied".to_owned()));
    assert_eq!(again.body["command"].get("pos"), None);
    assert_eq!(system.number("SELECT count(*) FROM events WHERE stream GLOB 'thread/*'").await, 2);
    system.assert_at_rest().await;
}

// FORUM-6
#[tokio::test]
async fn a_closed_thread_refuses_a_post_and_an_answer() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Final")).await;
    system.apply(&format!("{THREADS}/{thread}/close"), &json!({})).await;
    for (path, body) in [("posts", json!({ "body": "late" })), ("answer", json!({ "body": "late" }))] {
        let refused = system.apply(&format!("{THREADS}/{thread}/{path}"), &body).await;
        assert_eq!(refused.refusal(), (409, "thread_closed".to_owned()), "{path}");
    }
    assert_eq!(system.number("SELECT count(*) FROM events WHERE stream GLOB 'thread/*'").await, 2);
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE status = 'rejected'").await, 2);
    assert_eq!(system.number("SELECT count(*) FROM dead_letters").await, 0);
}

// FORUM-6, CMD-6, CMD-8
#[tokio::test]
async fn a_post_accepted_before_the_close_is_refused_by_the_state_it_meets() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Race")).await;
    let owner = &system.owner;
    let close = owner.post(&format!("{THREADS}/{thread}/close?wait=0"), &json!({})).await;
    let post = owner.post(&format!("{THREADS}/{thread}/posts?wait=0"), &json!({ "body": "too late" })).await;
    assert_eq!((close.status.as_u16(), post.status.as_u16()), (202, 202));
    system.settle().await;
    let seen = owner.get(post.header("location")).await;
    assert_eq!((seen.text("/status"), seen.text("/error/code")), ("rejected".to_owned(), "thread_closed".to_owned()));
    assert_eq!(seen.number("/error/status"), 409);
    assert_eq!(owner.get(close.header("location")).await.text("/status"), "applied");
    system.assert_at_rest().await;
}

// FORUM-10, AUTH-4
#[tokio::test]
async fn an_unknown_and_a_foreign_thread_answer_alike_on_read_and_write() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Mine")).await;
    let foreign = system.client(KeyOf { team: "other", project: Some("elsewhere"), ..KeyOf::default() }).await;
    let unknown = "thr_0199a0a0-0000-7000-8000-000000000000";
    let mut details = Vec::new();
    for id in [thread.as_str(), unknown] {
        let read = foreign.get(&format!("{THREADS}/{id}")).await;
        assert_eq!(read.refusal(), (404, "not_found".to_owned()));
        details.push(read.text("/detail"));
        let write = foreign.post(&format!("{THREADS}/{id}/posts?wait=0"), &json!({ "body": "mine now" })).await;
        assert_eq!(write.status, 202);
        system.settle().await;
        let outcome = foreign.get(write.header("location")).await;
        assert_eq!((outcome.text("/status"), outcome.text("/error/code")), ("rejected".into(), "not_found".into()));
    }
    assert_eq!(details[0], details[1]);
    assert_eq!(foreign.get(THREADS).await.list("/items").len(), 0);
    assert_eq!(foreign.get("/api/v1/forum/events").await.list("/events").len(), 0);
    assert_eq!(system.number("SELECT count(*) FROM posts").await, 1);
    assert_eq!(system.number("SELECT max(pos) FROM events").await, 1);
}

// FORUM-23
#[tokio::test]
async fn an_answer_may_choose_an_option_or_be_free_but_not_invent_one() {
    let system = System::stepped().await;
    let mut ask = question("Which");
    ask["options"] = json!(["red", "blue"]);
    let thread = system.opened(&ask).await;
    let answer = format!("{THREADS}/{thread}/answer");
    let refused = system.apply(&answer, &json!({ "body": "b", "option": "green" })).await;
    assert_eq!(refused.refusal(), (400, "unknown_option".to_owned()));
    assert_eq!(refused.body["options"], json!(["red", "blue"]));
    let free = system.apply(&answer, &json!({ "body": "neither" })).await;
    assert_eq!(free.text("/thread/answer/answer"), "neither");
    assert_eq!(free.body["thread"]["answer"].get("option"), None);
}

// FORUM-23
#[tokio::test]
async fn options_are_at_most_nine_distinct_texts_of_1_to_200_characters() {
    let system = System::stepped().await;
    let nine: Vec<_> = (0..9).map(|n| format!("{n}{}", "x".repeat(199))).collect();
    let ask = |options: serde_json::Value| {
        let mut ask = question("Which");
        ask["options"] = options;
        ask
    };
    assert_eq!(system.apply(THREADS, &ask(json!(nine))).await.status, 201);
    for options in [
        json!(vec!["x"; 2]),
        json!((0..10).map(|n| n.to_string()).collect::<Vec<_>>()),
        json!([" "]),
        json!(["x".repeat(201)]),
    ] {
        let refused = system.owner.post(THREADS, &ask(options.clone())).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{options}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/options");
    }
}

// FORUM-7, HTTP-2
#[tokio::test]
async fn a_persons_answer_stands_until_it_is_amended() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Who")).await;
    let path = format!("{THREADS}/{thread}/answer");
    system.apply(&path, &json!({ "body": "Anna" })).await;
    let second = system.apply(&path, &json!({ "body": "Bert", "actor_type": "operator", "actor_name": "desk" })).await;
    assert_eq!(second.refusal(), (409, "already_answered".to_owned()));
    assert_eq!(second.body["answer"]["answer"], "Anna");
    assert_eq!(second.body["answer"]["answered_by"], "owner");
    assert_eq!(system.number("SELECT count(*) FROM events WHERE stream GLOB 'thread/*'").await, 3);

    let amended = system.apply(&path, &json!({ "body": "Bert", "amend": true })).await;
    assert_eq!(amended.text("/thread/answer/answer"), "Bert");
    assert_eq!(amended.number("/command/pos"), 6, "already answered, so a post and no move");
    assert_eq!(amended.number("/thread/posts_count"), 3);
}

// FORUM-7: only a person's answer stands
#[tokio::test]
async fn an_agents_answer_gives_way_to_a_persons() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Who")).await;
    let path = format!("{THREADS}/{thread}/answer");
    system.apply(&path, &json!({ "body": "guess", "actor_type": "agent", "actor_name": "helper" })).await;
    let person = system.apply(&path, &json!({ "body": "fact" })).await;
    assert_eq!((person.status.as_u16(), person.text("/thread/answer/answer")), (200, "fact".to_owned()));
    let stored = system.rows("SELECT json_extract(answer, '$.answered_by') FROM threads").await;
    assert_eq!(stored, [[json!("owner")]]);
}
