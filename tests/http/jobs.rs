//! Jobs: how they are listed and shown, and what an operator may do with them.

mod operators;

use std::time::Duration;

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::system::{Answer, Client, KeyOf, System};
use tests::world::World;

use crate::agent_events::{BATCH, decided, decision, memories, sent};

pub(crate) const JOBS: &str = "/api/v1/jobs";

/// Ids of the jobs on a page.
fn ids(page: &Answer) -> Vec<&str> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").iter().map(|item| item["job_id"].as_str().expect("an id")).collect()
}

/// Ids on a page, and how many there are on all of them.
async fn listed(client: &Client, path: &str) -> (Vec<String>, i64) {
    let page = client.get(path).await;
    (ids(&page).into_iter().map(str::to_owned).collect(), page.number("/total"))
}

async fn pause(system: &System, lane: &str) {
    assert_eq!(system.owner.post(&format!("/api/v1/lanes/{lane}/pause"), &json!({})).await.status, 200);
}

/// Two jobs that are done, and a minute later one more in another project and one that waits.
async fn with_four_jobs() -> (System, [String; 4]) {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let (_, one) = decided(&system, &client, "One").await;
    let batch = sent(&system, &client, BATCH, &json!({ "events": [decision("Two"), decision("Three")] })).await;
    let two = batch.text("/items/0/generation_job/id");
    system.advance(Duration::from_secs(60));
    let mer = system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    let (_, three) = decided(&system, &mer, "Four").await;
    pause(&system, "event").await;
    let (_, four) = decided(&system, &client, "Five").await;
    (system, [one, two, three, four])
}

// MEMORY-23
#[tokio::test]
async fn jobs_are_listed_newest_first_by_what_they_are_with_how_many_there_are() {
    let (system, [one, two, three, four]) = with_four_jobs().await;
    for (query, expected, total) in [
        ("", vec![&four, &three, &two, &one], 4),
        ("status=completed", vec![&three, &two, &one], 3),
        ("status=%20QUEUED", vec![&four], 1),
        ("status=failed", vec![], 0),
        ("kind=event_batch", vec![&two], 1),
        ("kind=event&status=completed", vec![&three, &one], 2),
        ("source_type=agent_event_batch", vec![&two], 1),
        ("source_type=session", vec![], 0),
        ("since=2026-01-31T12:01:00Z", vec![&four, &three], 2),
        ("since=2026-01-31T13:00:00.001%2B01:00&status=completed", vec![&three], 1),
        ("since=2026-01-31T12:00:00Z&limit=1", vec![&four], 4),
        ("project_id=mer", vec![&three], 1),
        ("project_id=none", vec![], 0),
        ("limit=2", vec![&four, &three], 4),
        ("limit=2&offset=1", vec![&three, &two], 4),
        ("limit=2&offset=3", vec![&one], 4),
        ("offset=4", vec![], 4),
    ] {
        let (found, counted) = listed(&system.owner, &format!("{JOBS}?{query}")).await;
        assert_eq!((found.iter().collect::<Vec<_>>(), counted), (expected, total), "{query}");
    }
    let page = system.owner.get(&format!("{JOBS}?limit=3&offset=1")).await;
    assert_eq!((page.number("/limit"), page.number("/offset")), (3, 1));
    assert_eq!(system.owner.get(JOBS).await.number("/limit"), 50);
    for (query, pointer) in [
        ("status=asleep", "status"),
        ("kind=dream", "kind"),
        ("since=yesterday", "since"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("offset=-1", "offset"),
        ("include=everything", "include"),
    ] {
        let refused = system.owner.get(&format!("{JOBS}?{query}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
}

// MEMORY-23, AUTH-4
#[tokio::test]
async fn jobs_are_listed_by_team_and_project_as_far_as_the_key_reaches() {
    let (system, [one, two, three, four]) = with_four_jobs().await;
    let client = system.client(memories()).await;
    let red = system.client(KeyOf { team: "red", project: Some("fire"), ..memories() }).await;
    let own = vec![four.clone(), two.clone(), one.clone()];
    let every = vec![four, three.clone(), two, one];
    for (reader, path, expected) in [
        (&system.owner, "teams/local/jobs", &every),
        (&system.owner, "teams/local/jobs?project_id=mer", &vec![three.clone()]),
        (&system.owner, "projects/mer/jobs", &vec![three]),
        (&system.owner, "projects/default/jobs", &own),
        (&client, "jobs", &own),
        (&client, "teams/local/jobs", &own),
        (&client, "projects/default/jobs", &own),
        (&red, "jobs", &vec![]),
        (&red, "teams/red/jobs", &vec![]),
        (&red, "projects/fire/jobs", &vec![]),
    ] {
        let (found, total) = listed(reader, &format!("/api/v1/{path}")).await;
        assert_eq!((&found, usize::try_from(total).expect("a count")), (expected, expected.len()), "{path}");
    }
    for (reader, path) in [
        (&system.owner, "teams/red/jobs"),
        (&system.owner, "teams/none/jobs"),
        (&system.owner, "projects/fire/jobs"),
        (&system.owner, "projects/none/jobs"),
        (&client, "projects/mer/jobs"),
        (&client, "jobs?project_id=mer"),
        (&red, "teams/local/jobs"),
        (&red, "projects/default/jobs"),
    ] {
        assert_eq!(reader.get(&format!("/api/v1/{path}")).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
}

// MEMORY-7, MEMORY-23
#[tokio::test]
async fn what_a_job_carries_is_for_administrators() {
    let (system, [one, two, ..]) = with_four_jobs().await;
    let client = system.client(memories()).await;
    let admin = system.client(KeyOf { scopes: &[KeyScope::Admin], ..memories() }).await;
    for path in [JOBS.to_owned(), format!("{JOBS}/{one}"), "/api/v1/teams/local/jobs".to_owned()] {
        let wanted = format!("{path}?include=payload");
        assert_eq!(client.get(&wanted).await.refusal(), (403, "scope_denied".to_owned()), "{path}");
        assert!(!admin.get(&path).await.body.to_string().contains("generation_job_id"), "{path}");
        assert!(admin.get(&wanted).await.body.to_string().contains("generation_job_id"), "{path}");
    }
    let payload = async |job: &str| admin.get(&format!("{JOBS}/{job}?include=payload")).await.body["payload"].clone();
    let (event, batch) = (payload(&one).await, payload(&two).await);
    for (payload, job, source_type) in [(&event, &one, "agent_event"), (&batch, &two, "agent_event_batch")] {
        let named = ["team_id", "project_id", "source_type", "generation_job_id"].map(|member| &payload[member]);
        assert_eq!(json!(named), json!(["local", "default", source_type, job]));
        assert!(payload["source_id"].is_string(), "{payload}");
    }
    let of = |job: &str| format!("SELECT agent_event_id FROM agent_events WHERE job_id = '{job}' ORDER BY id");
    assert_eq!(system.rows(&of(&one)).await, [[event["agent_event_id"].clone()]]);
    let events: Vec<Value> = system.rows(&of(&two)).await.into_iter().flatten().collect();
    assert_eq!((events.len(), &batch["agent_event_ids"]), (2, &json!(events)));
}

// MEMORY-8, AUTH-2, AUTH-4, AUTH-5
#[tokio::test]
async fn another_tenants_job_is_not_there_and_stays_as_it_is() {
    let (system, [one, _, _, four]) = with_four_jobs().await;
    let everything =
        "SELECT (SELECT json_group_array(json_array(job_id, status, attempts, retried_count, locked_until))
        FROM jobs), (SELECT count(*) FROM events), (SELECT count(*) FROM audit WHERE action GLOB 'job.*')";
    let before = system.rows(everything).await;
    let strangers = [
        KeyOf { project: Some("mer"), ..memories() },
        KeyOf { team: "red", project: Some("fire"), scopes: &[KeyScope::Admin], ..memories() },
    ];
    for stranger in strangers {
        let stranger = system.client(stranger).await;
        for job in [&one, &four] {
            let unknown = stranger.get(&format!("{JOBS}/{}", job.replacen(|c: char| c.is_ascii_digit(), "f", 1))).await;
            let path = format!("{JOBS}/{job}");
            let shown = stranger.get(&path).await;
            assert_eq!(shown.refusal(), (404, "not_found".to_owned()));
            assert_eq!(shown.body["detail"], unknown.body["detail"], "as if it were not there");
            for action in ["retry", "cancel"] {
                let refused = stranger.post(&format!("{path}/{action}"), &json!({})).await;
                assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{action}");
            }
        }
    }
    let reader = system.client(KeyOf { scopes: &[KeyScope::MemoriesRead], ..memories() }).await;
    let writer = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite], ..memories() }).await;
    let denied = (403, "scope_denied".to_owned());
    assert_eq!(writer.get(&format!("{JOBS}/{one}")).await.refusal(), denied);
    assert_eq!(writer.get(JOBS).await.refusal(), denied);
    for action in ["retry", "cancel"] {
        assert_eq!(reader.post(&format!("{JOBS}/{four}/{action}"), &json!({})).await.refusal(), denied);
        for odd in ["nothing", &four.replacen('_', ":", 1), &four.to_uppercase(), &format!("{four}0")] {
            let refused = writer.post(&format!("{JOBS}/{odd}/{action}"), &json!({})).await;
            assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{odd}");
        }
    }
    assert_eq!(system.rows(everything).await, before);
}
