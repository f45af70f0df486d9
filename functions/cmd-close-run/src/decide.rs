//! The rules: a bootstrap run closes when every proof is there, a standard one when it is completed; neither while anybody
//! waits for guidance.

use shared::domain::run::RunStateChanged;
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::CloseRun;
use shared::store::runs::RunAndThreads;
use shared::value::{RunMode, RunState};

/// What the wish to close leads to: both moves in one.
///
/// # Errors
/// `not_found`, `illegal_transition` with `from` and `to`, `gate_not_met` with every gate that is shut.
pub fn decide(state: &RunAndThreads, _close: &CloseRun, _facts: &Facts) -> Result<Vec<RunStateChanged>, Rejection> {
    let run = state.standing.expect()?;
    if run.state == RunState::Closed {
        return Ok(Vec::new());
    }
    // What a bootstrap run lacks is what keeps it from being completed: that is the more useful answer.
    if run.mode == RunMode::Bootstrap {
        state.standing.expect_open_gates()?;
    }
    run.expect_move(RunState::Closing)?;
    state.standing.expect_open_gates()?;
    let closing = run.moved(RunState::Closing, None);
    let closed = RunStateChanged { from: Some(RunState::Closing), to: RunState::Closed, ..closing.clone() };
    Ok(vec![closing, closed])
}
