//! The rule: a session ends once; ending it again changes nothing.

use shared::domain::session::{Session, SessionEvent};
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::EndSession;

/// What ending leads to.
///
/// # Errors
/// `not_found`.
pub fn decide(session: &Option<Session>, end: &EndSession, facts: &Facts) -> Result<Vec<SessionEvent>, Rejection> {
    let mut session = Session::expect(session.as_ref())?.clone();
    if session.state.is_over() {
        return Ok(Vec::new());
    }
    session.end(end.outcome, end.reason.as_ref(), facts.now);
    Ok(vec![SessionEvent::Changed(Box::new(session))])
}
