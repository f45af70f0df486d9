//! A run from its first question to its close.

use serde_json::{Value, json};

use crate::runs::{RUNS, proved, run_of, signalled, started, state_of};
use crate::world::World;

// SIGNAL-4, SIGNAL-8, RUN-2, RUN-3, RUN-10, RUN-13, LOG-2
/// A run waits for guidance resumes completes and closes by itself.
pub async fn a_run_waits_for_guidance_resumes_completes_and_closes<W: World>(system: &W) {
    let run = started(system, &run_of(&["ada", "bob"], "bootstrap")).await;
    assert_eq!(state_of(system, &run).await, "running");
    let asked =
        signalled(system, &run, "ada", "guidance_request", json!({ "question": "Which?", "options": ["a", "b"] }));
    let asked = asked.await;
    assert_eq!(asked.text("/control_state/guidance/status"), "pending");
    assert_eq!(asked.text("/thread/state"), "waiting_human");
    assert_eq!(asked.text("/thread/kind"), "control");
    assert_eq!(state_of(system, &run).await, "awaiting_guidance");

    let answered = signalled(system, &run, "ada", "guidance_answer", json!({ "answer": "this", "option": "a" })).await;
    assert_eq!(answered.text("/control_state/guidance/status"), "answered");
    assert_eq!(answered.text("/control_state/guidance/option"), "a");
    assert_eq!(answered.body["thread"]["thread_id"], asked.body["thread"]["thread_id"]);
    assert_eq!(state_of(system, &run).await, "running");

    proved(system, &run, "ada").await;
    assert_eq!(state_of(system, &run).await, "running", "bob owes his proof");
    let early = system.apply(&format!("{RUNS}/{run}/close"), &json!({})).await;
    assert_eq!(early.refusal(), (422, "gate_not_met".to_owned()));
    let owed: Vec<_> =
        early.list("/gates").iter().map(|gate| (gate["gate"].as_str(), gate["agent_name"].as_str())).collect();
    let bob = Some("bob");
    assert_eq!(
        owed,
        [(Some("completion_missing"), bob), (Some("validation_missing"), bob), (Some("done_criteria_mismatch"), bob)]
    );
    proved(system, &run, "bob").await;
    assert_eq!(state_of(system, &run).await, "completed");
    let closed = system.apply(&format!("{RUNS}/{run}/close"), &json!({})).await;
    assert_eq!((closed.status.as_u16(), closed.text("/run/state")), (200, "closed".to_owned()));

    let page = system.owner().get("/api/v1/forum/events?types=run.state.changed&limit=50").await;
    let moves: Vec<_> = page.list("/events").iter().map(|event| event["payload"]["to"].clone()).collect();
    let expected: Value =
        json!(["created", "planning", "running", "awaiting_guidance", "running", "completed", "closing", "closed"]);
    assert_eq!(json!(moves), expected);
    let threads = system.rows("SELECT DISTINCT state FROM view_thread_views WHERE kind = 'control'").await;
    assert_eq!(threads, [[json!("closed")]]);
    system.assert_whole().await;
}
