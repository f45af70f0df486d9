//! An agent's working session: what the command side knows of it, and how it moves. Every report is a pure step from one
//! state of the session to the next; the database writes the event of what changed.

mod evidence;
mod place;
mod probe;
mod status;

use crate::clock::Time;
use crate::error::{Code, Rejection};
use crate::message::command::{ReportActivity, StartSession, control_thread_id};
use crate::value::{Activity, Actor, ProbeResult, Scope, SessionEnd, SessionState, TerminationReason};

pub use evidence::evidence_hash;
pub use place::{SessionPlace, repository_key};
pub use probe::{Death, ProbeLimits};
pub use status::{Deciding, PrFacts, Reason, Shown, StatusLimits, derive};

/// Programs that report by hooks: of those an agent that has not reported is noticed.
const HOOKED: &[&str] = &["claude-code", "codex"];

/// A session as the command side keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// `{project}-{n}`.
    pub session_id: String,
    /// Place in the order of all sessions; 0 before it is stored.
    pub id: i64,
    /// What was said about it.
    pub place: SessionPlace,
    /// Who started it.
    pub started_by: Actor,
    /// Where it stands.
    pub state: SessionState,
    /// Since when.
    pub state_since: Time,
    /// How it ended, exactly when it is terminated.
    pub termination_reason: Option<TerminationReason>,
    /// Why somebody ended it.
    pub end_reason: Option<String>,
    /// Whether it is known to live.
    pub is_alive: bool,
    /// What its agent last reported.
    pub activity: Option<Activity>,
    /// When.
    pub activity_at: Option<Time>,
    /// What saw it.
    pub activity_source: Option<String>,
    /// The command that stored it.
    pub activity_command: Option<String>,
    /// When something about its work last changed.
    pub progress_at: Time,
    /// What is remembered while it is found out whether it lives.
    pub detecting: Option<Detecting>,
    /// What the last probe found.
    pub probe: Option<Probed>,
    /// When it was last launched.
    pub launched_at: Time,
    /// Up to which position its agent has read.
    pub inbox_pos: i64,
    /// When it was started.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Changes with every write.
    pub version: i64,
}

/// What is remembered while it is found out whether a session lives (SPEC SESSION-6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detecting {
    /// Reports in a row with the same evidence.
    pub attempts: u32,
    /// Since when.
    pub since: Time,
    /// The evidence, without its times.
    pub evidence_hash: String,
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What runs the agent.
    pub runtime: ProbeResult,
    /// The agent's process.
    pub process: ProbeResult,
    /// When.
    pub at: Time,
}

/// What a command on a session comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEvent {
    /// It begins.
    Started(Box<Session>),
    /// It is so from now on.
    Changed(Box<Session>),
    /// The report was not heeded.
    Ignored,
}

impl Session {
    /// The session, which must be there.
    ///
    /// # Errors
    /// `not_found`.
    pub fn expect(session: Option<&Self>) -> Result<&Self, Rejection> {
        session.ok_or_else(|| Rejection::new(Code::NotFound, "no such session"))
    }

    /// The control thread that its agent reads: that of the agent in its run, or one of its own.
    #[must_use]
    pub fn control_thread(&self, scope: &Scope) -> String {
        match (&self.place.run_id, &self.place.agent_name) {
            (Some(run_id), Some(agent)) => control_thread_id(scope, run_id, agent),
            _ => control_thread_id(scope, "", &self.session_id),
        }
    }

    /// A session at its start.
    #[must_use]
    pub fn begin(session_id: String, start: &StartSession, actor: &Actor, at: Time) -> Self {
        Self {
            session_id,
            id: 0,
            place: SessionPlace::of(start),
            started_by: actor.clone(),
            state: SessionState::NotStarted,
            state_since: at,
            termination_reason: None,
            end_reason: None,
            is_alive: false,
            activity: None,
            activity_at: None,
            activity_source: None,
            activity_command: None,
            progress_at: at,
            detecting: None,
            probe: None,
            launched_at: at,
            inbox_pos: 0,
            created_at: at,
            updated_at: at,
            version: 0,
        }
    }

    /// Opens it again after it ended, as a new launch.
    pub fn restore(&mut self, start: &StartSession, at: Time) {
        self.place.learn(start);
        self.place.launch_id.clone_from(&start.launch_id);
        self.enter(SessionState::NotStarted, at);
        self.end_reason = None;
        self.is_alive = false;
        (self.activity, self.activity_at, self.probe) = (None, None, None);
        (self.activity_source, self.activity_command) = (None, None);
        (self.launched_at, self.progress_at) = (at, at);
    }

    /// Moves to another state. What belongs to the one before ends with it.
    fn enter(&mut self, state: SessionState, at: Time) {
        if self.state != state {
            self.state = state;
            self.state_since = at;
        }
        if state != SessionState::Detecting {
            self.detecting = None;
        }
        if state != SessionState::Terminated {
            self.termination_reason = None;
        }
    }

    /// Ends it for `reason`.
    pub fn terminate(&mut self, reason: TerminationReason, at: Time) {
        self.enter(SessionState::Terminated, at);
        self.termination_reason = Some(reason);
        self.is_alive = false;
    }

    /// Ends it as it was asked to; one that is over stays as it is.
    pub fn end(&mut self, outcome: SessionEnd, why: Option<&String>, at: Time) {
        if self.state.is_over() {
            return;
        }
        self.end_reason = why.cloned();
        match outcome {
            SessionEnd::Done => {
                self.enter(SessionState::Done, at);
                self.is_alive = false;
            }
            SessionEnd::Killed => self.terminate(TerminationReason::ManuallyKilled, at),
            SessionEnd::LaunchFailed => self.terminate(TerminationReason::ErrorInProcess, at),
            SessionEnd::Cleanup => self.terminate(TerminationReason::AutoCleanup, at),
        }
    }

    /// Whether a report of `launch_id` is about the present launch. One that names none is taken to be.
    #[must_use]
    pub fn is_launch(&self, launch_id: Option<&String>) -> bool {
        launch_id.is_none() || self.place.launch_id.is_none() || launch_id == self.place.launch_id.as_ref()
    }

    /// What a report of its agent does (SPEC SESSION-13). Whether it was heeded: it is not when the session is over, when
    /// another launch sent it, or when a later one was stored before.
    #[must_use]
    pub fn reported(&mut self, report: &ReportActivity, command_id: &str, now: Time) -> bool {
        let at = report.at.unwrap_or(now);
        let outdated = self.activity_at.is_some_and(|stored| at < stored);
        let valid = report.valid != Some(false);
        if self.state.is_over() || !valid || outdated || !self.is_launch(report.launch_id.as_ref()) {
            return false;
        }
        self.place.hear(report);
        let Some(activity) = report.activity else { return true };
        if self.activity != Some(activity) {
            self.progress_at = self.progress_at.max(at);
        }
        self.activity = Some(activity);
        self.activity_at = Some(at);
        self.activity_source.clone_from(&report.source);
        self.activity_command = Some(command_id.to_owned());
        let state = match activity {
            Activity::Active => SessionState::Working,
            Activity::Ready | Activity::Idle => SessionState::Idle,
            Activity::WaitingInput => SessionState::NeedsInput,
            Activity::Blocked => SessionState::Stuck,
            Activity::Exited => return true,
        };
        self.is_alive = true;
        self.enter(state, now);
        true
    }

    /// Whether its agent waits for a permission: whatever is typed then would answer that (SPEC SESSION-24).
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.activity == Some(Activity::Blocked)
    }

    /// Whether a nudge would reach an agent that can heed it (SPEC REACT-8).
    #[must_use]
    pub fn is_workable(&self) -> bool {
        matches!(self.state, SessionState::Working | SessionState::Idle) && self.is_alive && !self.is_blocked()
    }

    /// Whether its agent reports by hooks, so that silence tells something.
    #[must_use]
    pub fn is_hooked(&self) -> bool {
        self.place.harness.as_deref().is_some_and(|harness| HOOKED.contains(&harness))
    }
}

#[cfg(test)]
mod tests;
