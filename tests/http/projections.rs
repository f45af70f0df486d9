//! Projections over HTTP: how far they are, and replays.

use serde_json::json;
use shared::value::KeyScope;
use tests::system::{KeyOf, Setup, System, question};
use tests::world::World;

const PROJECTIONS: &str = "/api/v1/projections";
const REPLAY: &str = "/api/v1/projections/thread-views/replay";

async fn live_generation(system: &System) -> i64 {
    let sql = "SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'";
    system.number(sql).await
}

/// Steps until nothing of a replay is left.
async fn finish(system: &System) {
    for _ in 0..1000 {
        system.harness.step().await.expect("a step");
        if system.number("SELECT count(*) FROM projection_checkpoints WHERE state <> 'live' AND stopped = 0").await == 0
        {
            return;
        }
    }
    panic!("the replay never ends");
}

// PROJ-5
#[tokio::test]
async fn projections_say_how_far_they_are_and_a_replay_is_begun_watched_and_ends() {
    let system = Setup::stepped().set("log.page", "2").set("replay.slice", "1ms").start().await;
    for n in 0..5 {
        system.opened(&question(&format!("Thread {n}"))).await;
    }
    let before = system.owner.get(PROJECTIONS).await;
    let own = before.list("").iter().find(|projection| projection["name"] == "thread-views").expect("the projection");
    assert_eq!(own, &json!({"name": "thread-views", "generation": 1, "pos": 5, "head": 5, "lag": 0, "state": "live"}));

    let begun = system.owner.post(REPLAY, &json!({ "verify": true })).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    assert_eq!(begun.text("/replay/state"), "building");
    assert_eq!((begun.number("/replay/generation"), begun.number("/replay/pos")), (2, 0));
    assert_eq!(system.owner.post(REPLAY, &json!({})).await.refusal(), (409, "replay_running".to_owned()));
    let metrics = system.owner.get("/metrics").await;
    assert!(
        metrics
            .body
            .as_str()
            .expect("text")
            .contains("agentforum_replay_progress_ratio{projection=\"thread-views\"} 0\n")
    );

    let stopped = system.owner.post(REPLAY, &json!({ "stop": true })).await;
    assert_eq!(stopped.text("/replay/state"), "stopped");
    system.settle().await;
    assert_eq!(live_generation(&system).await, 1);
    let resumed = system.owner.post(REPLAY, &json!({ "verify": true })).await;
    assert_eq!(resumed.text("/replay/state"), "building");
    finish(&system).await;
    assert_eq!(live_generation(&system).await, 2);
    let audit = system.rows("SELECT action FROM audit ORDER BY id").await;
    let expected = json!([["projections.replay"], ["projections.stop_replay"], ["projections.resume_replay"]]);
    assert_eq!(json!(audit), expected);
    let metrics = system.owner.get("/metrics").await;
    let text = metrics.body.as_str().expect("text");
    assert!(!text.contains("agentforum_replay_progress_ratio{"), "no replay, no progress");
    assert!(text.contains("agentforum_replay_duration_seconds_count{projection=\"thread-views\"} 1"), "{text}");
    system.assert_at_rest().await;
}

// PROJ-7
#[tokio::test]
async fn a_difference_is_told_and_nothing_is_switched() {
    let system = System::stepped().await;
    system.opened(&question("Which way")).await;
    system.execute("UPDATE view_thread_views SET posts_count = 9").await;
    assert_eq!(system.owner.post(REPLAY, &json!({ "verify": true })).await.status, 202);
    finish(&system).await;
    let projections = system.owner.get(PROJECTIONS).await;
    let own = projections.list("").iter().find(|it| it["name"] == "thread-views").expect("the projection").clone();
    assert_eq!(own["replay"]["state"], "failed");
    let error = own["replay"]["error"].as_str().expect("an error");
    assert!(error.starts_with("view_thread_views differs at pos 1 in the row team_id=local"), "{error}");
    assert_eq!(live_generation(&system).await, 1);
}

// AUTH-4
#[tokio::test]
async fn only_administrators_see_and_replay_and_unknown_projections_are_404() {
    let system = System::stepped().await;
    let reader =
        system.client(KeyOf { scopes: &[KeyScope::ForumRead, KeyScope::ForumWrite], ..KeyOf::default() }).await;
    assert_eq!(reader.get(PROJECTIONS).await.refusal(), (403, "scope_denied".to_owned()));
    assert_eq!(reader.post(REPLAY, &json!({})).await.refusal(), (403, "scope_denied".to_owned()));
    let unknown = system.owner.post("/api/v1/projections/dreams/replay", &json!({})).await;
    assert_eq!(unknown.refusal(), (404, "not_found".to_owned()));
    let odd = system.owner.post(REPLAY, &json!({ "fast": true })).await;
    assert_eq!(odd.refusal(), (400, "invalid_request".to_owned()));
}
