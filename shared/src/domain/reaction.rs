//! What the facts of a session and its pull requests ask for: words to its agent, or to a person. Planned from where
//! things stand and from what was said before, not from what just happened: so it may be planned at any time, again after
//! a restart, and nothing is said twice or forgotten.

mod checks;
mod comments;
mod plan;
mod text;

use std::time::Duration;

use crate::clock::Time;
use crate::message::command::ObservedComment;
use crate::value::{Mergeability, NotificationKind, PrCi, PrReview, PrState, SessionState, TerminationReason};

use super::pull_request::{Check, PullRequest};
use super::session::Session;

pub use plan::{Notice, Nudge, Plan};

/// Why an agent is nudged. Reactions that turn to a person later have the name of that notification.
pub mod keys {
    /// A check of its pull request failed.
    pub const CI_FAILED: &str = "ci_failed";
    /// Reviewers want changes.
    pub const REVIEW: &str = "review";
    /// Its pull request conflicts with its base.
    pub const MERGE_CONFLICT: &str = "merge_conflict";
    /// It has nothing to do and has not said that it is done.
    pub const IDLE: &str = "idle";
    /// A person was told of a merge: for good.
    pub const PR_MERGED: &str = "pr_merged";
    /// The operator: its work is done and not committed.
    pub const COMMIT_READY: &str = "commit_ready";
    /// The operator: its work is done and its pull request still a draft.
    pub const PR_READY: &str = "pr_ready";

    /// Its word, if it is one of these.
    #[must_use]
    pub fn known(key: &str) -> Option<&'static str> {
        [CI_FAILED, REVIEW, MERGE_CONFLICT, IDLE, COMMIT_READY, PR_READY].into_iter().find(|known| *known == key)
    }
}

/// Everything that is looked at.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The session.
    pub session: Session,
    /// Its pull requests.
    pub prs: Vec<PrSituation>,
    /// Whether its agent said that it is done.
    pub completed: bool,
    /// Whether its agent waits for an answer.
    pub asks: bool,
    /// What was said before.
    pub told: Vec<Told>,
    /// What people were told about it and its pull requests, and what is not resolved.
    pub raised: Vec<(NotificationKind, String)>,
}

/// One of its pull requests.
#[derive(Clone, Debug)]
pub struct PrSituation {
    /// The facts.
    pub facts: PullRequest,
    /// Its checks, in the order in which they were first seen.
    pub checks: Vec<Check>,
    /// Its comments that are not resolved.
    pub unresolved: Vec<ObservedComment>,
}

/// A row of what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Why.
    pub key: String,
    /// About what.
    pub subject: String,
    /// How often.
    pub attempts: u32,
    /// When a person is to be told, if it lasts.
    pub escalate_at: Option<Time>,
}

/// What reactions are limited by.
#[derive(Clone, Copy, Debug)]
pub struct ReactionLimits {
    /// Commits in a row that failed a check, after which a person is told.
    pub brake: usize,
    /// Nudges about a review, after which a person is told.
    pub max_nudges: u32,
    /// How long a nudge may take to help.
    pub escalate_after: Duration,
    /// Whether comments of programs are left out.
    pub ignore_bots: bool,
}

impl Situation {
    fn told(&self, key: &str, subject: &str) -> Option<&Told> {
        self.told.iter().find(|told| told.key == key && told.subject == subject)
    }

    fn is_raised(&self, kind: NotificationKind, subject: &str) -> bool {
        self.raised.iter().any(|(raised, about)| (*raised, about.as_str()) == (kind, subject))
    }

    /// Forgets what was said under `key` about `subject` and its parts.
    fn forget(&self, plan: &mut Plan, key: &str, subject: &str) {
        let part = format!("{subject} ");
        let over = self
            .told
            .iter()
            .filter(|told| told.key == key && (told.subject == subject || told.subject.starts_with(&part)));
        plan.forget.extend(over.map(|told| (told.key.clone(), told.subject.clone())));
    }

    /// What is to be done at `now`.
    #[must_use]
    pub fn plan(&self, limits: ReactionLimits, now: Time) -> Plan {
        let mut plan = Plan::default();
        let mut holds = Vec::new();
        // Who ends a session knows why.
        if self.session.termination_reason != Some(TerminationReason::ManuallyKilled) {
            self.plan_session(limits, now, &mut plan, &mut holds);
            for pr in &self.prs {
                self.plan_pr(pr, limits, now, &mut plan, &mut holds);
            }
        }
        self.end_clocks(&mut plan);
        if !self.session.is_workable() {
            plan.nudges.clear();
        }
        let over = self.raised.iter().filter(|(kind, subject)| {
            !holds.iter().any(|notice: &Notice| (notice.kind, &notice.subject) == (*kind, subject))
        });
        plan.resolve = over.cloned().collect();
        holds.retain(|notice| !self.is_raised(notice.kind, &notice.subject));
        plan.raise = holds;
        plan
    }

    /// A clock of what is no longer looked at would run for ever: of a session that was ended by hand, or of a pull request
    /// that belongs to another one.
    fn end_clocks(&self, plan: &mut Plan) {
        let killed = self.session.termination_reason == Some(TerminationReason::ManuallyKilled);
        let moved =
            |told: &Told| told.key == keys::MERGE_CONFLICT && !self.prs.iter().any(|pr| pr.facts.url == told.subject);
        let ended = self.told.iter().filter(|told| told.escalate_at.is_some() && (killed || moved(told)));
        plan.forget.extend(ended.map(|told| (told.key.clone(), told.subject.clone())));
    }

    fn plan_session(&self, limits: ReactionLimits, now: Time, plan: &mut Plan, holds: &mut Vec<Notice>) {
        use NotificationKind::{AgentExited, NeedsInput, Stuck};
        let session = &self.session;
        let lost = matches!(
            session.termination_reason,
            Some(
                TerminationReason::RuntimeLost
                    | TerminationReason::AgentProcessExited
                    | TerminationReason::ErrorInProcess
                    | TerminationReason::ProbeFailure
            )
        );
        match session.state {
            SessionState::Stuck => holds.push(self.notice(Stuck, text::stuck(session))),
            SessionState::NeedsInput => holds.push(self.notice(NeedsInput, text::needs_input(session))),
            SessionState::Terminated if lost => holds.push(self.notice(AgentExited, text::exited(session))),
            _ => {}
        }
        let subject = &session.session_id;
        // An agent whose pull request waits for others has nothing to do, and is right.
        let waits_for_others = self.prs.iter().any(|pr| pr.facts.state.0.is_open() && !pr.needs_work(limits));
        let idle = session.state == SessionState::Idle && !self.completed && !self.asks && !waits_for_others;
        match self.told(keys::IDLE, subject) {
            None if idle => plan.nudges.push(Nudge {
                key: keys::IDLE,
                subject: subject.clone(),
                covers: Vec::new(),
                body: text::idle_nudge(session),
                escalate_at: Some(now.plus(limits.escalate_after)),
            }),
            Some(told) if idle && told.is_due(now) => {
                holds.push(self.notice(NotificationKind::Idle, text::idle(session)));
            }
            Some(_) if !idle => self.forget(plan, keys::IDLE, subject),
            _ => {}
        }
    }

    fn plan_pr(&self, pr: &PrSituation, limits: ReactionLimits, now: Time, plan: &mut Plan, holds: &mut Vec<Notice>) {
        use NotificationKind::{Approved, MergeConflict, PrClosedUnmerged, PrMerged, ReadyToMerge};
        let facts = &pr.facts;
        match facts.state.0 {
            PrState::Merged if self.told(keys::PR_MERGED, &facts.url).is_none() => {
                plan.inform.push(pr.notice(PrMerged, text::merged(facts)));
            }
            PrState::Closed => holds.push(pr.notice(PrClosedUnmerged, text::closed(facts))),
            PrState::Open => {
                let (ready, approved) = (pr.is_ready(), facts.review.0 == PrReview::Approved);
                if ready {
                    holds.push(pr.notice(ReadyToMerge, text::ready(facts)));
                }
                // Who is told that it is ready need not be told that it is approved; who was told so before is right still.
                if approved && (!ready || self.is_raised(Approved, &facts.url)) {
                    holds.push(pr.notice(Approved, text::approved(facts)));
                }
            }
            _ => {}
        }
        let open = facts.state.0.is_open();
        let conflicts = open && facts.mergeability.0 == Mergeability::Conflicting;
        // After every push it is unknown for a while: that ends no conflict.
        let over = !open || !matches!(facts.mergeability.0, Mergeability::Conflicting | Mergeability::Unknown);
        match self.told(keys::MERGE_CONFLICT, &facts.url) {
            None if conflicts => plan.nudges.push(Nudge {
                key: keys::MERGE_CONFLICT,
                subject: facts.url.clone(),
                covers: Vec::new(),
                body: text::conflict_nudge(facts),
                escalate_at: Some(now.plus(limits.escalate_after)),
            }),
            Some(told) if !over && told.is_due(now) => {
                holds.push(pr.notice(MergeConflict, text::conflict(facts)));
            }
            Some(_) if over => self.forget(plan, keys::MERGE_CONFLICT, &facts.url),
            _ => {}
        }
        if open {
            self.plan_checks(pr, limits, plan, holds);
        }
        self.plan_comments(pr, limits, plan, holds);
    }

    fn notice(&self, kind: NotificationKind, (title, body): (String, String)) -> Notice {
        Notice { kind, subject: self.session.session_id.clone(), title, body, url: None }
    }
}

impl Told {
    fn is_due(&self, now: Time) -> bool {
        self.escalate_at.is_some_and(|at| at <= now)
    }
}

impl PrSituation {
    /// Whether there is something its agent has to do about it.
    fn needs_work(&self, limits: ReactionLimits) -> bool {
        self.facts.ci.0 == PrCi::Failing
            || self.facts.state.0 == PrState::Draft
            || self.facts.review.0 == PrReview::ChangesRequested
            || self.facts.mergeability.0 == Mergeability::Conflicting
            || self.comments(limits).next().is_some()
    }

    /// Its unresolved comments, without those that are left out.
    fn comments(&self, limits: ReactionLimits) -> impl Iterator<Item = &ObservedComment> {
        self.unresolved.iter().filter(move |comment| !(limits.ignore_bots && comment.is_bot))
    }

    /// Whether a person may merge it: nothing is against it, and somebody or something is for it.
    fn is_ready(&self) -> bool {
        let green = matches!(self.facts.ci.0, PrCi::Passing | PrCi::Unknown);
        let reviewed = match self.facts.review.0 {
            PrReview::Approved => true,
            PrReview::None => self.facts.ci.0 == PrCi::Passing,
            PrReview::ChangesRequested | PrReview::ReviewRequired => false,
        };
        self.facts.mergeability.0 == Mergeability::Mergeable && green && reviewed && self.unresolved.is_empty()
    }

    fn notice(&self, kind: NotificationKind, (title, body): (String, String)) -> Notice {
        let url = self.facts.url.clone();
        Notice { kind, subject: url.clone(), title, body, url: Some(url) }
    }
}

/// Kinds that this plan raises and resolves; others belong to whoever raises them.
#[must_use]
pub fn is_planned(kind: NotificationKind) -> bool {
    !matches!(kind, NotificationKind::MassDeath | NotificationKind::ThreadEscalated | NotificationKind::AgentBlocked)
}

#[cfg(test)]
mod tests;
