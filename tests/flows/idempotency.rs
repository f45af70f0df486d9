//! One idempotency key, one effect.

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::value::{Actor, ActorType};
use tests::system::{Answer, Client, KeyOf, System, answer, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

fn keyed(client: &Client, key: &str) -> Client {
    client.clone().with_header("idempotency-key", key)
}

// CMD-5
#[tokio::test]
async fn a_repeat_replays_the_stored_answer_and_says_so() {
    let system = System::running().await;
    let client = keyed(&system.owner, "first!");
    let first = client.post(THREADS, &question("Once")).await;
    let again = client.post(THREADS, &question("Once")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
    system.assert_at_rest().await;
    system.stop().await;
}

// CMD-5
#[tokio::test]
async fn the_same_key_with_another_body_is_422() {
    let system = System::stepped().await;
    let client = keyed(&system.owner, "k");
    client.post(&format!("{THREADS}?wait=0"), &question("One")).await;
    let reused = client.post(&format!("{THREADS}?wait=0"), &question("Two")).await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused".to_owned()));
    let other_command =
        client.post(&format!("{THREADS}/thr_0199a0a0-0000-7000-8000-000000000000/close?wait=0"), &json!({})).await;
    assert_eq!(other_command.refusal(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// CMD-5
#[tokio::test]
async fn bodies_are_equal_whatever_their_spelling() {
    let system = System::stepped().await;
    let client = keyed(&system.owner, "spelling");
    let send = async |body: &'static str| {
        let request = client.request(Method::POST, &format!("{THREADS}?wait=0"));
        answer(request.header("content-type", "application/json").body(body)).await
    };
    let first = send(r#"{"title":"T","body":"B","ticket":"X","priority":"normal"}"#).await;
    for body in [
        r#"{ "ticket" : "X", "body":"B", "title":"T" }"#,
        r#"{"title":" T ","body":"B\n","ticket":"X","priority":"NORMAL","options":[],"run_id":null}"#,
        r#"{"project_id":"default","title":"T","body":"B","ticket":"X"}"#,
    ] {
        let again = send(body).await;
        assert_eq!(again.status, 202, "{body}: {}", again.body);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.text("/command/command_id"), first.text("/command/command_id"));
    }
}

// CMD-5, CMD-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_duplicates_open_one_thread_and_all_get_its_view() {
    let system = System::running().await;
    let client = keyed(&system.owner, "burst");
    let ask = question("Many");
    let answers: Vec<Answer> = join_all((0..16).map(|_| client.post(THREADS, &ask))).await;
    let views: HashSet<String> = answers.iter().map(|answer| answer.body.to_string()).collect();
    assert_eq!(views.len(), 1, "{views:?}");
    assert!(answers.iter().all(|answer| answer.status == 201));
    let first: Vec<_> = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).collect();
    assert_eq!(first.len(), 1);
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM events").await, 1);
    system.assert_at_rest().await;
    system.stop().await;
}

// CMD-5
#[tokio::test]
async fn a_key_belongs_to_its_actor_and_team() {
    let system = System::stepped().await;
    let actor = |name: &str| Some(Actor { actor_type: ActorType::Agent, actor_name: name.to_owned() });
    let ann = system.client(KeyOf { actor: actor("ann"), ..KeyOf::default() }).await;
    let bob = system.client(KeyOf { actor: actor("bob"), ..KeyOf::default() }).await;
    let elsewhere = KeyOf { team: "other", project: Some("far"), actor: actor("ann"), ..KeyOf::default() };
    let elsewhere = system.client(elsewhere).await;
    let mut ids = HashSet::new();
    for (client, title) in [(&ann, "A"), (&bob, "B"), (&elsewhere, "C")] {
        let accepted = keyed(client, "same").post(&format!("{THREADS}?wait=0"), &question(title)).await;
        assert_eq!((accepted.status.as_u16(), accepted.header("idempotent-replayed")), (202, ""));
        ids.insert(accepted.text("/command/command_id"));
    }
    assert_eq!(ids.len(), 3);
    system.settle().await;
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 3);
    system.assert_at_rest().await;
}

// CMD-5
#[tokio::test]
async fn a_rejection_is_replayed_as_it_was() {
    let system = System::running().await;
    let client = keyed(&system.owner, "rejected");
    let path = format!("{THREADS}/thr_0199a0a0-0000-7000-8000-000000000000/close");
    let [first, again] = [client.post(&path, &json!({})).await, client.post(&path, &json!({})).await];
    assert_eq!(first.refusal(), (404, "not_found".to_owned()));
    assert_eq!(again.refusal(), first.refusal());
    assert_eq!(again.body["detail"], first.body["detail"]);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
    system.stop().await;
}

// CMD-5
#[tokio::test]
async fn a_key_has_1_to_255_visible_characters() {
    let system = System::stepped().await;
    let path = format!("{THREADS}?wait=0");
    for key in ["x".repeat(256), "a b".to_owned(), "schlüssel".to_owned()] {
        let request = system.owner.request(Method::POST, &path).header("idempotency-key", key.as_bytes());
        let refused = answer(request.json(&question("No"))).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{key}");
        assert_eq!(refused.body["errors"][0]["pointer"], "Idempotency-Key");
    }
    let longest = keyed(&system.owner, &"~".repeat(255)).post(&path, &question("Yes")).await;
    assert_eq!(longest.status, 202);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// CMD-5: without a key every request is its own
#[tokio::test]
async fn equal_requests_without_a_key_are_two() {
    let system = System::stepped().await;
    let ids: Vec<Value> = [system.opened(&question("Same")).await, system.opened(&question("Same")).await]
        .into_iter()
        .map(Value::from)
        .collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 2);
}
