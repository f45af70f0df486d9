//! What the commands about runs read in the server's documents: the members they show, and nothing else, so that a newer
//! server with more words is still understood.

use serde::Deserialize;

/// A run as lists and outcomes show it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct RunView {
    pub(in crate::cli) run_id: String,
    pub(in crate::cli) title: String,
    pub(in crate::cli) tickets: Vec<String>,
    pub(in crate::cli) mode: String,
    pub(in crate::cli) state: String,
    pub(in crate::cli) reason: Option<String>,
    pub(in crate::cli) state_since: String,
    pub(in crate::cli) brief: Option<BriefView>,
    pub(in crate::cli) agents: Vec<String>,
    pub(in crate::cli) started_by: String,
    pub(in crate::cli) started_by_type: String,
    pub(in crate::cli) created_at: String,
    pub(in crate::cli) updated_at: String,
}

/// What a run is for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct BriefView {
    pub(in crate::cli) goal: Option<String>,
    pub(in crate::cli) scope: Option<String>,
    pub(in crate::cli) done_criteria: Option<String>,
    pub(in crate::cli) constraints: Option<String>,
}

/// The one document of a run (RUN-15).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Snapshot {
    pub(in crate::cli) run: RunView,
    pub(in crate::cli) as_of_pos: i64,
    pub(in crate::cli) agents: Vec<AgentView>,
    pub(in crate::cli) unresolved_guidance: Vec<OpenGuidance>,
    pub(in crate::cli) waiting: Waiting,
    pub(in crate::cli) escalation_candidates: Vec<Candidate>,
    pub(in crate::cli) counters: Counters,
    pub(in crate::cli) unhealthy_agents: Vec<String>,
    pub(in crate::cli) blockers: Vec<Blocker>,
    pub(in crate::cli) gates: Vec<GateView>,
    pub(in crate::cli) hints: Vec<String>,
}

/// An agent of a run.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct AgentView {
    pub(in crate::cli) name: String,
    pub(in crate::cli) session_id: Option<String>,
    pub(in crate::cli) status: Option<String>,
    pub(in crate::cli) health: Option<String>,
    pub(in crate::cli) completion: bool,
    pub(in crate::cli) validation: Option<String>,
    pub(in crate::cli) guidance: Option<String>,
    pub(in crate::cli) last_activity_at: Option<String>,
    pub(in crate::cli) prs: Vec<String>,
    pub(in crate::cli) draft_prs: Vec<String>,
}

impl Snapshot {
    /// What is known of an agent.
    pub(in crate::cli) fn agent(&self, name: &str) -> Option<&AgentView> {
        self.agents.iter().find(|agent| agent.name == name)
    }
}

/// A question that nobody has answered.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct OpenGuidance {
    pub(in crate::cli) thread_id: String,
    pub(in crate::cli) agent_name: String,
    pub(in crate::cli) request_id: String,
    pub(in crate::cli) status: String,
    pub(in crate::cli) question: String,
    pub(in crate::cli) options: Vec<String>,
    #[serde(rename = "default")]
    pub(in crate::cli) default_answer: Option<String>,
    pub(in crate::cli) deadline: Option<String>,
    pub(in crate::cli) waiting_seconds: u64,
}

/// What the waiting costs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Waiting {
    pub(in crate::cli) blocked_agents: u64,
    pub(in crate::cli) blocked_agent_seconds: u64,
    pub(in crate::cli) longest_seconds: u64,
}

/// A thread that asks for attention.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Candidate {
    pub(in crate::cli) thread_id: String,
    pub(in crate::cli) title: String,
    pub(in crate::cli) state: String,
    pub(in crate::cli) priority: String,
    pub(in crate::cli) untouched_seconds: u64,
}

/// Threads of a run that are not closed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Counters {
    pub(in crate::cli) open: i64,
    pub(in crate::cli) unseen: i64,
    pub(in crate::cli) unanswered: i64,
    pub(in crate::cli) waiting_operator: i64,
    pub(in crate::cli) waiting_human: i64,
}

/// One thing that keeps a run from going on.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Blocker {
    pub(in crate::cli) kind: String,
    pub(in crate::cli) agent_name: String,
    pub(in crate::cli) thread_id: Option<String>,
    pub(in crate::cli) session_id: Option<String>,
    pub(in crate::cli) detail: String,
}

/// What must hold before a run closes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct GateView {
    pub(in crate::cli) gate: String,
    pub(in crate::cli) agent_name: Option<String>,
    pub(in crate::cli) ok: bool,
    pub(in crate::cli) detail: String,
}
