//! Control signals: what they refuse, the one thread of a (run, agent), and what they fold into.

use serde_json::json;
use tests::runs::{RUNS, SIGNAL, proved, run_of, signal, signal_of, signalled, started};
use tests::system::{KeyOf, System};
use tests::world::World;

const NOTHING_WRITTEN: &str =
    "SELECT (SELECT count(*) FROM threads) + (SELECT count(*) FROM posts) + (SELECT count(*) FROM control_threads)";

// SIGNAL-2, SIGNAL-3, SIGNAL-9, SIGNAL-10, CMD-12
#[tokio::test]
async fn a_signal_that_says_what_it_must_not_is_refused_and_leaves_nothing() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let commands = system.number("SELECT count(*) FROM commands").await;
    let past = json!({ "question": "Q", "deadline": system.now().to_string() });
    let cases = [
        ("guidance_request", json!({ "question": " " }), "invalid_request", Some("/payload/question")),
        ("guidance_request", json!({}), "invalid_request", Some("/payload/question")),
        ("guidance_request", json!({ "question": "Q", "urgency": 9 }), "invalid_request", Some("/payload/urgency")),
        (
            "guidance_request",
            json!({ "question": "Q", "schema_version": 2 }),
            "invalid_request",
            Some("/payload/schema_version"),
        ),
        ("guidance_request", past, "invalid_request", Some("/payload/deadline")),
        (
            "guidance_request",
            json!({ "question": "Q", "on_timeout": "park" }),
            "invalid_request",
            Some("/payload/deadline"),
        ),
        ("validation", json!({ "status": "passed" }), "invalid_request", Some("/payload/done_criteria")),
        ("validation", json!({ "status": "fine", "done_criteria": "c" }), "invalid_request", None),
        ("guess", json!({}), "invalid_request", None),
        ("completion", json!({ "agent_name": "bob" }), "control_mismatch", None),
        ("completion", json!({ "run_id": "run_other" }), "control_mismatch", None),
    ];
    for (kind, fields, code, pointer) in cases {
        let refused = signal(&system, &run, "ada", kind, fields.clone()).await;
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{kind} {fields}");
        if let Some(pointer) = pointer {
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{kind} {fields}");
        }
    }
    let answer = signal_of(&run, "ada", "guidance_answer", json!({ "answer": "me" }), "agent");
    assert_eq!(system.apply(SIGNAL, &answer).await.refusal(), (400, "invalid_actor".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, commands, "nothing was even accepted");
    assert_eq!(system.number(NOTHING_WRITTEN).await, 0);
}

// SIGNAL-16
#[tokio::test]
async fn an_unknown_and_a_foreign_run_answer_404_and_a_closed_one_409() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let unknown = "run_0199a0a0-0000-7000-8000-000000000000";
    assert_eq!(signal(&system, unknown, "ada", "completion", json!({})).await.refusal(), (404, "not_found".to_owned()));
    let foreign = system.client(KeyOf { team: "other", project: Some("elsewhere"), ..KeyOf::default() }).await;
    let sent =
        foreign.post(&format!("{SIGNAL}?wait=0"), &signal_of(&run, "ada", "completion", json!({}), "agent")).await;
    system.settle().await;
    assert_eq!(foreign.get(sent.header("location")).await.text("/error/code"), "not_found");
    assert_eq!(foreign.get(&format!("{RUNS}/{run}")).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(foreign.get(&format!("{RUNS}/{run}/snapshot")).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(system.number(NOTHING_WRITTEN).await, 0);
    proved(&system, &run, "ada").await;
    assert_eq!(system.apply(&format!("{RUNS}/{run}/close"), &json!({})).await.status, 200);
    for kind in ["completion", "guidance_answer"] {
        let refused =
            signal(&system, &run, "ada", kind, if kind == "completion" { json!({}) } else { json!({ "answer": "x" }) });
        assert_eq!(refused.await.refusal(), (409, "run_closed".to_owned()), "{kind}");
    }
    // A new agent has no thread that could be closed: the run itself refuses.
    assert_eq!(signal(&system, &run, "eve", "completion", json!({})).await.refusal(), (409, "run_closed".to_owned()));
    system.assert_at_rest().await;
}

// SIGNAL-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_first_signals_at_once_open_one_control_thread() {
    let system = System::running().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let sent = (0..50).map(|number| {
        let fields = json!({ "summary": format!("part {number}") });
        let body = signal_of(&run, "ada", "completion", fields, "agent");
        let owner = system.owner.clone();
        async move { owner.post(&format!("{SIGNAL}?wait=30"), &body).await }
    });
    for answer in futures::future::join_all(sent).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(system.number("SELECT count(*) FROM threads WHERE kind = 'control'").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM control_threads").await, 1);
    assert_eq!(system.number("SELECT version FROM control_threads").await, 50);
    assert_eq!(system.number("SELECT count(*) FROM events WHERE type = 'forum.thread.opened'").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM events WHERE type = 'forum.control.signal'").await, 50);
    let last = "SELECT completion_pos = (SELECT max(pos) FROM events WHERE type = 'forum.control.signal') FROM control_threads";
    assert_eq!(system.number(last).await, 1, "the latest counts");
    system.assert_at_rest().await;
}

// SIGNAL-5, SIGNAL-6, SIGNAL-7, SIGNAL-8, SIGNAL-16, FORUM-18
#[tokio::test]
async fn signals_fold_in_their_own_commit_and_other_posts_derive_nothing() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let first = signalled(&system, &run, "ada", "guidance_request", json!({ "question": "First?" })).await;
    let thread = first.text("/thread/thread_id");
    let (first, second) = (
        first.text("/control_state/guidance/request_id"),
        signalled(&system, &run, "ada", "guidance_request", json!({ "question": "Zebra?", "options": ["a"] })).await,
    );
    assert_eq!(second.text("/control_state/guidance/status"), "pending");
    let requests =
        "SELECT request_id = (SELECT request_id FROM control_threads), status FROM guidance_requests ORDER BY 1";
    let requests = system.rows(requests).await;
    assert_eq!(requests, [[json!(0), json!("superseded")], [json!(1), json!("pending")]]);
    // An answer to the first one is kept and changes nothing.
    let late = json!({ "answer": "for the first", "request_id": first });
    let late = signalled(&system, &run, "ada", "guidance_answer", late).await;
    assert_eq!(
        (late.text("/control_state/guidance/status"), late.text("/thread/state")),
        ("superseded".into(), "waiting_human".into())
    );
    assert_eq!(late.number("/thread/posts_count"), 4);
    // A plain post is no signal.
    let post = format!("/api/v1/forum/threads/{thread}/posts");
    assert_eq!(system.apply(&post, &json!({ "body": "completed, passed, answered" })).await.status, 200);
    signalled(&system, &run, "ada", "completion", json!({})).await;
    let failed = json!({ "status": "failed", "done_criteria": "tests" });
    signalled(&system, &run, "ada", "validation", failed).await;
    let folded = system
        .rows(
            "SELECT c.status, c.question, c.completion_pos IS NOT NULL, c.validation_status, c.done_criteria,
                c.asked_pos = (SELECT max(pos) FROM events WHERE payload ->> 'kind' = 'guidance_request'), t.state
             FROM control_threads AS c JOIN threads AS t USING (thread_id)",
        )
        .await;
    assert_eq!(json!(folded), json!([["pending", "Zebra?", 1, "failed", "tests", 1, "waiting_human"]]));
    let found = system.owner.get("/api/v1/forum/search?query=zebra&kind=control").await;
    assert_eq!(found.text("/items/0/thread_id"), thread, "{}", found.body);
    let listed = system.owner.get(&format!("/api/v1/forum/threads?kind=control&run_id={run}")).await;
    assert_eq!(listed.text("/items/0/thread_id"), thread);
    assert_eq!(listed.body["items"][0]["options"], json!(["a"]));
    let queue = system.owner.get("/api/v1/forum/queues?type=unanswered").await;
    assert_eq!(queue.list("/items").len(), 0, "a person had the last word");
    assert_eq!(
        system.apply(&format!("/api/v1/forum/threads/{thread}/close"), &json!({})).await.refusal(),
        (409, "control_thread".to_owned())
    );
    system.assert_at_rest().await;
}

// SIGNAL-9, SIGNAL-13, SIGNAL-18
#[tokio::test]
async fn the_second_answer_is_told_the_first_and_only_an_amendment_takes_its_place() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let asked =
        signalled(&system, &run, "ada", "guidance_request", json!({ "question": "Which?", "options": ["a", "b"] }))
            .await;
    assert_eq!(asked.number("/control_state/guidance/next_poll_ms"), 5000);
    let wrong = signal(&system, &run, "ada", "guidance_answer", json!({ "answer": "c", "option": "c" })).await;
    assert_eq!(wrong.refusal(), (400, "unknown_option".to_owned()));
    // Two operators at once: both are accepted, one wins, and both are told the same.
    let answer =
        |text: &str| signal_of(&run, "ada", "guidance_answer", json!({ "answer": text, "option": "a" }), "operator");
    let mut sent = Vec::new();
    for text in ["mine", "theirs"] {
        sent.push(system.owner.post(&format!("{SIGNAL}?wait=0"), &answer(text)).await.header("location").to_owned());
    }
    system.settle().await;
    assert_eq!(system.owner.get(&sent[0]).await.text("/status"), "applied");
    assert_eq!(system.owner.get(&sent[1]).await.text("/error/code"), "already_answered");
    let again = system.apply(SIGNAL, &answer("third")).await;
    assert_eq!(again.refusal(), (409, "already_answered".to_owned()));
    assert_eq!((again.text("/answer/answer"), again.text("/answer/answered_by")), ("mine".into(), "maria".into()));
    let thread = asked.text("/thread/thread_id");
    let path = format!("/api/v1/forum/threads/{thread}/answer");
    assert_eq!(system.apply(&path, &json!({ "body": "fourth" })).await.refusal(), (409, "already_answered".to_owned()));
    let amended = system.apply(&path, &json!({ "body": "b after all", "option": "b", "amend": true })).await;
    assert_eq!(amended.text("/thread/answer/answer"), "b after all");
    let folded = "SELECT r.answer ->> 'answer', c.status FROM guidance_requests AS r JOIN control_threads AS c USING (request_id)";
    assert_eq!(system.rows(folded).await, [[json!("b after all"), json!("answered")]]);
    // The correction is a signal like the answer was.
    assert_eq!(system.number("SELECT count(*) FROM events WHERE type = 'forum.control.signal'").await, 3);
    // A late answer to an answered request is told its own answer, whatever was asked since.
    let first = asked.text("/control_state/guidance/request_id");
    signalled(&system, &run, "ada", "guidance_request", json!({ "question": "And now?" })).await;
    let late = signal(&system, &run, "ada", "guidance_answer", json!({ "answer": "x", "request_id": first })).await;
    assert_eq!(
        (late.refusal(), late.text("/answer/answer")),
        ((409, "already_answered".to_owned()), "b after all".to_owned())
    );
    system.assert_at_rest().await;
}

// SIGNAL-15
#[tokio::test]
async fn a_request_repeated_under_its_client_key_is_the_first_one() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let ask = |question: &str, key: &str| json!({ "question": question, "client_key": key });
    let first = signalled(&system, &run, "ada", "guidance_request", ask("One?", "k-1")).await;
    signalled(&system, &run, "ada", "guidance_answer", json!({ "answer": "yes" })).await;
    signalled(&system, &run, "ada", "guidance_request", ask("Two?", "k-2")).await;
    let again = signalled(&system, &run, "ada", "guidance_request", ask("One, once more?", "k-1")).await;
    assert_eq!(
        again.body["control_state"]["guidance"]["request_id"],
        first.body["control_state"]["guidance"]["request_id"]
    );
    assert_eq!(again.text("/control_state/guidance/answer"), "yes");
    assert_eq!(again.body["command"].get("pos"), None, "nothing happened");
    assert_eq!(system.number("SELECT count(*) FROM guidance_requests").await, 2);
    // Another agent's key is another key.
    signalled(&system, &run, "bob", "guidance_request", ask("Mine?", "k-1")).await;
    assert_eq!(system.number("SELECT count(*) FROM guidance_requests").await, 3);
}
