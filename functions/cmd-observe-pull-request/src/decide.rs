//! The rule: what changed is stored; a session whose pull requests are merged, and of which none is open, has come to its end.

use shared::domain::pull_request::Observation;
use shared::domain::session::Session;
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::ObservePullRequest;
use shared::store::pull_requests::{Observed, PullRequestState};
use shared::value::{PrState, TerminationReason};

/// What an observation leads to.
///
/// # Errors
/// `not_found` for an unknown session.
pub fn decide(state: &PullRequestState, seen: &ObservePullRequest, facts: &Facts) -> Result<Vec<Observed>, Rejection> {
    let session = Session::expect(state.session.as_ref())?;
    let observation = state.stored.observe(seen, facts.now);
    if observation.is_empty() {
        return Ok(if observation.outdated { vec![Observed::Ignored] } else { Vec::new() });
    }
    let session =
        ended(state, session, &observation, facts).or_else(|| progressed(state, session, &observation, facts));
    Ok(vec![Observed::Changed(Box::new(observation), session.map(Box::new))])
}

/// The session at its end, if this observation closes the last of its pull requests and one of them is merged (SPEC PR-9).
fn ended(state: &PullRequestState, session: &Session, observation: &Observation, facts: &Facts) -> Option<Session> {
    let now = observation.facts.as_ref()?.state.0;
    let was_open = state.stored.facts.as_ref().is_none_or(|before| before.state.0.is_open());
    let merged = now == PrState::Merged || state.others.iter().any(|(_, state)| *state == PrState::Merged);
    let open = now.is_open() || state.others.iter().any(|(_, state)| state.is_open());
    if session.state.is_over() || !was_open || !merged || open {
        return None;
    }
    let mut session = session.clone();
    session.terminate(TerminationReason::PrMerged, facts.now);
    Some(session)
}

/// The session with its progress noted, if there is a new commit.
fn progressed(
    state: &PullRequestState,
    session: &Session,
    observation: &Observation,
    facts: &Facts,
) -> Option<Session> {
    let after = observation.facts.as_ref()?;
    let before = state.stored.facts.as_ref().and_then(|before| before.head_sha.as_ref());
    if session.state.is_over() || after.head_sha.as_ref() == before {
        return None;
    }
    Some(Session { progress_at: facts.now, ..session.clone() })
}
