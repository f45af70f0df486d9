//! The rule: what is dead for certain ends; what is in doubt is found out, and is stuck when that takes too long.

use shared::domain::session::{Session, SessionEvent};
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::ReportRuntime;

/// What a probe leads to.
///
/// # Errors
/// `not_found`.
pub fn decide(
    session: &Option<Session>,
    report: &ReportRuntime,
    facts: &Facts,
) -> Result<Vec<SessionEvent>, Rejection> {
    let mut session = Session::expect(session.as_ref())?.clone();
    let heeded = session.probed(report, facts.probe, facts.now);
    Ok(vec![if heeded { SessionEvent::Changed(Box::new(session)) } else { SessionEvent::Ignored }])
}
