//! The rules: a session that its launcher knows already is the same one; only a restore opens again what is over.

use shared::domain::session::{Session, SessionEvent};
use shared::domain::thread::Facts;
use shared::error::{Code, Rejection};
use shared::message::command::StartSession;
use shared::store::sessions::SessionStart;
use shared::value::{RunState, SessionState, Word};

/// What a start leads to.
///
/// # Errors
/// `not_found` for an unknown run or an unknown session to restore, `run_closed`, `illegal_transition` for the restore of a
/// session that is not over.
pub fn decide(state: &SessionStart, start: &StartSession, facts: &Facts) -> Result<Vec<SessionEvent>, Rejection> {
    if let Some(known) = state.known.as_ref().filter(|_| start.restore_session_id.is_none()) {
        let mut session = known.clone();
        session.place.learn(start);
        return Ok(vec![SessionEvent::Changed(Box::new(session))]);
    }
    match &state.run {
        None if start.run_id.is_some() => return Err(Rejection::new(Code::NotFound, "no such run")),
        Some((RunState::Closed, _)) => return Err(Rejection::new(Code::RunClosed, "the run is closed")),
        _ => {}
    }
    if start.restore_session_id.is_some() {
        let mut session = Session::expect(state.known.as_ref())?.clone();
        if !session.state.is_over() {
            let (from, to) = (session.state.as_str(), SessionState::NotStarted.as_str());
            let detail = format!("a session that is {from} is not over; there is nothing to restore");
            return Err(Rejection::new(Code::IllegalTransition, detail).with("from", from).with("to", to));
        }
        session.restore(start, facts.now);
        return Ok(vec![SessionEvent::Changed(Box::new(session))]);
    }
    let session_id = format!("{}-{}", state.project_id, state.next);
    let mut session = Session::begin(session_id, start, &facts.actor, facts.now);
    session.place.ticket = session.place.ticket.or_else(|| state.run.as_ref().map(|(_, ticket)| ticket.clone()));
    session.inbox_pos = state.inbox_pos;
    Ok(vec![SessionEvent::Started(Box::new(session))])
}
