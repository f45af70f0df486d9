//! The rule: whatever is not closed can become more or less urgent.

use shared::domain::thread::{Facts, PriorityChanged, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::SetThreadPriority;

/// What the change leads to; nothing when it is that urgent already.
///
/// # Errors
/// `not_found`, `thread_closed`.
pub fn decide(thread: Option<&Thread>, set: &SetThreadPriority, _facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let thread = Thread::expect_open(thread)?;
    let (from, to) = (thread.priority, set.priority);
    if from == to {
        return Ok(Vec::new());
    }
    Ok(vec![ThreadEvent::PriorityChanged(PriorityChanged { from, to })])
}
