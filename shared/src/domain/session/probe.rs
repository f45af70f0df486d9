//! What probes of a session's runtime come to. A probe that failed or does not know never means that an agent is dead.

use std::time::Duration;

use super::{Detecting, Probed, Session, evidence_hash};
use crate::clock::Time;
use crate::message::command::ReportRuntime;
use crate::value::{Activity, ProbeResult, SessionState, TerminationReason};

/// What probes are judged by.
#[derive(Clone, Copy, Debug)]
pub struct ProbeLimits {
    /// An agent that was heard of since is not dead.
    pub recent: Duration,
    /// Reports in a row with the same evidence after which a session is stuck.
    pub reports: u32,
    /// How long it may take to find out.
    pub after: Duration,
}

/// When so many sessions seem dead at once, it is the probe that is wrong (SPEC SESSION-20).
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// Fewer are believed.
    pub min: usize,
    /// Share of the pass, in percent; up to it they are believed.
    pub share: u32,
}

impl Death {
    /// Whether the dead of one pass must not be believed.
    #[must_use]
    pub fn is_implausible(self, dead: usize, all: usize) -> bool {
        dead >= self.min && dead * 100 > all * self.share as usize
    }
}

impl Session {
    /// What a probe does (SPEC SESSION-14 to SESSION-16). Whether it was heeded.
    #[must_use]
    pub fn probed(&mut self, report: &ReportRuntime, limits: ProbeLimits, now: Time) -> bool {
        if self.state.is_over() || !self.is_launch(report.launch_id.as_ref()) {
            return false;
        }
        let (runtime, process) = (report.runtime, report.process);
        self.probe = Some(Probed { runtime, process, at: now });
        match (runtime, process) {
            (ProbeResult::Alive, ProbeResult::Alive) => self.found_alive(now),
            (ProbeResult::Dead, ProbeResult::Dead) if !self.heard_since(limits.recent, now) => {
                let exited = self.activity == Some(Activity::Exited);
                let lost = if exited { TerminationReason::AgentProcessExited } else { TerminationReason::RuntimeLost };
                self.terminate(lost, now);
            }
            _ => self.doubted(&evidence_hash(runtime, process, report.evidence.as_deref()), limits, now),
        }
        true
    }

    /// Whether it was heard of, or launched, within `recent`.
    fn heard_since(&self, recent: Duration, now: Time) -> bool {
        let heard = self.activity_at.map_or(self.launched_at, |at| at.max(self.launched_at));
        now.since(heard) < recent
    }

    fn found_alive(&mut self, now: Time) {
        self.is_alive = true;
        // An agent that waited for a permission and then left may have left it open.
        let said = matches!(self.activity, Some(Activity::Blocked | Activity::Exited));
        let doubted = self.state == SessionState::Stuck && !said;
        if doubted || matches!(self.state, SessionState::Detecting | SessionState::NotStarted) {
            self.enter(SessionState::Working, now);
        }
    }

    /// Nothing conclusive: the same finding often enough, or too long without one, is stuck. What the agent itself said it
    /// waits for stays said.
    fn doubted(&mut self, evidence_hash: &str, limits: ProbeLimits, now: Time) {
        if matches!(self.state, SessionState::Stuck | SessionState::NeedsInput) {
            return;
        }
        let detecting = match self.detecting.take() {
            Some(before) if before.evidence_hash == evidence_hash => {
                Detecting { attempts: before.attempts.saturating_add(1), ..before }
            }
            before => Detecting {
                attempts: 1,
                since: before.map_or(now, |before| before.since),
                evidence_hash: evidence_hash.to_owned(),
            },
        };
        self.is_alive = true;
        if detecting.attempts >= limits.reports || now.since(detecting.since) >= limits.after {
            self.enter(SessionState::Stuck, now);
            return;
        }
        self.enter(SessionState::Detecting, now);
        self.detecting = Some(detecting);
    }
}
