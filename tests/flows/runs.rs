//! Runs: how they move, by hand and by themselves, and what closing them takes.

use std::time::Duration;

use serde_json::json;
use tests::runs::{RUNS, payload, proved, run_of, signalled, started, state_of};
use tests::system::System;
use tests::world::World;

// RUN-2, RUN-3, RUN-4, RUN-9
#[tokio::test]
async fn a_paused_run_stands_still_and_a_reopened_one_owes_its_proofs_again() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "standard")).await;
    let to = |state: &str| (format!("{RUNS}/{run}/state"), json!({ "state": state, "reason": "by hand" }));
    let (path, pause) = to("paused");
    assert_eq!(system.apply(&path, &pause).await.text("/run/state"), "paused");
    signalled(&system, &run, "ada", "guidance_request", json!({ "question": "Go on?" })).await;
    assert_eq!(state_of(&system, &run).await, "paused");
    let (_, resume) = to("running");
    system.apply(&path, &resume).await;
    assert_eq!(state_of(&system, &run).await, "awaiting_guidance", "what came meanwhile counts now");
    signalled(&system, &run, "ada", "guidance_answer", json!({ "answer": "yes" })).await;
    proved(&system, &run, "ada").await;
    assert_eq!(state_of(&system, &run).await, "completed");
    system.apply(&path, &resume).await;
    assert_eq!(state_of(&system, &run).await, "running", "it does not complete at once");
    let folded = "SELECT completion_pos, validation_status, done_criteria FROM control_threads";
    assert_eq!(json!(system.rows(folded).await), json!([[null, null, null]]));
    let failed = json!({ "status": "failed", "done_criteria": "all tests pass" });
    signalled(&system, &run, "ada", "completion", json!({})).await;
    signalled(&system, &run, "ada", "validation", failed).await;
    assert_eq!(state_of(&system, &run).await, "running");
    proved(&system, &run, "ada").await;
    assert_eq!(state_of(&system, &run).await, "completed");
    let reason = "SELECT payload ->> 'reason' FROM events WHERE payload ->> 'to' = 'paused'";
    assert_eq!(system.rows(reason).await, [[json!("by hand")]]);
    system.assert_at_rest().await;
}

// RUN-1, RUN-3, RUN-11, RUN-12
#[tokio::test]
async fn runs_move_along_their_table_and_close_through_their_gates_only() {
    let system = System::stepped().await;
    let run = started(&system, &json!({ "tickets": ["T-1", "T-2"], "until": "created" })).await;
    let path = format!("{RUNS}/{run}/state");
    let refused = system.apply(&path, &json!({ "state": "running" })).await;
    assert_eq!(refused.refusal(), (409, "illegal_transition".to_owned()));
    assert_eq!((refused.text("/from"), refused.text("/to")), ("created".to_owned(), "running".to_owned()));
    assert_eq!(system.apply(&path, &json!({ "state": "Created " })).await.status, 200, "staying is no move");
    assert_eq!(system.number("SELECT count(*) FROM events").await, 1);
    let brief = json!({ "state": "planning", "brief": { "goal": "less" } });
    assert_eq!(system.apply(&path, &brief).await.text("/run/brief/goal"), "less");
    assert_eq!(system.apply(&path, &json!({ "state": "running" })).await.text("/run/brief/goal"), "less");
    assert_eq!(state_of(&system, &run).await, "running", "without agents nothing completes by itself");
    for state in ["closing", "closed"] {
        let refused = system.apply(&path, &json!({ "state": state })).await;
        assert_eq!(refused.refusal(), (409, "illegal_transition".to_owned()), "{state}");
    }
    let close = format!("{RUNS}/{run}/close");
    assert_eq!(system.apply(&close, &json!({})).await.refusal(), (409, "illegal_transition".to_owned()));
    assert_eq!(system.apply(&path, &json!({ "state": "completed" })).await.status, 200);
    // Somebody asks after the end: the close waits for the answer.
    signalled(&system, &run, "eve", "guidance_request", json!({ "question": "Wait?" })).await;
    let shut = system.apply(&close, &json!({})).await;
    assert_eq!(shut.refusal(), (422, "gate_not_met".to_owned()));
    assert_eq!(
        (shut.text("/gates/0/gate"), shut.text("/gates/0/agent_name")),
        ("guidance_pending".into(), "eve".into())
    );
    signalled(&system, &run, "eve", "guidance_answer", json!({ "answer": "no" })).await;
    assert_eq!(system.apply(&close, &json!({})).await.text("/run/state"), "closed");
    let head = system.settle().await;
    assert_eq!(system.apply(&close, &json!({})).await.status, 200, "closed already");
    assert_eq!(
        system.apply(&path, &json!({ "state": "running" })).await.refusal(),
        (409, "illegal_transition".to_owned())
    );
    assert_eq!(system.settle().await, head);
    system.assert_at_rest().await;
}

// RUN-14
#[tokio::test]
async fn files_in_the_workspace_prove_nothing() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["ada"], "bootstrap")).await;
    for name in ["completion.json", "validation.json", "guidance.json"] {
        let proof = payload(&run, "ada", "completion", json!({})).to_string();
        std::fs::write(system.state().join(name), proof).expect("a file");
    }
    system.advance(Duration::from_secs(60));
    assert_eq!(state_of(&system, &run).await, "running");
    let shut = system.apply(&format!("{RUNS}/{run}/close"), &json!({})).await;
    assert_eq!(shut.list("/gates").len(), 3);
}
