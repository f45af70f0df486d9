//! Starting a session.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::check::Check;
use super::super::{Command, Subject};
use super::optional;
use crate::clock::Time;
use crate::error::FieldError;
use crate::value::{Scope, SessionKind};

/// Longest prompt, in characters.
const PROMPT_MAX: usize = 65_536;

/// Starts an agent's session, or finds the one that is known under the same external id. Whatever is empty or absent leaves
/// what is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartSession {
    /// What it works on; the run's first ticket unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The run it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The agent. In a run it joins the run's agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// What it is for; `worker` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SessionKind>,
    /// The program the agent runs in, such as `claude-code` or `codex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness: Option<String>,
    /// Whoever launches it may know it by this id; a second start with it answers the first session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_session_id: Option<String>,
    /// What the agent was told, at most 65 536 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Where its work belongs: `owner/name`, or a URL that ends so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Branch it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Directory it works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_path: Option<String>,
    /// What runs it, such as `process` or `tmux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_name: Option<String>,
    /// Its name there: a process id, a tmux target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_handle_id: Option<String>,
    /// The agent's own id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<String>,
    /// This launch; reports that name another one are ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_id: Option<String>,
    /// Opens this session again after it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_session_id: Option<String>,
}

impl Command for StartSession {
    const NAME: &'static str = "start_session";
    const OPENS: bool = true;

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let start = Self {
            ticket: check.optional_name("ticket", self.ticket.as_deref()),
            run_id: check.optional_name("run_id", self.run_id.as_deref()),
            agent_name: check.optional_name("agent_name", self.agent_name.as_deref()),
            kind: self.kind,
            harness: check.optional_name("harness", self.harness.as_deref()),
            external_session_id: check.optional_name("external_session_id", self.external_session_id.as_deref()),
            prompt: check.optional_text("prompt", self.prompt.as_deref(), PROMPT_MAX),
            repository: optional(&mut check, "repository", self.repository.as_ref()),
            branch: optional(&mut check, "branch", self.branch.as_ref()),
            workspace_path: optional(&mut check, "workspace_path", self.workspace_path.as_ref()),
            runtime_name: check.optional_name("runtime_name", self.runtime_name.as_deref()),
            runtime_handle_id: optional(&mut check, "runtime_handle_id", self.runtime_handle_id.as_ref()),
            agent_session_id: check.optional_name("agent_session_id", self.agent_session_id.as_deref()),
            launch_id: check.optional_name("launch_id", self.launch_id.as_deref()),
            restore_session_id: check.optional_name("restore_session_id", self.restore_session_id.as_deref()),
        };
        if start.run_id.is_some() && start.agent_name.is_none() && start.restore_session_id.is_none() {
            check.complain("agent_name", "is required in a run");
        }
        if start.restore_session_id.is_some() && start.external_session_id.is_some() {
            check.complain("external_session_id", "names a session, and so does restore_session_id");
        }
        check.done(start)
    }

    /// A new session's id is counted, so all starts of a project are one stream; a restore is about the session.
    fn subject(&self, scope: &Scope, _command: Uuid) -> Subject {
        match &self.restore_session_id {
            Some(session_id) => Subject::Session(session_id.clone()),
            None => Subject::SessionStarts(scope.project_id.clone()),
        }
    }
}
