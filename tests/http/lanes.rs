//! Lanes: who works on jobs, how many wait, and what a pause keeps.

use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::system::{Client, KeyOf, Setup, System};
use tests::world::World;

use crate::agent_events::{EVENTS, decided, decision, memories, sent};
use crate::jobs::JOBS;

const LANES: &str = "/api/v1/lanes";

/// The lanes as a client sees them.
async fn lanes(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{LANES}{query}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").to_vec()
}

/// The lane of single events.
async fn first(client: &Client, query: &str) -> Value {
    let lane = lanes(client, query).await.remove(0);
    assert_eq!(lane["kind"], "event");
    lane
}

/// Pauses the lane of single events, or lets it go on; answers with how it stands.
async fn switch(client: &Client, action: &str) -> Value {
    let answer = client.post(&format!("{LANES}/event/{action}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    answer.body
}

/// Status and transport of a job.
async fn standing(system: &System, job: &str) -> (String, String) {
    let shown = system.owner.get(&format!("{JOBS}/{job}")).await;
    (shown.text("/status"), shown.text("/transport"))
}

fn is(status: &str, transport: &str) -> (String, String) {
    (status.to_owned(), transport.to_owned())
}

// MEMORY-1, MEMORY-22
#[tokio::test]
async fn every_lane_is_listed_with_its_function_and_what_it_has() {
    let system = System::stepped().await;
    let lane = |kind: &str, function: &str| {
        json!({ "kind": kind, "function": function, "enabled": true, "paused": false,
            "queued": 0, "processing": 0, "failed": 0 })
    };
    let idle = [
        lane("event", "job-event"),
        lane("event_batch", "job-event-batch"),
        lane("summary", "job-summary"),
        lane("reindex", "job-reindex"),
    ];
    let client = system.client(memories()).await;
    decided(&system, &client, "Done").await;
    assert_eq!(lanes(&client, "").await, idle, "what is done is not counted");
    switch(&system.owner, "pause").await;
    for text in ["One", "Two"] {
        decided(&system, &client, text).await;
    }
    assert_eq!(first(&client, "").await["queued"], 2);
    let mer = system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    assert_eq!(first(&mer, "").await["queued"], 0, "of another project");
    assert_eq!(first(&system.owner, "?project_id=mer").await["queued"], 0);
    assert_eq!(mer.get(&format!("{LANES}?project_id=default")).await.refusal(), (404, "not_found".to_owned()));
    let writer = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite], ..memories() }).await;
    assert_eq!(writer.get(LANES).await.refusal(), (403, "scope_denied".to_owned()));
}

// MEMORY-1, AUTH-12
#[tokio::test]
async fn a_paused_lane_keeps_its_jobs_until_it_goes_on() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    for _ in 0..2 {
        let paused = switch(&system.owner, "pause").await;
        assert_eq!((&paused["paused"], &paused["enabled"]), (&json!(true), &json!(true)));
        assert_eq!(paused["reason"], "paused by human:owner at 2026-01-31T12:00:00.000Z");
    }
    let mut jobs = Vec::new();
    for text in ["One", "Two", "Three"] {
        let answer = sent(&system, &client, EVENTS, &decision(text)).await;
        assert_eq!((answer.status.as_u16(), answer.text("/generation_job/transport")), (201, "queued_only".to_owned()));
        jobs.push(answer.text("/generation_job/id"));
    }
    for job in &jobs {
        assert_eq!(standing(&system, job).await, is("queued", "queued_only"));
    }
    assert_eq!(system.number("SELECT count(*) FROM outbox WHERE topic GLOB 'forum.jobs.*'").await, 0);
    let resumed = switch(&system.owner, "resume").await;
    assert_eq!((&resumed["paused"], resumed.get("reason")), (&json!(false), None));
    system.settle().await;
    for job in &jobs {
        assert_eq!(standing(&system, job).await, is("completed", "enqueued"));
    }
    switch(&system.owner, "resume").await;
    let trail = "SELECT action, subject, count(*) FROM audit WHERE action GLOB 'lane.*' GROUP BY 1, 2 ORDER BY 1";
    let twice = |action: &str| vec![json!(action), json!("event"), json!(2)];
    assert_eq!(system.rows(trail).await, ["lane.pause", "lane.resume"].map(twice));
    system.assert_at_rest().await;
}

// MEMORY-1, HTTP-7
#[tokio::test]
async fn the_body_may_name_the_project_and_nothing_else() {
    let system = System::stepped().await;
    system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    let answer = system.owner.post(&format!("{LANES}/event/pause"), &json!({ "project_id": "mer" })).await;
    assert_eq!((answer.status.as_u16(), &answer.body["paused"]), (200, &json!(true)));
    assert_eq!(system.rows("SELECT project_id, kind FROM lane_pauses").await, [[json!("mer"), json!("event")]]);
    assert_eq!(first(&system.owner, "?project_id=default").await["paused"], false);
    let refused = system.owner.post(&format!("{LANES}/event/resume"), &json!({ "for": "ever" })).await;
    assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    let resumed = system.owner.post(&format!("{LANES}/event/resume"), &json!({ "project_id": "mer" })).await;
    assert_eq!(resumed.body["paused"], false);
}

// MEMORY-1, AUTH-4, AUTH-5
#[tokio::test]
async fn a_pause_holds_for_one_project_or_for_a_whole_team_and_for_nobody_else() {
    let system = System::stepped().await;
    let admin = |team, project| KeyOf { team, project: Some(project), scopes: &[KeyScope::Admin], ..memories() };
    let own = system.client(admin("local", "default")).await;
    let mer = system.client(admin("local", "mer")).await;
    let red = system.client(admin("red", "fire")).await;
    switch(&own, "pause").await;
    let paused = async |client: &Client, query: &str| first(client, query).await["paused"] == true;
    assert!(paused(&own, "").await && paused(&system.owner, "?project_id=default").await);
    assert!(!paused(&mer, "").await && !paused(&red, "").await && !paused(&system.owner, "").await);
    let reason = first(&system.owner, "").await["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.starts_with("paused for default by human:test")), "{reason}");
    let (_, held) = decided(&system, &own, "Held").await;
    let (_, done) = decided(&system, &mer, "Done").await;
    assert_eq!(standing(&system, &held).await, is("queued", "queued_only"));
    assert_eq!(standing(&system, &done).await, is("completed", "enqueued"));

    switch(&system.owner, "pause").await;
    let (_, too) = decided(&system, &mer, "Held too").await;
    let (theirs, _) = decided(&system, &red, "Theirs").await;
    assert!(paused(&mer, "").await && !paused(&red, "").await);
    assert_eq!(red.get(&format!("{EVENTS}/{theirs}")).await.status, 200);
    assert_eq!(system.number("SELECT count(*) FROM jobs WHERE team_id = 'red' AND status = 'completed'").await, 1);
    // Each takes back what it said: the other pause still holds.
    assert_eq!(switch(&own, "resume").await["paused"], true);
    system.settle().await;
    for job in [&held, &too] {
        assert_eq!(standing(&system, job).await, is("queued", "queued_only"));
    }
    assert_eq!(switch(&system.owner, "resume").await["paused"], false);
    system.settle().await;
    for job in [&held, &too] {
        assert_eq!(standing(&system, job).await, is("completed", "enqueued"));
    }
    system.assert_at_rest().await;
}

// MEMORY-1, MEMORY-19
#[tokio::test]
async fn without_a_provider_events_are_kept_and_nothing_is_rung_for() {
    let system = Setup::stepped().set("generation.provider", "none").start().await;
    let (_, job) = decided(&system, &system.owner, "Keep").await;
    assert_eq!(standing(&system, &job).await, is("queued", "queued_only"));
    let seen = lanes(&system.owner, "").await;
    let enabled: Vec<_> = seen.iter().map(|lane| lane["enabled"] == true).collect();
    assert_eq!(enabled, [false, false, false, true], "indexing needs no provider");
    let reason = seen[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("generation.provider"), "{reason}");
    assert_eq!(switch(&system.owner, "resume").await["enabled"], false);
    for action in ["cancel", "retry"] {
        assert_eq!(system.owner.post(&format!("{JOBS}/{job}/{action}"), &json!({})).await.status, 200, "{action}");
    }
    system.settle().await;
    assert_eq!(standing(&system, &job).await, is("queued", "queued_only"));
    assert_eq!(system.number("SELECT count(*) FROM outbox WHERE topic GLOB 'forum.jobs.*'").await, 0);
}

// AUTH-2, AUTH-4
#[tokio::test]
async fn lanes_are_switched_by_administrators_within_their_reach() {
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let own = system.client(KeyOf { scopes: &[KeyScope::Admin], ..memories() }).await;
    system.client(KeyOf { project: Some("mer"), ..memories() }).await;
    system.client(KeyOf { team: "red", project: Some("fire"), ..memories() }).await;
    for action in ["pause", "resume"] {
        let switched = async |client: &Client, rest: &str| {
            let path = format!("{LANES}/{}", rest.replacen('/', &format!("/{action}"), 1));
            client.post(&path, &json!({})).await.refusal()
        };
        assert_eq!(switched(&client, "event/").await, (403, "scope_denied".to_owned()));
        assert_eq!(switched(&own, "nap/").await, (404, "not_found".to_owned()));
        for (client, foreign) in [(&own, "mer"), (&system.owner, "fire"), (&system.owner, "none")] {
            let refused = switched(client, &format!("event/?project_id={foreign}")).await;
            assert_eq!(refused, (403, "project_denied".to_owned()), "{foreign}");
        }
        assert_eq!(switched(&system.owner, "event/?project_id=mer").await.0, 200);
        assert_eq!(switched(&own, "%20Event_Batch/").await.0, 200);
    }
    assert_eq!(system.number("SELECT count(*) FROM lane_pauses").await, 0);
}
