//! What a snapshot says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::domain::control::Asked;
use crate::domain::run::gates::Gate;
use crate::store::views::run_snapshots::RunView;
use crate::value::{AgentHealth, AgentStatus, GuidanceStatus, Priority, ProbeResult, ThreadState, ValidationStatus};

/// A run, what it waits for, and what comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// The run.
    pub run: RunView,
    /// Everything up to this position is in it.
    pub as_of_pos: i64,
    /// Its agents, by name.
    pub agents: Vec<AgentSnapshot>,
    /// Questions that nobody has answered, the oldest first.
    pub unresolved_guidance: Vec<OpenGuidance>,
    /// What the waiting costs.
    pub waiting: Waiting,
    /// Threads that ask for attention, the most urgent and oldest first; at most 100.
    pub escalation_candidates: Vec<Candidate>,
    /// Threads of the run that are not closed.
    pub counters: ThreadCounters,
    /// Agents that are stalled or dead.
    pub unhealthy_agents: Vec<String>,
    /// What keeps the run from going on.
    pub blockers: Vec<Blocker>,
    /// What must hold before it closes.
    pub gates: Vec<Gate>,
    /// What to do next, as commands.
    pub hints: Vec<String>,
}

/// An agent of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentSnapshot {
    /// Its name.
    pub name: String,
    /// Its newest session, if it has one.
    pub session_id: Option<String>,
    /// What it is doing; `pending` without a session.
    pub status: AgentStatus,
    /// Whether it lives and gets on; `unknown` without data.
    pub health: AgentHealth,
    /// Whether it said that it is done.
    pub completion: bool,
    /// How its work was judged, once it was.
    pub validation: Option<ValidationStatus>,
    /// How its latest question stands, if it ever asked.
    pub guidance: Option<GuidanceStatus>,
    /// When it last did anything that was noted, RFC 3339 UTC.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_activity_at: Option<Time>,
    /// Addresses of its newest session's pull requests, open ones first.
    pub prs: Vec<String>,
    /// Those that are drafts.
    pub draft_prs: Vec<String>,
    /// Whether its directory holds what is not committed; unknown until its session said so.
    pub workspace_dirty: Option<bool>,
    /// Whether there are unresolved review comments that it was not told of.
    pub undelivered_comments: bool,
    /// What the operator reminded it of: its session for what is not committed, addresses of drafts.
    pub reminded_of: Vec<String>,
    /// What the last probe of its newest session found.
    pub probe: Option<ProbeSnapshot>,
}

impl AgentSnapshot {
    /// Whether it said that it is done and its work was not found wanting: then it owes nothing, and may be silent or gone.
    #[must_use]
    pub fn has_delivered(&self) -> bool {
        self.completion && self.validation != Some(ValidationStatus::Failed)
    }
}

/// What a probe of an agent's session found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeSnapshot {
    /// What runs the agent.
    pub runtime: ProbeResult,
    /// The agent's process.
    pub process: ProbeResult,
    /// When that was found first, RFC 3339 UTC: the same again is not stored.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// A question that nobody has answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenGuidance {
    /// The control thread: answer there.
    pub thread_id: String,
    /// The agent that waits.
    pub agent_name: String,
    /// The question.
    #[serde(flatten)]
    pub asked: Asked,
    /// How long it has waited, in whole seconds.
    pub waiting_seconds: u64,
}

/// What the waiting costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// Agents that wait for guidance.
    pub blocked_agents: u64,
    /// Blocked agents times how long each has waited, in seconds.
    pub blocked_agent_seconds: u64,
    /// The longest wait, in seconds.
    pub longest_seconds: u64,
}

/// A thread that asks for attention (SPEC RUN-16).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// The thread.
    pub thread_id: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// The agent that asks, if one does.
    pub agent_name: Option<String>,
    /// How long nobody touched it, in whole seconds.
    pub untouched_seconds: u64,
}

/// Threads of a run that are not closed, control threads among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThreadCounters {
    /// All of them.
    pub open: i64,
    /// Those with something the viewer has not seen; all of them without a viewer.
    pub unseen: i64,
    /// Those that wait and in which an agent had the last word.
    pub unanswered: i64,
    /// Those that wait for an operator.
    pub waiting_operator: i64,
    /// Those that wait for a person.
    pub waiting_human: i64,
}

/// What keeps a run from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockerKind {
    /// An agent waits for guidance.
    Guidance,
    /// An agent's work was found wanting.
    ValidationFailed,
    /// An agent could not be launched, or not be probed.
    AgentFailed,
    /// An agent went away.
    AgentLost,
}

/// One thing that keeps a run from going on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Blocker {
    /// What.
    pub kind: BlockerKind,
    /// Whose.
    pub agent_name: String,
    /// The control thread, where it is dealt with, if the agent has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The session that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// For a person.
    pub detail: String,
}
