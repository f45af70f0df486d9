//! The rule: events belong to sessions that are there, and a batch is stored wholly or not at all.

use shared::domain::thread::Facts;
use shared::error::{Code, Rejection};
use shared::message::command::IngestAgentEvents;
use shared::store::agent_events::BatchState;

/// What a batch leads to.
///
/// # Errors
/// `not_found` for a session that the project does not have.
pub fn decide(
    state: &BatchState,
    batch: &IngestAgentEvents,
    _facts: &Facts,
) -> Result<Vec<IngestAgentEvents>, Rejection> {
    if let Some(unknown) = state.unknown_sessions.first() {
        return Err(Rejection::new(Code::NotFound, format!("no such session: {unknown}")));
    }
    Ok(vec![batch.clone()])
}
