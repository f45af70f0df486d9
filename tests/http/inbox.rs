//! What an agent is told through its session, in order, until it has read it; and who may say it.

use std::time::Duration;

use drain_outbox::DrainOutbox;
use serde_json::{Value, json};
use shared::function::Function;
use shared::message::envelope::Tick;
use shared::value::KeyScope;
use sweep_escalations::SweepEscalations;
use tests::runs::{run_of, signalled, started};
use tests::sessions::{OBSERVATIONS, SESSIONS, inbox, reported, seen, session_of, session_started, status_of};
use tests::system::{Answer, KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const MINUTE: Duration = Duration::from_secs(60);

/// A system with a run of ada, and her session in it.
async fn with_ada() -> (System, String, String) {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let session = session_started(&system, &in_run(&run, "ada")).await;
    (system, run, session)
}

fn in_run(run: &str, agent: &str) -> Value {
    json!({ "run_id": run, "agent_name": agent })
}

/// The same, said by ada herself.
fn by_ada(mut body: Value) -> Value {
    (body["actor_type"], body["actor_name"]) = (json!("agent"), json!("ada"));
    body
}

async fn said(system: &System, session: &str, body: &str) -> Answer {
    system.apply(&format!("{SESSIONS}/{session}/messages"), &json!({ "body": body })).await
}

async fn acknowledged(system: &System, session: &str, pos: Value) -> Answer {
    system.owner.post(&format!("{SESSIONS}/{session}/inbox/ack"), &json!({ "pos": pos })).await
}

/// What each unread thing says.
async fn unread(system: &System, session: &str) -> Vec<String> {
    let inbox = inbox(system, session).await;
    assert_eq!(inbox.status, 200, "{}", inbox.body);
    inbox.list("/items").iter().map(|item| item["body"].as_str().expect("a text").to_owned()).collect()
}

/// These members of everything in an inbox; null for what is absent.
fn shown(inbox: &Answer, members: &[&str]) -> Value {
    let row = |item: &Value| members.iter().map(|member| item.pointer(member).cloned()).collect::<Vec<_>>();
    json!(inbox.list("/items").iter().map(row).collect::<Vec<_>>())
}

fn conflict() -> (u16, String) {
    (409, "illegal_transition".to_owned())
}

// SESSION-28, SIGNAL-11, SIGNAL-14
#[tokio::test]
async fn answers_arrive_also_after_the_systems_own_and_what_the_agent_says_itself_does_not() {
    let (system, run, session) = with_ada().await;
    let deadline = system.now().plus(MINUTE).to_string();
    let request = json!({ "question": "Which?", "options": ["a", "b"], "default": "b", "deadline": deadline,
        "on_timeout": "default" });
    let asked = signalled(&system, &run, "ada", "guidance_request", request).await;
    let (thread, request) = (asked.text("/thread/thread_id"), asked.text("/control_state/guidance/request_id"));
    let posts = format!("{THREADS}/{thread}/posts");
    system.apply(&posts, &by_ada(json!({ "body": "thinking" }))).await;
    let own = by_ada(json!({ "body": "a note" }));
    assert_eq!(system.apply(&format!("{SESSIONS}/{session}/messages"), &own).await.status, 200);
    assert_eq!(unread(&system, &session).await, [""; 0]);
    system.advance(MINUTE);
    SweepEscalations::handle(&system.harness.ctx, Tick {}).await.expect("the sweep works");
    system.settle().await;
    signalled(&system, &run, "ada", "guidance_answer", json!({ "answer": "a after all", "option": "a" })).await;
    signalled(&system, &run, "ada", "completion", json!({})).await;
    signalled(&system, &run, "ada", "validation", json!({ "status": "failed", "done_criteria": "tests" })).await;
    system.apply(&posts, &json!({ "body": "well done" })).await;
    let found = inbox(&system, &session).await;
    let expected = json!([
        ["guidance_answer", "b", thread, "b", true, "system", request],
        ["guidance_answer", "a after all", thread, "a", false, "human", request],
        ["message", "well done", thread, null, false, "human", null],
    ]);
    let members = ["/kind", "/body", "/thread_id", "/option", "/auto", "/from/actor_type", "/request_id"];
    assert_eq!(shown(&found, &members), expected);
    assert_eq!(found.text("/items/1/from/actor_name"), "maria");
    assert_eq!(found.text("/items/1/at"), "2026-01-31T12:01:00.000Z");
}

// SESSION-28, REACT-1
#[tokio::test]
async fn a_session_without_a_run_reads_its_own_control_thread_and_the_threads_it_asked_in() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let other = session_started(&system, &session_of("bob")).await;
    let mut asked = by_ada(question("Which way"));
    asked["session_id"] = json!(session);
    let thread = system.opened(&asked).await;
    system.apply(&format!("{THREADS}/{thread}/answer"), &json!({ "body": "left" })).await;
    let told = said(&system, &session, " and then right\u{7} ").await;
    assert_eq!((told.status.as_u16(), told.text("/thread/kind")), (200, "control".to_owned()), "{}", told.body);
    let control = system.owner.get(&format!("{SESSIONS}/{session}")).await.text("/control_thread_id");
    assert_eq!((told.text("/thread/thread_id"), told.text("/thread/session_id")), (control.clone(), session.clone()));
    let found = inbox(&system, &session).await;
    let expected = json!([["guidance_answer", "left", thread], ["message", "and then right", control]]);
    assert_eq!(shown(&found, &["/kind", "/body", "/thread_id"]), expected);
    assert_eq!(unread(&system, &other).await, [""; 0]);
    for (body, pointer) in [
        (json!({}), "/body"),
        (json!({ "body": " " }), "/body"),
        (json!({ "body": "x".repeat(65_537) }), "/body"),
        (json!({ "body": "x", "kind": "nudge" }), "/kind"),
    ] {
        let refused = system.apply(&format!("{SESSIONS}/{session}/messages"), &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{pointer}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}

// SESSION-28
#[tokio::test]
async fn what_is_acknowledged_leaves_the_inbox_and_never_comes_back() {
    let (system, _, session) = with_ada().await;
    for text in ["one", "two", "three"] {
        assert_eq!(said(&system, &session, text).await.status, 200);
    }
    let head = system.settle().await;
    let first = inbox(&system, &session).await;
    assert_eq!(inbox(&system, &session).await.body, first.body, "reading changes nothing");
    assert_eq!(first.number("/next_ack"), first.number("/items/2/pos"));
    let two = first.number("/items/1/pos");
    for pos in [two, 0, two - 1] {
        let answer = acknowledged(&system, &session, json!(pos)).await;
        assert_eq!((answer.status.as_u16(), answer.number("/inbox_pos")), (200, two), "after {pos}");
        assert_eq!(unread(&system, &session).await, ["three"]);
    }
    for wrong in [json!(head + 1), json!(-1), json!("3"), Value::Null] {
        let refused = acknowledged(&system, &session, wrong.clone()).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{wrong}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/pos", "{wrong}");
    }
    assert_eq!(acknowledged(&system, &session, json!(head)).await.number("/inbox_pos"), head);
    assert_eq!(inbox(&system, &session).await.body, json!({ "items": [], "next_ack": head }));
    assert_eq!(system.settle().await, head, "no event");
    // What the session does later does not take it back.
    reported(&system, &session, "active").await;
    assert_eq!(system.owner.get(&format!("{SESSIONS}/{session}")).await.number("/inbox_pos"), head);
}

// SESSION-28
#[tokio::test]
async fn the_next_session_of_an_agent_in_a_run_reads_on_where_its_predecessor_stopped() {
    let (system, run, first) = with_ada().await;
    for text in ["one", "two"] {
        said(&system, &first, text).await;
    }
    let one = inbox(&system, &first).await.number("/items/0/pos");
    acknowledged(&system, &first, json!(one)).await;
    assert_eq!(system.apply(&format!("{SESSIONS}/{first}/kill"), &json!({})).await.status, 200);
    let second = session_started(&system, &in_run(&run, "ada")).await;
    assert_ne!(second, first);
    assert_eq!(unread(&system, &second).await, ["two"]);
    said(&system, &second, "three").await;
    assert_eq!(unread(&system, &second).await, ["two", "three"]);
    let bob = session_started(&system, &in_run(&run, "bob")).await;
    assert_eq!(unread(&system, &bob).await, [""; 0]);
    let elsewhere = started(&system, &run_of(&["ada"], "standard")).await;
    let elsewhere = session_started(&system, &in_run(&elsewhere, "ada")).await;
    assert_eq!(unread(&system, &elsewhere).await, [""; 0], "another run is another thread");
}

// SESSION-28
#[tokio::test]
async fn however_much_an_agent_said_itself_what_was_said_to_it_is_found() {
    let (system, _, session) = with_ada().await;
    let thread = said(&system, &session, "first").await.text("/thread/thread_id");
    let (posts, own) = (format!("{THREADS}/{thread}/posts?wait=0"), by_ada(json!({ "body": "hm" })));
    for _ in 0..101 {
        assert_eq!(system.owner.post(&posts, &own).await.status, 202);
    }
    system.settle().await;
    said(&system, &session, "last").await;
    assert_eq!(unread(&system, &session).await, ["first", "last"]);
}

// SESSION-24
#[tokio::test]
async fn nothing_is_said_into_a_session_that_waits_for_a_permission_or_is_over() {
    let (system, _, session) = with_ada().await;
    reported(&system, &session, "blocked").await;
    let refused = said(&system, &session, "yes").await;
    assert_eq!((refused.refusal(), refused.text("/from")), (conflict(), "stuck".to_owned()));
    assert_eq!(system.number("SELECT (SELECT count(*) FROM threads) + (SELECT count(*) FROM posts)").await, 0);
    for activity in ["waiting_input", "active"] {
        reported(&system, &session, activity).await;
        assert_eq!(said(&system, &session, activity).await.status, 200, "{activity}");
    }
    for action in ["kill", "end"] {
        assert_eq!(system.apply(&format!("{SESSIONS}/{session}/{action}"), &json!({})).await.status, 200);
        assert_eq!(said(&system, &session, "too late").await.refusal(), conflict(), "{action}");
        system.apply(&format!("{SESSIONS}/{session}/restore"), &json!({})).await;
    }
    assert_eq!(unread(&system, &session).await, ["waiting_input", "active"]);
    assert_eq!(system.number("SELECT count(*) FROM posts WHERE kind = 'message' AND body = 'too late'").await, 0);
}

// SESSION-24: looked at again in the commit that sends
#[tokio::test]
async fn a_message_on_its_way_does_not_reach_a_session_that_is_blocked_meanwhile() {
    let (system, _, session) = with_ada().await;
    reported(&system, &session, "active").await;
    let path = |action: &str| format!("{SESSIONS}/{session}/{action}?wait=0");
    let sent = system.owner.post(&path("messages"), &json!({ "body": "y" })).await;
    let blocked = system.owner.post(&path("activity"), &json!({ "activity": "blocked" })).await;
    assert_eq!((sent.status.as_u16(), blocked.status.as_u16()), (202, 202));
    DrainOutbox::handle(&system.harness.ctx, Tick {}).await.expect("a step of the drainer");
    assert!(system.harness.step_function("cmd-report-activity").await.expect("a step"));
    system.settle().await;
    let refused = system.owner.get(sent.header("location")).await;
    assert_eq!(refused.text("/status"), "rejected");
    assert_eq!(refused.text("/error/code"), "illegal_transition");
    assert_eq!(unread(&system, &session).await, [""; 0]);
}

// AUTH-2: the rows of the table of endpoints that are marked S
#[tokio::test]
async fn either_family_of_scopes_reports_on_sessions_and_a_reader_does_neither() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let client = async |scope: KeyScope| system.client(KeyOf { scopes: &[scope], ..KeyOf::default() }).await;
    let (memories, reader) = (client(KeyScope::MemoriesWrite).await, client(KeyScope::ForumRead).await);
    let denied = (403, "scope_denied".to_owned());
    for (path, body) in [
        (SESSIONS.to_owned(), json!({})),
        (format!("{SESSIONS}/{session}/activity"), json!({ "activity": "active" })),
        (format!("{SESSIONS}/{session}/runtime"), json!({ "runtime": "alive", "process": "alive" })),
        (format!("{SESSIONS}/{session}/end"), json!({})),
    ] {
        assert_eq!(reader.post(&path, &body).await.refusal(), denied, "{path}");
        assert_eq!(memories.post(&format!("{path}?wait=0"), &body).await.status, 202, "{path}");
    }
    system.settle().await;
    assert_eq!(status_of(&system, &session).await, "done");
    assert_eq!(memories.get(SESSIONS).await.refusal(), denied);
    for scope in [KeyScope::ForumRead, KeyScope::MemoriesRead] {
        assert_eq!(client(scope).await.get(SESSIONS).await.list("/items").len(), 2);
    }
}

// AUTH-2
#[tokio::test]
async fn who_may_only_write_writes_without_reading() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let writer = system.client(KeyOf { scopes: &[KeyScope::ForumWrite], ..KeyOf::default() }).await;
    let message = writer.post(&format!("{SESSIONS}/{session}/messages?wait=0"), &json!({ "body": "go on" })).await;
    assert_eq!(message.status, 202, "{}", message.body);
    let read = writer.post(&format!("{SESSIONS}/{session}/inbox/ack"), &json!({ "pos": 1 })).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(writer.get(&format!("{SESSIONS}/{session}/inbox")).await.refusal(), (403, "scope_denied".to_owned()));
}

// AUTH-2: the rows that are not
#[tokio::test]
async fn what_steers_an_agent_takes_the_scope_of_the_forum() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let scopes = &[KeyScope::MemoriesWrite, KeyScope::MemoriesRead, KeyScope::ForumRead];
    let client = system.client(KeyOf { scopes, ..KeyOf::default() }).await;
    let one = json!({ "session_id": session, "runtime": "dead", "process": "dead" });
    for (path, body) in [
        (OBSERVATIONS.to_owned(), seen(&session, json!({}))),
        ("/api/v1/probe-passes".to_owned(), json!({ "reports": [one] })),
        (format!("{SESSIONS}/{session}/messages"), json!({ "body": "stop" })),
        (format!("{SESSIONS}/{session}/kill"), json!({})),
        (format!("{SESSIONS}/{session}/restore"), json!({})),
    ] {
        let refused = client.post(&format!("{path}?wait=0"), &body).await;
        assert_eq!(refused.refusal(), (403, "scope_denied".to_owned()), "{path}");
    }
    assert_eq!(status_of(&system, &session).await, "spawning");
}
