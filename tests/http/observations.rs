//! Observations: what is remembered is shown with what it was made of, and found by again.

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::sessions::{session_of, session_started};
use tests::system::{Client, KeyOf, System};
use tests::world::World;

use crate::agent_events::{EVENTS, decided, memories};
use crate::jobs::JOBS;

const OBSERVATIONS: &str = "/api/v1/observations";
const REINDEX: &str = "/api/v1/reindex";
const NOBODYS: &str = "obs_0199a0a0-0000-7000-8000-000000000000";

/// What was made of an event.
async fn made(client: &Client, event: &str) -> Vec<Value> {
    let page = client.get(&format!("{EVENTS}/{event}/observations")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").to_vec()
}

fn id(observation: &Value) -> &str {
    observation["observation_id"].as_str().expect("an id")
}

// MEMORY-17, AUTH-4
#[tokio::test]
async fn what_is_remembered_is_shown_with_what_it_was_made_of_to_its_own_tenant() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let (event, job) = decided(&system, &client, "Retry the checkout three times, then give up").await;
    let items = made(&client, &event).await;
    assert!(!items.is_empty(), "a decision is worth remembering");
    let counted = client.get(&format!("{JOBS}/{job}")).await.number("/observations");
    assert_eq!(usize::try_from(counted), Ok(items.len()));
    let others = [
        system.client(KeyOf { project: Some("mer"), ..memories() }).await,
        system.client(KeyOf { team: "red", project: None, scopes: &[KeyScope::Admin], ..memories() }).await,
    ];
    for item in &items {
        for (member, expected) in [
            ("team_id", json!("local")),
            ("project_id", json!("default")),
            ("job_id", json!(job)),
            ("sources", json!([event])),
            ("occurred_at", json!("2026-01-31T11:59:00.000Z")),
            ("created_at", json!("2026-01-31T12:00:00.000Z")),
        ] {
            assert_eq!(item[member], expected, "{member}");
        }
        assert!(id(item).starts_with("obs_") && item["title"] != "" && item["kind"].is_string(), "{item}");
        let path = format!("{OBSERVATIONS}/{}", id(item));
        assert_eq!(client.get(&path).await.body, *item);
        assert_eq!(system.owner.get(&path).await.status, 200);
        for other in &others {
            let (foreign, unknown) = (other.get(&path).await, other.get(&format!("{OBSERVATIONS}/{NOBODYS}")).await);
            assert_eq!(foreign.refusal(), (404, "not_found".to_owned()));
            assert_eq!(foreign.body["detail"], unknown.body["detail"], "as if it were not there");
        }
    }
    let writer = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite], ..memories() }).await;
    let refused = writer.get(&format!("{OBSERVATIONS}/{}", id(&items[0]))).await;
    assert_eq!(refused.refusal(), (403, "scope_denied".to_owned()));
    system.assert_at_rest().await;
}

// MEMORY-7, MEMORY-8, MEMORY-25, AUTH-12
#[tokio::test]
async fn one_observation_a_session_or_a_project_is_indexed_again_by_a_job() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let (event, _) = decided(&system, &system.owner, "Retry the checkout three times").await;
    let observation = id(&made(&system.owner, &event).await[0]).to_owned();
    for (wanted, source_type, of, carried) in [
        (json!({ "observation_id": observation }), "observation", &observation, "observation_id"),
        (json!({ "session_id": session }), "session", &session, "scope_id"),
        (json!({}), "project", &"default".to_owned(), "scope_id"),
    ] {
        let head = system.settle().await;
        let answer = system.owner.post(REINDEX, &wanted).await;
        assert_eq!((answer.status.as_u16(), answer.text("/job/status")), (202, "queued".to_owned()), "{wanted}");
        let job = answer.text("/job/job_id");
        assert!(job.starts_with("rdx_") && job.len() == 68, "{job}");
        let source = ["kind", "source_type", "source_id", "transport"].map(|member| &answer.body["job"][member]);
        assert_eq!(json!(source), json!(["reindex", source_type, format!("{of}@{head}"), "enqueued"]));
        assert_eq!(answer.body["job"].get("session_id").is_some(), source_type == "session");
        system.settle().await;
        let shown = system.owner.get(&format!("{JOBS}/{job}?include=payload")).await;
        assert_eq!(shown.text("/status"), "completed", "{}", shown.body);
        let payload = &shown.body["payload"];
        assert_eq!((&payload["generation_job_id"], &payload[carried]), (&json!(job), &json!(of)), "{payload}");
    }
    let trail = "SELECT count(*) FROM audit JOIN jobs ON jobs.job_id = audit.subject WHERE audit.action = 'reindex'";
    assert_eq!(system.number(trail).await, 3);
    system.assert_at_rest().await;
}

// AUTH-2, AUTH-4, HTTP-1
#[tokio::test]
async fn what_is_not_there_or_not_ones_own_is_not_indexed() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let client = system.client(memories()).await;
    let (event, _) = decided(&system, &client, "Retry the checkout three times").await;
    let observation = id(&made(&client, &event).await[0]).to_owned();
    let mer = system.client(KeyOf { project: Some("mer"), scopes: &[KeyScope::Admin], ..memories() }).await;
    for (client, wanted, expected) in [
        (&client, json!({}), (403, "scope_denied")),
        (&mer, json!({ "observation_id": observation }), (404, "not_found")),
        (&mer, json!({ "session_id": session }), (404, "not_found")),
        (&mer, json!({ "project_id": "default" }), (403, "project_denied")),
        (&mer, json!({ "team_id": "red" }), (403, "project_denied")),
        (&system.owner, json!({ "observation_id": NOBODYS }), (404, "not_found")),
        (&system.owner, json!({ "session_id": "default-99" }), (404, "not_found")),
        (&system.owner, json!({ "observation_id": observation, "session_id": session }), (400, "invalid_request")),
        (&system.owner, json!({ "thread_id": "thr_1" }), (400, "invalid_request")),
    ] {
        let refused = client.post(REINDEX, &wanted).await;
        assert_eq!(refused.refusal(), (expected.0, expected.1.to_owned()), "{wanted}");
    }
    assert_eq!(system.number("SELECT count(*) FROM jobs WHERE kind = 'reindex'").await, 0);
    assert_eq!(mer.post(REINDEX, &json!({})).await.text("/job/project_id"), "mer");
}
