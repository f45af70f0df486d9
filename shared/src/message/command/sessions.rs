//! The commands on an agent's working session.

mod start;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::value::{Activity, ProbeResult, Scope, SessionEnd};

pub use start::StartSession;

/// Longest path, repository or handle, in characters.
const PATH_MAX: usize = 1024;
/// Longest evidence of a probe, in characters.
const EVIDENCE_MAX: usize = 2000;

fn optional(check: &mut Check, field: &str, text: Option<&String>) -> Option<String> {
    check.optional_line(field, text.map(String::as_str), PATH_MAX)
}

/// Says what an agent is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportActivity {
    /// Taken from the path.
    #[schema(ignore)]
    pub session_id: String,
    /// What it does. Required unless `agent_session_id` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// False for a report that must not be believed; it changes nothing. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// What saw it, such as a hook's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was so, RFC 3339 UTC; the present unless given. An older report than the one stored is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Time>,
    /// The launch that reports; another one than the session's is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_id: Option<String>,
    /// The agent's own id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<String>,
    /// Branch it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Directory it works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_path: Option<String>,
    /// Its name in its runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_handle_id: Option<String>,
    /// Whether the directory holds what is not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_dirty: Option<bool>,
}

impl Command for ReportActivity {
    const NAME: &'static str = "report_activity";

    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let report = Self {
            source: check.optional_name("source", self.source.as_deref()),
            // Nobody has seen the future: a clock ahead of ours must not make later reports look old.
            at: self.at.map(|at| at.min(now)),
            launch_id: check.optional_name("launch_id", self.launch_id.as_deref()),
            agent_session_id: check.optional_name("agent_session_id", self.agent_session_id.as_deref()),
            branch: optional(&mut check, "branch", self.branch.as_ref()),
            workspace_path: optional(&mut check, "workspace_path", self.workspace_path.as_ref()),
            runtime_handle_id: optional(&mut check, "runtime_handle_id", self.runtime_handle_id.as_ref()),
            ..self
        };
        if report.activity.is_none() && report.agent_session_id.is_none() {
            check.complain("activity", "is required unless agent_session_id is given");
        }
        check.done(report)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Session(self.session_id.clone())
    }
}

impl ReportActivity {
    /// Whether it says nothing but what the agent does: such reports are coalesced while nothing changes.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.agent_session_id.is_none()
            && self.branch.is_none()
            && self.workspace_path.is_none()
            && self.runtime_handle_id.is_none()
            && self.workspace_dirty.is_none()
            && self.at.is_none()
            && self.valid != Some(false)
    }
}

/// Says what a probe of a session's runtime and of the agent's process found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRuntime {
    /// Taken from the path.
    #[serde(default)]
    #[schema(ignore)]
    pub session_id: String,
    /// What runs the agent.
    pub runtime: ProbeResult,
    /// The agent's process.
    pub process: ProbeResult,
    /// What the probe saw, at most 2 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The probe pass it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_id: Option<String>,
    /// The launch that was probed; another one than the session's is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_id: Option<String>,
}

impl ReportRuntime {
    /// Whether it says that nothing is left.
    #[must_use]
    pub fn is_death(&self) -> bool {
        (self.runtime, self.process) == (ProbeResult::Dead, ProbeResult::Dead)
    }
}

impl Command for ReportRuntime {
    const NAME: &'static str = "report_runtime";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let report = Self {
            evidence: check.optional_text("evidence", self.evidence.as_deref(), EVIDENCE_MAX),
            pass_id: check.optional_name("pass_id", self.pass_id.as_deref()),
            launch_id: check.optional_name("launch_id", self.launch_id.as_deref()),
            ..self
        };
        check.done(report)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Session(self.session_id.clone())
    }
}

/// Ends a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSession {
    /// Taken from the path.
    #[serde(default)]
    #[schema(ignore)]
    pub session_id: String,
    /// How it ends; `done` unless given.
    #[serde(default = "well")]
    pub outcome: SessionEnd,
    /// Why, at most 2 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn well() -> SessionEnd {
    SessionEnd::Done
}

impl Command for EndSession {
    const NAME: &'static str = "end_session";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let reason = check.optional_text("reason", self.reason.as_deref(), EVIDENCE_MAX);
        check.done(Self { reason, ..self })
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Session(self.session_id.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // SESSION-13
    #[test]
    fn a_report_says_what_the_agent_does_or_who_it_is() {
        let nothing = ReportActivity::default().normalise(Time(5)).err().unwrap_or_default();
        assert_eq!(nothing[0].pointer, "/activity");
        let named = ReportActivity { agent_session_id: Some("x".into()), ..ReportActivity::default() };
        assert!(named.normalise(Time(5)).is_ok());
        let unknown = serde_json::from_value::<ReportActivity>(json!({ "activity": "dreaming" }));
        assert!(unknown.is_err_and(|error| error.to_string().contains("must be one of active, ready")));
        let ahead =
            ReportActivity { activity: Some(Activity::Active), at: Some(Time(99)), ..ReportActivity::default() };
        assert_eq!(ahead.normalise(Time(5)).map(|report| report.at), Ok(Some(Time(5))));
    }

    // SESSION-3
    #[test]
    fn blank_is_absent() {
        let start = StartSession { branch: Some("  ".into()), harness: Some(" codex ".into()), ..Default::default() };
        let start = start.normalise(Time(0)).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert_eq!((start.branch, start.harness.as_deref()), (None, Some("codex")));
        let nameless = StartSession { run_id: Some("run_1".into()), ..Default::default() };
        assert!(nameless.normalise(Time(0)).is_err(), "an agent of a run has a name");
    }
}
