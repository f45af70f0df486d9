//! Storing agent events: once each, wholly or not at all, with one job for those that are new.

use serde_json::json;
use shared::message::command::{IngestAgentEvents, NewAgentEvent};
use tests::fixture::over_every_store;

use crate::acts::{alone, batch, decision, event, lifecycle, stored};

// MEMORY-1, MEMORY-5, MEMORY-7, MEMORY-8, MEMORY-10, MEMORY-17, AUTH-11
#[tokio::test]
async fn an_event_and_its_job_are_one_commit_and_the_job_makes_an_observation_once() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        let positions = fixture.rows("SELECT DISTINCT recorded_at FROM events WHERE pos <= 2").await;
        assert_eq!(positions.len(), 1);
        let payload = &fixture.rows("SELECT payload, job_id, source_id FROM jobs").await[0];
        let carried: serde_json::Value = serde_json::from_str(payload[0].as_str().expect("JSON")).expect("JSON");
        assert_eq!(carried["generation_job_id"], payload[1]);
        assert_eq!((&carried["agent_event_id"], &carried["source_id"]), (&payload[2], &payload[2]));
        assert_eq!((&carried["team_id"], &carried["source_type"]), (&json!("local"), &json!("agent_event")));
        fixture.settle().await;
        assert_eq!(lifecycle(&fixture).await, ["queued", "enqueued", "processing", "completed"]);
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM observation_sources").await, 1);
        let trail = fixture.texts("SELECT action FROM audit ORDER BY id").await;
        assert_eq!(trail, ["job.processing", "observation.created", "job.completed"]);
        let correlations = fixture.rows("SELECT DISTINCT correlation_id FROM events").await;
        assert_eq!(correlations.len(), 1, "everything one request caused");
        let gaps = "SELECT max(pos) - count(*) FROM events";
        assert_eq!(fixture.number(gaps).await, 0);
    })
    .await;
}

// MEMORY-2, MEMORY-5
#[tokio::test]
async fn a_known_event_is_not_stored_again_and_causes_no_job_whatever_its_payload() {
    over_every_store(async |fixture| {
        let named =
            |text: &str| NewAgentEvent { source_event_id: Some("e-1".to_owned()), ..event(json!({ "t": text })) };
        stored(&fixture, alone(named("first"))).await;
        stored(&fixture, alone(named("second"))).await;
        stored(&fixture, batch(vec![named("third"), named("fourth")])).await;
        assert_eq!(fixture.texts("SELECT payload FROM agent_events").await, [r#"{"t":"first"}"#]);
        assert_eq!(fixture.number("SELECT count(*) FROM jobs").await, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 3);
    })
    .await;
}

// MEMORY-3, MEMORY-5
#[tokio::test]
async fn a_batch_is_one_commit_with_one_job_for_what_is_new_in_it() {
    over_every_store(async |fixture| {
        let numbered = |n: usize| event(json!({ "n": n }));
        stored(&fixture, alone(numbered(7))).await;
        stored(&fixture, batch((0..500).map(numbered).collect())).await;
        assert_eq!(fixture.number("SELECT count(*) FROM agent_events").await, 500);
        let jobs = "SELECT json_array_length(payload, '$.agent_event_ids') FROM jobs WHERE kind = 'event_batch'";
        assert_eq!(fixture.number(jobs).await, 499);
        let order = "SELECT payload ->> 'n' FROM agent_events ORDER BY id LIMIT 3";
        assert_eq!(json!(fixture.rows(order).await), json!([[7], [0], [1]]));
        let one = "SELECT count(DISTINCT job_id) FROM agent_events WHERE batch_id <> (SELECT batch_id FROM agent_events WHERE id = 1)";
        assert_eq!(fixture.number(one).await, 1);
        let received = "SELECT count(*) FROM events WHERE type = 'agent_event.received'";
        assert_eq!(fixture.number(received).await, 500);
    })
    .await;
}

// MEMORY-1
#[tokio::test]
async fn nothing_is_generated_that_nobody_asked_for() {
    over_every_store(async |fixture| {
        stored(&fixture, IngestAgentEvents { generate: false, ..alone(decision("SQLite")) }).await;
        assert_eq!(fixture.number("SELECT count(*) FROM jobs").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM agent_events WHERE job_id IS NULL").await, 1);
    })
    .await;
}

// MEMORY-4, CMD-6
#[tokio::test]
async fn a_batch_that_names_a_session_which_is_not_there_is_refused_wholly() {
    over_every_store(async |fixture| {
        let lost = NewAgentEvent { session_id: Some("default-9".to_owned()), ..event(json!(1)) };
        stored(&fixture, batch(vec![event(json!(2)), lost])).await;
        assert_eq!(fixture.texts("SELECT status FROM commands").await, ["rejected"]);
        assert_eq!(fixture.number("SELECT count(*) FROM agent_events").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM jobs").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
    })
    .await;
}
