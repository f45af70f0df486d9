//! A run from its question to its close, with the server killed twice on the way.

use std::time::Duration;

use serde_json::{Value, json};
use tests::runs::{RUNS, SIGNAL, run_of, signal_of};
use tests::system::{Answer, Client, Server, Setup, rows_of};

/// A run comes to where its agents' signals put it within this time.
const PATIENCE: Duration = Duration::from_secs(20);

async fn send(owner: &Client, run: &str, agent: &str, kind: &str, fields: Value) -> Answer {
    let by = if matches!(kind, "guidance_answer" | "validation") { "human" } else { "agent" };
    let answer = owner.post(SIGNAL, &signal_of(run, agent, kind, fields, by)).await;
    assert_eq!(answer.status, 200, "{kind}: {}", answer.body);
    answer
}

/// Waits until the run is in this state.
async fn until(owner: &Client, run: &str, state: &str) {
    let arrived = async {
        while owner.get(&format!("{RUNS}/{run}")).await.text("/state") != state {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap_or_else(|_| panic!("the run never became {state}"));
}

// Drill 5, CMD-1, SIGNAL-4, RUN-2, RUN-3, RUN-13
#[tokio::test]
async fn ask_answer_resume_complete_validate_and_close_survive_two_kills() {
    let setup = Setup::running();
    let database = setup.database();
    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    let started = owner.post(RUNS, &run_of(&["ada"], "bootstrap")).await;
    assert_eq!(started.status, 201, "{}", started.body);
    let run = started.text("/run/run_id");
    // Killed the moment the question is safe: nobody may have reacted to it yet.
    send(&owner, &run, "ada", "guidance_request", json!({ "question": "Which?", "options": ["a", "b"] })).await;
    server.kill().await;

    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    until(&owner, &run, "awaiting_guidance").await;
    send(&owner, &run, "ada", "guidance_answer", json!({ "answer": "this", "option": "a" })).await;
    until(&owner, &run, "running").await;
    send(&owner, &run, "ada", "completion", json!({ "evidence": ["commit 1a2b3c"] })).await;
    let passed = json!({ "status": "passed", "done_criteria": "all tests pass" });
    send(&owner, &run, "ada", "validation", passed).await;
    server.kill().await;

    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    until(&owner, &run, "completed").await;
    let closed = owner.post(&format!("{RUNS}/{run}/close"), &json!({})).await;
    assert_eq!((closed.status.as_u16(), closed.text("/run/state")), (200, "closed".to_owned()), "{}", closed.body);
    server.kill().await;

    let system = setup.start().await;
    system.assert_at_rest().await;
    let _setup = system.stop().await;
    let moves = "SELECT payload ->> 'to' FROM events WHERE type = 'run.state.changed' ORDER BY pos";
    let moves: Vec<_> = rows_of(&database, moves).await.into_iter().flatten().collect();
    let expected = ["created", "planning", "running", "awaiting_guidance", "running", "completed", "closing", "closed"];
    assert_eq!(moves, expected.map(Value::from));
    let signals =
        "SELECT count(*), count(DISTINCT payload ->> 'post_id') FROM events WHERE type = 'forum.control.signal'";
    assert_eq!(rows_of(&database, signals).await, [[json!(4), json!(4)]]);
}
