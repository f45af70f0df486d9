//! What the commands about sessions read in the server's documents: the members they show, and nothing else, so that a
//! newer server with more words is still understood.

use serde::Deserialize;

use crate::cli::pr::PrFacts;

/// An agent's session as lists and outcomes show it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionView {
    pub(super) session_id: String,
    pub(super) kind: String,
    pub(super) ticket: Option<String>,
    pub(super) run_id: Option<String>,
    pub(super) agent_name: Option<String>,
    pub(super) harness: Option<String>,
    pub(super) external_session_id: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) workspace_path: Option<String>,
    pub(super) workspace_dirty: Option<bool>,
    pub(super) runtime_name: Option<String>,
    pub(super) runtime_handle_id: Option<String>,
    pub(super) agent_session_id: Option<String>,
    pub(super) launch_id: Option<String>,
    pub(super) started_by: String,
    pub(super) started_by_type: String,
    pub(super) state: String,
    pub(super) state_since: String,
    pub(super) termination_reason: Option<String>,
    pub(super) end_reason: Option<String>,
    pub(super) is_alive: bool,
    pub(super) activity: Option<String>,
    pub(super) activity_at: Option<String>,
    pub(super) activity_source: Option<String>,
    pub(super) detecting: Option<DetectingView>,
    pub(super) probe: Option<ProbeView>,
    pub(super) status: String,
    pub(super) status_reason: ReasonView,
    pub(super) prs: Vec<PrFacts>,
    pub(super) control_thread_id: String,
    pub(super) launched_at: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// The fact that decided the status, and since when it holds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasonView {
    pub(super) fact: String,
    pub(super) value: String,
    pub(super) url: Option<String>,
    pub(super) since: String,
}

/// How far it is found out whether the session lives.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DetectingView {
    pub(super) attempts: u32,
    pub(super) since: String,
}

/// What the last probe found.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProbeView {
    pub(super) runtime: String,
    pub(super) process: String,
    pub(super) at: String,
}

/// What an agent has not read, the oldest first.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InboxView {
    pub(super) items: Vec<InboxItem>,
    pub(super) next_ack: Option<i64>,
}

/// Up to where an agent has read; that only grows.
#[derive(Deserialize)]
pub(super) struct Acknowledged {
    pub(super) inbox_pos: i64,
}

/// One thing to read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InboxItem {
    pub(super) pos: i64,
    pub(super) kind: String,
    pub(super) thread_id: String,
    pub(super) body: String,
    pub(super) option: Option<String>,
    pub(super) auto: bool,
    pub(super) from: Sender,
    pub(super) at: String,
}

/// Who says it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sender {
    pub(super) actor_type: String,
    pub(super) actor_name: String,
}
