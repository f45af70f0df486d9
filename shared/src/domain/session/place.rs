//! What is said about a session beside what it does: where it belongs, where it runs. What is empty leaves what is stored.

use crate::message::command::{ReportActivity, StartSession};
use crate::value::SessionKind;

/// What whoever started or runs a session said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionPlace {
    /// Ticket.
    pub ticket: Option<String>,
    /// Run.
    pub run_id: Option<String>,
    /// Agent.
    pub agent_name: Option<String>,
    /// What it is for.
    pub kind: SessionKind,
    /// The program.
    pub harness: Option<String>,
    /// The launcher's id.
    pub external_session_id: Option<String>,
    /// What the agent was told.
    pub prompt: Option<String>,
    /// Where its work belongs.
    pub repository: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// Directory.
    pub workspace_path: Option<String>,
    /// Whether the directory holds what is not committed.
    pub workspace_dirty: Option<bool>,
    /// What runs it.
    pub runtime_name: Option<String>,
    /// Its name there.
    pub runtime_handle_id: Option<String>,
    /// The agent's own id.
    pub agent_session_id: Option<String>,
    /// The present launch.
    pub launch_id: Option<String>,
}

/// Takes what is given, and leaves what is not.
fn learn<T: Clone>(stored: &mut Option<T>, given: Option<&T>) {
    if let Some(given) = given {
        *stored = Some(given.clone());
    }
}

impl SessionPlace {
    /// What the start of a new session says. Where it belongs is said here, and never again.
    #[must_use]
    pub fn of(start: &StartSession) -> Self {
        let mut place = Self {
            ticket: start.ticket.clone(),
            run_id: start.run_id.clone(),
            agent_name: start.agent_name.clone(),
            external_session_id: start.external_session_id.clone(),
            ..Self::default()
        };
        place.learn(start);
        place
    }

    /// What a further start says.
    pub fn learn(&mut self, start: &StartSession) {
        for (stored, given) in [
            (&mut self.harness, &start.harness),
            (&mut self.prompt, &start.prompt),
            (&mut self.repository, &start.repository),
            (&mut self.branch, &start.branch),
            (&mut self.workspace_path, &start.workspace_path),
            (&mut self.runtime_name, &start.runtime_name),
            (&mut self.runtime_handle_id, &start.runtime_handle_id),
            (&mut self.agent_session_id, &start.agent_session_id),
            (&mut self.launch_id, &start.launch_id),
        ] {
            learn(stored, given.as_ref());
        }
        self.kind = start.kind.unwrap_or(self.kind);
    }

    pub(super) fn hear(&mut self, report: &ReportActivity) {
        for (stored, given) in [
            (&mut self.agent_session_id, &report.agent_session_id),
            (&mut self.branch, &report.branch),
            (&mut self.workspace_path, &report.workspace_path),
            (&mut self.runtime_handle_id, &report.runtime_handle_id),
        ] {
            learn(stored, given.as_ref());
        }
        learn(&mut self.workspace_dirty, report.workspace_dirty.as_ref());
    }

    /// The repository in the form in which it is compared: `owner/name`, lower case.
    #[must_use]
    pub fn repository_key(&self) -> Option<String> {
        self.repository.as_deref().and_then(repository_key)
    }
}

/// `owner/name` in lower case, of a repository's name or of any of its addresses.
#[must_use]
pub fn repository_key(repository: &str) -> Option<String> {
    let text = repository.trim().to_lowercase();
    let text = text.trim_end_matches('/').trim_end_matches(".git");
    let mut parts = text.rsplit(['/', ':']).filter(|part| !part.is_empty());
    let (name, owner) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{name}"))
}
