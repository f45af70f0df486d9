//! What an operator does about the agents of a run: restarts within a budget, a person when that is spent, reminders when the
//! work is done, and an end to a run in which nothing happens.

use std::time::Duration;

use serde_json::{Value, json};
use tests::runs::{RUNS, proved, run_of, started, state_of};
use tests::system::System;
use tests::world::World;

const SESSIONS: &str = "/api/v1/sessions";

/// A run with one agent, and its session, which has reported that it works.
async fn at_work(system: &System) -> (String, String) {
    let run = started(system, &run_of(&["ada"], "standard")).await;
    let session = system.apply(SESSIONS, &json!({ "run_id": run, "agent_name": "ada" })).await;
    let session = session.text("/session/session_id");
    report(system, &session, json!({ "activity": "active" })).await;
    (run, session)
}

async fn report(system: &System, session: &str, activity: Value) {
    let answer = system.apply(&format!("{SESSIONS}/{session}/activity"), &activity).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// One interval of an operator that acts.
async fn interval(system: &System, run: &str, restarts: bool) -> Value {
    system.settle().await;
    let order = json!({ "execute": true, "restarts": restarts });
    let answer = system.owner.post(&format!("{RUNS}/{run}/operator"), &order).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    system.settle().await;
    answer.body
}

/// What was decided, whether it was done, and how many restarts are used.
fn came_to(decision: &Value) -> Value {
    json!([decision["intent"], decision["executed"], decision["counters"]["restarts"]])
}

// RUN-18, RUN-20, RUN-21
#[tokio::test]
async fn restarts_are_the_callers_and_when_they_are_used_up_a_person_is_told_once() {
    let system = System::stepped().await;
    let (run, session) = at_work(&system).await;
    assert_eq!(interval(&system, &run, true).await["reason"], "healthy");
    system.advance(Duration::from_secs(1000));
    assert_eq!(interval(&system, &run, true).await["reason"], "waiting 1/2");
    let unable = interval(&system, &run, false).await;
    assert_eq!(came_to(&unable), json!(["restart", false, 0]));
    assert!(unable["reason"].as_str().is_some_and(|reason| reason.ends_with("; the caller cannot start agents")));
    for used in 1..=3 {
        let done = interval(&system, &run, true).await;
        assert_eq!((came_to(&done), &done["agent_name"]), (json!(["restart", true, used]), &json!("ada")));
        if used < 3 {
            assert_eq!(interval(&system, &run, true).await["reason"], "cooldown");
            system.advance(Duration::from_secs(60));
        }
    }
    let told = "SELECT subject, agent_name, run_id, session_id, resolved_at IS NULL FROM notifications
        WHERE kind = 'agent_blocked'";
    for _ in 0..2 {
        assert_eq!(came_to(&interval(&system, &run, true).await), json!(["escalate_blocked", true, 3]));
        assert_eq!(json!(system.rows(told).await), json!([[format!("{run}/ada"), "ada", run, session, 1]]));
    }
    let audited = "SELECT action, count(*) FROM audit WHERE action LIKE 'operator.%' GROUP BY action ORDER BY action";
    assert_eq!(json!(system.rows(audited).await), json!([["operator.escalate_blocked", 1], ["operator.restart", 3]]));
    // It lives after all.
    report(&system, &session, json!({ "activity": "active" })).await;
    assert_eq!(interval(&system, &run, true).await["reason"], "healthy");
    assert_eq!(system.rows(told).await[0][4], 0, "and what was told is no longer so");
}

// RUN-18, RUN-21, REACT-1
#[tokio::test]
async fn once_the_run_is_completed_its_agent_is_reminded_once_of_what_it_left() {
    let system = System::stepped().await;
    let (run, session) = at_work(&system).await;
    report(&system, &session, json!({ "activity": "active", "workspace_dirty": true })).await;
    let url = "https://github.com/acme/shop/pull/7";
    let draft = json!({ "url": url, "session_id": session, "fetched": true, "state": "draft" });
    assert_eq!(system.apply("/api/v1/pull-requests/observations", &draft).await.status, 200);
    assert_eq!(interval(&system, &run, true).await["intent"], "noop", "its work is not done");
    proved(&system, &run, "ada").await;
    assert_eq!(state_of(&system, &run).await, "completed");
    // Whatever is typed into a session that waits for a permission would answer that.
    report(&system, &session, json!({ "activity": "blocked" })).await;
    let held = interval(&system, &run, true).await;
    assert_eq!((&held["intent"], &held["executed"]), (&json!("commit_ready"), &json!(false)));
    assert!(held["reason"].as_str().is_some_and(|reason| reason.contains("waits for a permission")), "{held}");
    report(&system, &session, json!({ "activity": "active" })).await;
    for intent in ["commit_ready", "pr_ready"] {
        let done = interval(&system, &run, true).await;
        assert_eq!((&done["intent"], &done["executed"]), (&json!(intent), &json!(true)), "{done}");
    }
    assert_eq!(interval(&system, &run, true).await["intent"], "noop", "each was said once");
    let said =
        "SELECT actor_type || ':' || actor_name, payload ->> 'body' LIKE '%draft: https://github.com/acme/shop/pull/7%'
        FROM events WHERE type = 'forum.post.added' AND payload ->> 'kind' = 'nudge' ORDER BY pos";
    assert_eq!(json!(system.rows(said).await), json!([["system:operator", 0], ["system:operator", 1]]));
    let counted = "SELECT key, subject, attempts FROM reactions WHERE key IN ('commit_ready', 'pr_ready') ORDER BY key";
    assert_eq!(json!(system.rows(counted).await), json!([["commit_ready", session, 1], ["pr_ready", url, 1]]));
}

// RUN-18, RUN-19
#[tokio::test]
async fn a_run_that_nobody_touches_is_stopped_once_probes_show_that_nothing_goes_on() {
    let system = System::stepped().await;
    let (run, session) = at_work(&system).await;
    system.advance(Duration::from_secs(3600));
    assert_eq!(interval(&system, &run, false).await["reason"], "waiting 1/2", "nobody has probed");
    let probe = json!({ "runtime": "alive", "process": "alive" });
    assert_eq!(system.apply(&format!("{SESSIONS}/{session}/runtime"), &probe).await.status, 200);
    let stopped = interval(&system, &run, false).await;
    assert_eq!((&stopped["intent"], &stopped["executed"]), (&json!("stop_stale"), &json!(true)), "{stopped}");
    assert_eq!(state_of(&system, &run).await, "stopping");
    let over = interval(&system, &run, true).await;
    assert_eq!((&over["intent"], &over["counters"]["confirmations"]), (&json!("noop"), &json!(0)), "{over}");
}
