//! What a session shows: derived from its facts whenever it is read, in one fixed order (SPEC SESSION-8 to SESSION-11), and
//! with the fact that decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Session;
use crate::clock::Time;
use crate::value::{Mergeability, PrCi, PrReview, PrState, SessionState, SessionStatus, TerminationReason, Word};

/// What a status is derived with.
#[derive(Clone, Copy, Debug)]
pub struct StatusLimits {
    /// How long an agent that reports by hooks may be silent after its launch.
    pub no_signal: Duration,
}

/// The facts of a pull request that a status looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrFacts {
    /// Its address.
    pub url: String,
    /// Branch it comes from.
    pub branch: Option<String>,
    /// Branch it goes to.
    pub base_branch: Option<String>,
    /// Where it stands, and since when.
    pub state: (PrState, Time),
    /// What reviewers say, and since when.
    pub review: (PrReview, Time),
    /// What its checks come to, and since when.
    pub ci: (PrCi, Time),
    /// Whether it can be merged, and since when.
    pub mergeability: (Mergeability, Time),
    /// Unresolved comments, and since when there are that many.
    pub unresolved: (i64, Time),
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deciding {
    /// The session's own state.
    State,
    /// How it ended.
    TerminationReason,
    /// A pull request's state.
    PrState,
    /// A pull request's checks.
    PrCi,
    /// A pull request's reviews.
    PrReview,
    /// A pull request's comments.
    PrComments,
    /// Whether a pull request can be merged.
    PrMergeability,
    /// That nothing was reported.
    NoActivity,
}

/// The fact that decided, and since when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What kind of fact.
    pub fact: Deciding,
    /// Its value.
    pub value: String,
    /// The pull request, if it is a pull request's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// A status with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The status.
    pub status: SessionStatus,
    /// What decided.
    pub reason: Reason,
}

fn shown(status: SessionStatus, fact: Deciding, value: impl Into<String>, since: Time) -> Shown {
    Shown { status, reason: Reason { fact, value: value.into(), url: None, since } }
}

/// The status of a session with these pull requests at `now`. The first that fits.
#[must_use]
pub fn derive(session: &Session, prs: &[PrFacts], limits: StatusLimits, now: Time) -> Shown {
    use SessionStatus as Status;
    let state = |status| shown(status, Deciding::State, session.state.as_str(), session.state_since);
    match session.state {
        SessionState::Done => return state(Status::Done),
        SessionState::Terminated => return ended(session),
        SessionState::NeedsInput => return state(Status::NeedsInput),
        SessionState::Stuck => return state(Status::Stuck),
        SessionState::Detecting => return state(Status::Detecting),
        SessionState::NotStarted => {
            return silence(session, limits, now).unwrap_or_else(|| state(Status::Spawning));
        }
        SessionState::Working | SessionState::Idle => {}
    }
    let open = || prs.iter().filter(|pr| pr.state.0.is_open());
    if open().next().is_none()
        && let Some(merged) = prs.iter().find(|pr| pr.state.0 == PrState::Merged)
    {
        return of(merged, shown(Status::Merged, Deciding::PrState, PrState::Merged.as_str(), merged.state.1));
    }
    let on_another = |pr: &PrFacts| {
        let is_base = |other: &PrFacts| other.url != pr.url && other.branch == pr.base_branch;
        pr.base_branch.is_some() && open().any(|other| is_base(other) && repository(&other.url) == repository(&pr.url))
    };
    let steps = open().map(|pr| step(pr, on_another(pr)));
    if let Some(worst) = steps.flatten().min_by_key(|shown| rank(shown.status)) {
        return worst;
    }
    let at_work = || state(if session.state == SessionState::Idle { Status::Idle } else { Status::Working });
    silence(session, limits, now).unwrap_or_else(at_work)
}

/// What the addresses of a repository's pull requests have in common.
fn repository(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(repository, _)| repository)
}

/// An agent that reports by hooks should have reported by now.
fn silence(session: &Session, limits: StatusLimits, now: Time) -> Option<Shown> {
    let launched = session.launched_at;
    let silent = session.is_hooked() && session.activity_at.is_none() && now.since(launched) >= limits.no_signal;
    silent.then(|| shown(SessionStatus::NoSignal, Deciding::NoActivity, "no activity since the launch", launched))
}

fn ended(session: &Session) -> Shown {
    use TerminationReason::{
        AgentProcessExited, AutoCleanup, ErrorInProcess, ManuallyKilled, PrMerged, ProbeFailure, RuntimeLost,
    };
    let status = match session.termination_reason {
        Some(AutoCleanup | PrMerged) => SessionStatus::Cleanup,
        Some(ErrorInProcess | ProbeFailure) => SessionStatus::Errored,
        Some(ManuallyKilled | RuntimeLost | AgentProcessExited) | None => SessionStatus::Killed,
    };
    let value = session.termination_reason.map_or("unknown", Word::as_str);
    shown(status, Deciding::TerminationReason, value, session.state_since)
}

fn of(pr: &PrFacts, shown: Shown) -> Shown {
    Shown { reason: Reason { url: Some(pr.url.clone()), ..shown.reason }, ..shown }
}

/// Where an open pull request stands on the ladder. One that is based on another open one waits for that, and says only
/// what its agent can do something about.
fn step(pr: &PrFacts, on_another: bool) -> Option<Shown> {
    use SessionStatus as Status;
    let step = if pr.ci.0 == PrCi::Failing {
        shown(Status::CiFailed, Deciding::PrCi, pr.ci.0.as_str(), pr.ci.1)
    } else if pr.state.0 == PrState::Draft {
        shown(Status::Draft, Deciding::PrState, pr.state.0.as_str(), pr.state.1)
    } else if pr.review.0 == PrReview::ChangesRequested {
        shown(Status::ChangesRequested, Deciding::PrReview, pr.review.0.as_str(), pr.review.1)
    } else if pr.unresolved.0 > 0 {
        let value = format!("{} unresolved", pr.unresolved.0);
        shown(Status::ChangesRequested, Deciding::PrComments, value, pr.unresolved.1)
    } else if on_another {
        return None;
    } else if pr.mergeability.0 == Mergeability::Mergeable {
        shown(Status::Mergeable, Deciding::PrMergeability, pr.mergeability.0.as_str(), pr.mergeability.1)
    } else if pr.review.0 == PrReview::Approved {
        shown(Status::Approved, Deciding::PrReview, pr.review.0.as_str(), pr.review.1)
    } else if pr.review.0 == PrReview::ReviewRequired {
        shown(Status::ReviewPending, Deciding::PrReview, pr.review.0.as_str(), pr.review.1)
    } else {
        shown(Status::PrOpen, Deciding::PrState, pr.state.0.as_str(), pr.state.1)
    };
    Some(of(pr, step))
}

/// Of several pull requests the worst decides.
fn rank(status: SessionStatus) -> usize {
    SessionStatus::ALL.iter().position(|(_, one)| *one == status).unwrap_or(usize::MAX)
}
