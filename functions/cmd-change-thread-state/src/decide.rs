//! The rule: a thread moves along the table of its states; moving it to `closed` is closing it.

use shared::domain::thread::{Facts, StateChanged, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::ChangeThreadState;
use shared::value::ThreadState;

/// What the move leads to; nothing when it stands there already.
///
/// # Errors
/// `not_found`, `thread_closed`, `illegal_transition` with `from` and `to`, `control_thread`.
pub fn decide(
    thread: Option<&Thread>,
    change: &ChangeThreadState,
    _facts: &Facts,
) -> Result<Vec<ThreadEvent>, Rejection> {
    if change.state == ThreadState::Closed {
        return Thread::expect(thread)?.close(None);
    }
    let thread = Thread::expect_open(thread)?;
    let (from, to) = (thread.state, change.state);
    if from == to {
        return Ok(Vec::new());
    }
    thread.expect_move(to)?;
    Ok(vec![ThreadEvent::StateChanged(StateChanged { from, to })])
}
