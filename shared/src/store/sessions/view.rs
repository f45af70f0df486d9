//! A session as it is shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::SessionRow;
use crate::clock::Time;
use crate::domain::session::{PrFacts, Reason};
use crate::value::{
    Activity, ActorType, Mergeability, PrCi, PrReview, PrState, ProbeResult, SessionKind, SessionState, SessionStatus,
    TerminationReason,
};

/// A session as shown. What is not known is absent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// `{project}-{n}`.
    pub session_id: String,
    /// Project.
    pub project_id: String,
    /// What it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Run it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// What it is for.
    pub kind: SessionKind,
    /// The program the agent runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness: Option<String>,
    /// Its launcher's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_session_id: Option<String>,
    /// What the agent was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Where its work belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_path: Option<String>,
    /// Whether the directory holds what is not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_dirty: Option<bool>,
    /// What runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_name: Option<String>,
    /// Its name there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_handle_id: Option<String>,
    /// The agent's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<String>,
    /// The present launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_id: Option<String>,
    /// Who started it.
    pub started_by: String,
    /// What kind of actor started it.
    pub started_by_type: ActorType,
    /// Where it stands.
    pub state: SessionState,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Time,
    /// How it ended, if it is terminated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_reason: Option<TerminationReason>,
    /// Why somebody ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// Whether it is known to live.
    pub is_alive: bool,
    /// What its agent last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// When, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub activity_at: Option<Time>,
    /// What saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_source: Option<String>,
    /// What is remembered while it is found out whether it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detecting: Option<DetectingView>,
    /// What the last probe found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeView>,
    /// What it shows: derived from its facts and those of its pull requests.
    pub status: SessionStatus,
    /// The fact that decided.
    pub status_reason: Reason,
    /// Its pull requests.
    pub prs: Vec<SessionPr>,
    /// The control thread that its agent reads.
    pub control_thread_id: String,
    /// Up to which position of the log its agent has read.
    pub inbox_pos: i64,
    /// When it was last launched, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub launched_at: Time,
    /// When it was started, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it last changed, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// What is remembered while it is found out whether a session lives.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DetectingView {
    /// Reports in a row with the same evidence.
    pub attempts: u32,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// What a probe found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProbeView {
    /// What runs the agent.
    pub runtime: ProbeResult,
    /// The agent's process.
    pub process: ProbeResult,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// A pull request as its session shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionPr {
    /// Address.
    pub url: String,
    /// Where it stands.
    pub state: PrState,
    /// What reviewers say.
    pub review: PrReview,
    /// What its checks come to.
    pub ci: PrCi,
    /// Whether it can be merged.
    pub mergeability: Mergeability,
    /// Unresolved comments.
    pub unresolved: i64,
}

impl From<PrFacts> for SessionPr {
    fn from(facts: PrFacts) -> Self {
        Self {
            url: facts.url,
            state: facts.state.0,
            review: facts.review.0,
            ci: facts.ci.0,
            mergeability: facts.mergeability.0,
            unresolved: facts.unresolved.0,
        }
    }
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        let SessionRow { scope, session, prs, shown } = row;
        let control_thread_id = session.control_thread(&scope);
        let place = session.place;
        Self {
            session_id: session.session_id,
            project_id: scope.project_id,
            ticket: place.ticket,
            run_id: place.run_id,
            agent_name: place.agent_name,
            kind: place.kind,
            harness: place.harness,
            external_session_id: place.external_session_id,
            prompt: place.prompt,
            repository: place.repository,
            branch: place.branch,
            workspace_path: place.workspace_path,
            workspace_dirty: place.workspace_dirty,
            runtime_name: place.runtime_name,
            runtime_handle_id: place.runtime_handle_id,
            agent_session_id: place.agent_session_id,
            launch_id: place.launch_id,
            started_by: session.started_by.actor_name,
            started_by_type: session.started_by.actor_type,
            state: session.state,
            state_since: session.state_since,
            termination_reason: session.termination_reason,
            end_reason: session.end_reason,
            is_alive: session.is_alive,
            activity: session.activity,
            activity_at: session.activity_at,
            activity_source: session.activity_source,
            detecting: session.detecting.map(|it| DetectingView { attempts: it.attempts, since: it.since }),
            probe: session.probe.map(|it| ProbeView { runtime: it.runtime, process: it.process, at: it.at }),
            status: shown.status,
            status_reason: shown.reason,
            prs: prs.into_iter().map(SessionPr::from).collect(),
            control_thread_id,
            inbox_pos: session.inbox_pos,
            launched_at: session.launched_at,
            created_at: session.created_at,
            updated_at: session.updated_at,
        }
    }
}
