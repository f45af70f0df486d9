//! The rule: a question closes once and for all; a control thread only with its run.

use shared::domain::thread::{Closed, Facts, Thread, ThreadEvent};
use shared::error::{Code, Rejection};
use shared::message::command::CloseThread;
use shared::value::{ThreadKind, ThreadState};

/// What closing leads to.
///
/// # Errors
/// `not_found`, `control_thread`.
pub fn decide(thread: Option<&Thread>, close: &CloseThread, _facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let thread = Thread::expect(thread)?;
    if thread.kind == ThreadKind::Control {
        return Err(Rejection::new(Code::ControlThread, "a control thread is closed by its run"));
    }
    if thread.state == ThreadState::Closed {
        return Ok(Vec::new());
    }
    thread.expect_move(ThreadState::Closed)?;
    Ok(vec![ThreadEvent::Closed(Closed { from: thread.state, reason: close.reason.clone() })])
}
