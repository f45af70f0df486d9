//! Runs and the signals of their agents, as stories send them.

#![expect(clippy::missing_panics_doc, reason = "a run that cannot be made ends its test")]

use serde_json::{Value, json};

use crate::system::Answer;
use crate::world::World;

/// Where runs are.
pub const RUNS: &str = "/api/v1/runs";
/// Where signals are sent.
pub const SIGNAL: &str = "/api/v1/forum/control/signal";

/// A run of agents with a brief, as it is started.
#[must_use]
pub fn run_of(agents: &[&str], mode: &str) -> Value {
    json!({
        "tickets": ["RUN-1"], "title": "Ship it", "mode": mode, "agents": agents,
        "brief": { "goal": "it ships", "done_criteria": "all tests pass" },
    })
}

/// What an agent, or whoever answers it, says.
#[must_use]
pub fn payload(run: &str, agent: &str, kind: &str, fields: Value) -> Value {
    let mut payload = json!({ "schema_version": 1, "type": kind, "run_id": run, "agent_name": agent });
    if let (Some(payload), Value::Object(fields)) = (payload.as_object_mut(), fields) {
        payload.extend(fields);
    }
    payload
}

/// The whole request of a signal by an actor of this type.
#[must_use]
pub fn signal_of(run: &str, agent: &str, kind: &str, fields: Value, by: &str) -> Value {
    let actor = if by == "agent" { agent } else { "maria" };
    json!({
        "run_id": run, "agent_name": agent, "payload": payload(run, agent, kind, fields),
        "actor_type": by, "actor_name": actor,
    })
}

/// Sends a signal and lets the system come to rest.
pub async fn signal<W: World>(system: &W, run: &str, agent: &str, kind: &str, fields: Value) -> Answer {
    let by = if matches!(kind, "guidance_answer" | "validation") { "human" } else { "agent" };
    system.apply(SIGNAL, &signal_of(run, agent, kind, fields, by)).await
}

/// Sends a signal that must be taken.
pub async fn signalled<W: World>(system: &W, run: &str, agent: &str, kind: &str, fields: Value) -> Answer {
    let answer = signal(system, run, agent, kind, fields).await;
    assert_eq!(answer.status, 200, "{kind}: {}", answer.body);
    answer
}

/// Starts a run; answers with its id.
pub async fn started<W: World>(system: &W, body: &Value) -> String {
    let answer = system.apply(RUNS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.text("/run/run_id")
}

/// Where a run stands, once everything is at rest.
pub async fn state_of<W: World>(system: &W, run: &str) -> String {
    system.settle().await;
    system.owner().get(&format!("{RUNS}/{run}")).await.text("/state")
}

/// Completion and a passed validation of an agent.
pub async fn proved<W: World>(system: &W, run: &str, agent: &str) {
    signalled(system, run, agent, "completion", json!({ "evidence": ["commit 1a2b3c"] })).await;
    let passed = json!({ "status": "passed", "done_criteria": "all tests pass" });
    signalled(system, run, agent, "validation", passed).await;
}
