//! What a caller gets for a command: its view in time, else a place to look.

use reqwest::Method;
use serde_json::json;
use shared::clock::Clock;
use std::time::Duration;
use tests::system::{Setup, System, answer, execute_on, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

// CMD-2, CMD-3
#[tokio::test]
async fn a_waiting_client_gets_the_view_that_shows_its_command() {
    let system = System::running().await;
    let opened = system.owner.post(THREADS, &question("Ready")).await;
    assert_eq!(opened.status, 201);
    assert_eq!((opened.text("/command/status"), opened.number("/command/pos")), ("applied".to_owned(), 1));
    assert_eq!((opened.text("/thread/title"), opened.number("/thread/last_event_pos")), ("Ready".to_owned(), 1));
    let path = format!("{THREADS}/{}/posts", opened.text("/thread/thread_id"));
    for n in 2..=20 {
        let posted = system.owner.post(&path, &json!({ "body": format!("post {n}") })).await;
        assert_eq!(posted.status, 200);
        assert_eq!((posted.number("/thread/posts_count"), posted.number("/command/pos")), (n, n));
    }
    system.assert_at_rest().await;
    system.stop().await;
}

// CMD-2
#[tokio::test]
async fn the_answer_comes_as_soon_as_the_view_shows_the_command() {
    let system = System::stepped().await;
    let path = format!("{THREADS}?wait=30");
    let ask = question("Soon");
    let stopwatch = Clock::stopwatch();
    let (opened, ()) = tokio::join!(system.owner.post(&path, &ask), async {
        let mut head = system.harness.ctx.store.head();
        while *head.borrow_and_update() == 0 {
            // The first commit that comes in is the command's.
            let mut bell = system.harness.ctx.store.outbox_bell();
            tokio::select! { _ = bell.changed() => {}, () = tokio::time::sleep(Duration::from_millis(20)) => {} }
            system.settle().await;
        }
    });
    assert_eq!(opened.status, 201);
    assert!(stopwatch.elapsed() < Duration::from_secs(10), "it waited for its time to be over");
}

// CMD-2, CMD-4
#[tokio::test]
async fn a_caller_that_does_not_wait_gets_202_and_a_location() {
    let system = System::stepped().await;
    let plain = system.owner.post(&format!("{THREADS}?wait=0"), &question("One")).await;
    let preferring = system.owner.clone().with_header("prefer", "return=minimal, respond-async");
    let preferred = preferring.post(THREADS, &question("Two")).await;
    for accepted in [&plain, &preferred] {
        assert_eq!(accepted.status, 202);
        assert_eq!(accepted.text("/command/status"), "accepted");
        assert_eq!(accepted.body.get("thread"), None);
        assert_eq!(accepted.header("location"), format!("/api/v1/commands/{}", accepted.text("/command/command_id")));
    }
    let before = system.owner.get(plain.header("location")).await;
    assert_eq!(
        (before.status.as_u16(), before.text("/status"), before.text("/name")),
        (200, "accepted".into(), "open_thread".into())
    );
    assert_eq!(before.text("/accepted_at"), "2026-01-31T12:00:00.000Z");
    for member in ["finished_at", "pos", "result", "error", "dead_letter_id"] {
        assert_eq!(before.body.get(member), None, "{member}");
    }
    system.advance(Duration::from_secs(2));
    system.settle().await;
    let after = system.owner.get(plain.header("location")).await;
    assert_eq!(
        (after.text("/status"), after.text("/finished_at")),
        ("applied".into(), "2026-01-31T12:00:02.000Z".into())
    );
    let thread = after.text("/result/thread_id");
    assert_eq!(thread.replace("thr_", ""), plain.text("/command/command_id").replace("cmd_", ""));
    let positions = [after.number("/pos"), system.owner.get(preferred.header("location")).await.number("/pos")];
    assert_eq!(positions.iter().sum::<i64>(), 3);
}

// CMD-2
#[tokio::test]
async fn a_wait_that_is_over_answers_202_and_one_out_of_bounds_400() {
    let system = Setup::stepped().set("command.wait", "0s").start().await;
    assert_eq!(system.owner.post(THREADS, &question("Default")).await.status, 202);
    assert_eq!(system.owner.post(&format!("{THREADS}?wait=1"), &question("Second")).await.status, 202);
    for wait in ["31", "-1", "soon", "1.5"] {
        let refused = system.owner.post(&format!("{THREADS}?wait={wait}"), &question("No")).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{wait}");
        assert_eq!(refused.body["errors"][0]["pointer"], "wait");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 2);
}

// CMD-3, CMD-4, CMD-6
#[tokio::test]
async fn a_rejected_command_answers_its_problem_and_keeps_it() {
    let system = System::running().await;
    let path = format!("{THREADS}/thr_0199a0a0-0000-7000-8000-000000000000/posts");
    let refused = system.owner.post(&path, &json!({ "body": "hello" })).await;
    assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    let id = system.rows("SELECT command_id FROM commands").await[0][0].as_str().expect("an id").to_owned();
    let kept = system.owner.get(&format!("/api/v1/commands/{id}")).await;
    assert_eq!(kept.text("/status"), "rejected");
    assert_eq!(kept.body["error"], json!({ "status": 404, "code": "not_found", "detail": refused.text("/detail") }));
    assert_eq!(kept.body.get("pos"), None);
    assert_eq!(system.number("SELECT count(*) FROM events").await, 0);
    system.assert_at_rest().await;
    system.stop().await;
}

// CMD-4, CMD-9, DEAD-1
#[tokio::test]
async fn a_dead_command_names_its_dead_letter_and_lets_its_stream_go_on() {
    let system = System::stepped().await;
    let thread = system.opened(&question("Damage")).await;
    let path = format!("{THREADS}/{thread}/posts?wait=0");
    let broken = system.owner.post(&path, &json!({ "body": "broken" })).await;
    execute_on(&system.database(), "UPDATE commands SET payload = '{\"body\":7}' WHERE status = 'accepted'").await;
    let next = system.owner.post(&path, &json!({ "body": "next" })).await;
    system.settle().await;

    let dead = system.owner.get(broken.header("location")).await;
    assert_eq!(dead.text("/status"), "dead");
    let letters = system.rows("SELECT id, source, function, error_class, attempts, status FROM dead_letters").await;
    assert_eq!(
        letters,
        [[
            json!(dead.text("/dead_letter_id")),
            json!("command"),
            json!("cmd-add-post"),
            json!("undecodable"),
            json!(1),
            json!("dead")
        ]]
    );
    assert_eq!(system.owner.get(next.header("location")).await.text("/status"), "applied");
    assert_eq!(system.number("SELECT count(*) FROM posts WHERE body = 'next'").await, 1);
    system.assert_at_rest().await;
}

// CMD-4, AUTH-4
#[tokio::test]
async fn an_unknown_command_is_404() {
    let system = System::stepped().await;
    for id in ["cmd_0199a0a0-0000-7000-8000-000000000000", "nonsense"] {
        let missing = system.owner.get(&format!("/api/v1/commands/{id}")).await;
        assert_eq!(missing.refusal(), (404, "not_found".to_owned()));
    }
}

// CMD-12
#[tokio::test]
async fn a_body_that_does_not_fit_leaves_no_command() {
    let system = System::stepped().await;
    for (body, pointer) in [
        (r#"{"title":"t","body":"b","ticket":"T","colour":"red"}"#, "/colour"),
        (r#"{"title":7,"body":"b","ticket":"T"}"#, "/title"),
        (r#"{"title":"t","body":"b","ticket":"T","options":["a",2]}"#, "/options/1"),
        (r#"{"title":"t","#, ""),
        ("[]", ""),
    ] {
        let request = system.owner.request(Method::POST, THREADS).header("content-type", "application/json");
        let refused = answer(request.body(body)).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{body}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
}
