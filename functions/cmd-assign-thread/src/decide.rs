//! The rule: whatever is not closed can be given to somebody, or to nobody in particular.

use shared::domain::thread::{Assigned, Facts, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::AssignThread;

/// What assigning leads to; nothing when it is theirs already.
///
/// # Errors
/// `not_found`, `thread_closed`.
pub fn decide(thread: Option<&Thread>, assign: &AssignThread, _facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let thread = Thread::expect_open(thread)?;
    let to = Some(assign.assignee.clone()).filter(|assignee| !assignee.is_empty());
    if thread.assignee == to {
        return Ok(Vec::new());
    }
    Ok(vec![ThreadEvent::Assigned(Assigned { from: thread.assignee.clone(), to })])
}
