//! The rule: what was seen must still be so. A thread that was answered, touched or closed meanwhile is left alone.

use shared::domain::thread::{Facts, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::EscalateThread;

/// What a thread that waits too long leads to.
///
/// # Errors
/// None: what is no longer due is done.
pub fn decide(thread: Option<&Thread>, due: &EscalateThread, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let open = Thread::expect_open(thread).ok();
    Ok(open.map(|thread| thread.escalated(due.why, due.at, facts)).unwrap_or_default())
}
