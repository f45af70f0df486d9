//! What an agent of a run is doing, and whether it lives and gets on: judged by its newest session in the run and by what
//! it said. Silence is never taken for death: only an end that was found out is.

use std::time::Duration;

use crate::clock::Time;
use crate::domain::session::Session;
use crate::value::{AgentHealth, AgentStatus};

/// What health is judged by.
#[derive(Clone, Copy, Debug)]
pub struct HealthLimits {
    /// Silence after which an agent counts as idle.
    pub idle: Duration,
    /// Silence after which it counts as stalled.
    pub stalled: Duration,
    /// Time without progress after which it counts as stalled, however much it says.
    pub progress: Duration,
}

/// What an agent is doing, by its newest session (SPEC RUN-7).
#[must_use]
pub fn status(session: Option<&Session>) -> AgentStatus {
    session.map_or(AgentStatus::Pending, |session| AgentStatus::of(session.state, session.termination_reason))
}

/// When an agent last did anything that was noted: a report of its newest session, or its own words.
#[must_use]
pub fn last_activity(session: Option<&Session>, heard: Option<Time>) -> Option<Time> {
    session.and_then(|session| session.activity_at).max(heard)
}

/// Whether an agent lives and gets on (SPEC RUN-8); `heard` is when it last said something.
#[must_use]
pub fn health(session: Option<&Session>, heard: Option<Time>, limits: HealthLimits, now: Time) -> AgentHealth {
    let Some(session) = session else { return AgentHealth::Unknown };
    match status(Some(session)) {
        AgentStatus::Failed | AgentStatus::Lost => return AgentHealth::Dead,
        AgentStatus::Pending | AgentStatus::Starting | AgentStatus::Done | AgentStatus::Stopped => {
            return AgentHealth::Unknown;
        }
        AgentStatus::Running | AgentStatus::Waiting => {}
    }
    // What was heard before the present launch says nothing about it.
    let heard = heard.filter(|at| *at >= session.launched_at);
    let Some(active) = session.activity_at.max(heard) else { return AgentHealth::Unknown };
    let progress = heard.map_or(session.progress_at, |at| at.max(session.progress_at));
    let silent = now.since(active);
    if silent >= limits.stalled || now.since(progress) >= limits.progress {
        AgentHealth::Stalled
    } else if silent >= limits.idle {
        AgentHealth::Idle
    } else {
        AgentHealth::Healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::command::StartSession;
    use crate::value::{Actor, SessionState, TerminationReason};

    const LIMITS: HealthLimits = HealthLimits {
        idle: Duration::from_secs(300),
        stalled: Duration::from_secs(900),
        progress: Duration::from_secs(1200),
    };

    fn session(state: SessionState, reason: Option<TerminationReason>) -> Session {
        let session = Session::begin("default-1".into(), &StartSession::default(), &Actor::system("test"), Time(0));
        Session { state, termination_reason: reason, ..session }
    }

    fn seconds(at: i64) -> Time {
        Time(at * 1000)
    }

    // RUN-7, RUN-8
    #[test]
    fn how_a_session_stands_says_what_its_agent_does_and_whether_silence_counts() {
        use SessionState::{Detecting, Done, Idle, NeedsInput, NotStarted, Stuck, Terminated, Working};
        use TerminationReason::{
            AgentProcessExited, AutoCleanup, ErrorInProcess, ManuallyKilled, PrMerged, ProbeFailure, RuntimeLost,
        };
        // Each has been silent for ever: whatever may be judged by silence is stalled.
        let table = [
            (NotStarted, None, AgentStatus::Starting, AgentHealth::Unknown),
            (Working, None, AgentStatus::Running, AgentHealth::Stalled),
            (Idle, None, AgentStatus::Running, AgentHealth::Stalled),
            (Stuck, None, AgentStatus::Running, AgentHealth::Stalled),
            (Detecting, None, AgentStatus::Running, AgentHealth::Stalled),
            (NeedsInput, None, AgentStatus::Waiting, AgentHealth::Stalled),
            (Done, None, AgentStatus::Done, AgentHealth::Unknown),
            (Terminated, Some(ErrorInProcess), AgentStatus::Failed, AgentHealth::Dead),
            (Terminated, Some(ProbeFailure), AgentStatus::Failed, AgentHealth::Dead),
            (Terminated, Some(RuntimeLost), AgentStatus::Lost, AgentHealth::Dead),
            (Terminated, Some(AgentProcessExited), AgentStatus::Lost, AgentHealth::Dead),
            (Terminated, Some(ManuallyKilled), AgentStatus::Stopped, AgentHealth::Unknown),
            (Terminated, Some(AutoCleanup), AgentStatus::Stopped, AgentHealth::Unknown),
            (Terminated, Some(PrMerged), AgentStatus::Stopped, AgentHealth::Unknown),
        ];
        for (state, reason, does, stands) in table {
            let session = Session { activity_at: Some(seconds(1)), ..session(state, reason) };
            assert_eq!(status(Some(&session)), does, "{state:?} {reason:?}");
            assert_eq!(health(Some(&session), None, LIMITS, seconds(1_000_000)), stands, "{state:?} {reason:?}");
        }
        assert_eq!(status(None), AgentStatus::Pending);
        assert_eq!(health(None, Some(seconds(1)), LIMITS, seconds(1_000_000)), AgentHealth::Unknown);
    }

    // RUN-8
    #[test]
    fn an_agent_is_judged_by_what_it_last_did_and_by_its_last_progress() {
        // Seconds ago: launch, activity, progress, heard of.
        let table = [
            (50, Some(0), 0, None, AgentHealth::Healthy),
            (5000, Some(299), 299, None, AgentHealth::Healthy),
            (5000, Some(300), 300, None, AgentHealth::Idle),
            (5000, Some(899), 899, None, AgentHealth::Idle),
            (5000, Some(900), 900, None, AgentHealth::Stalled),
            // It reports that it works, and nothing comes of it.
            (5000, Some(5), 1199, None, AgentHealth::Healthy),
            (5000, Some(5), 1200, None, AgentHealth::Stalled),
            // What it says is a sign of life and of progress.
            (5000, Some(1300), 1300, Some(10), AgentHealth::Healthy),
            (5000, None, 5000, Some(400), AgentHealth::Idle),
            (5000, None, 5000, Some(900), AgentHealth::Stalled),
            // Said before this launch, it is none of this launch.
            (100, None, 100, Some(2000), AgentHealth::Unknown),
            (100, Some(20), 20, Some(2000), AgentHealth::Healthy),
            // Nothing tells.
            (5000, None, 5000, None, AgentHealth::Unknown),
        ];
        let now = 10_000;
        for (launched, active, progress, heard, expected) in table {
            let ago = |time: i64| seconds(now - time);
            let session = Session {
                launched_at: ago(launched),
                activity_at: active.map(ago),
                progress_at: ago(progress),
                ..session(SessionState::Working, None)
            };
            let found = health(Some(&session), heard.map(ago), LIMITS, seconds(now));
            assert_eq!(found, expected, "{launched} {active:?} {progress} {heard:?}");
        }
    }

    // RUN-15
    #[test]
    fn the_last_activity_is_the_later_of_report_and_word() {
        let reported = Session { activity_at: Some(seconds(7)), ..session(SessionState::Working, None) };
        assert_eq!(last_activity(Some(&reported), Some(seconds(9))), Some(seconds(9)));
        assert_eq!(last_activity(Some(&reported), None), Some(seconds(7)));
        assert_eq!(last_activity(None, Some(seconds(3))), Some(seconds(3)));
        assert_eq!(last_activity(None, None), None);
    }
}
