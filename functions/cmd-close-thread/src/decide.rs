//! The rule: a question closes once and for all; a control thread only with its run.

use shared::domain::thread::{Facts, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::CloseThread;

/// What closing leads to.
///
/// # Errors
/// `not_found`, `control_thread`.
pub fn decide(thread: Option<&Thread>, close: &CloseThread, _facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    Thread::expect(thread)?.close(close.reason.clone())
}
