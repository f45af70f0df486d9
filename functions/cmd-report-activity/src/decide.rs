//! The rule: a report moves the session, unless it is over, was launched again, or is known to have gone on since.

use shared::domain::session::{Session, SessionEvent};
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::ReportActivity;

/// What a report of activity leads to.
///
/// # Errors
/// `not_found`.
pub fn decide(
    session: &Option<Session>,
    report: &ReportActivity,
    facts: &Facts,
) -> Result<Vec<SessionEvent>, Rejection> {
    let mut session = Session::expect(session.as_ref())?.clone();
    let heeded = session.reported(report, &facts.command_id, facts.now);
    Ok(vec![if heeded { SessionEvent::Changed(Box::new(session)) } else { SessionEvent::Ignored }])
}
