//! The rules: a person moves a run along the table of its states; without a target it moves where its agents' signals and
//! the ends of their sessions put it. Closing is a command of its own, so that no way leads past the gates.

use shared::domain::run::{RunStanding, RunStateChanged, few};
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::ChangeRunState;
use shared::store::runs::RunAndThreads;
use shared::value::RunState;

/// What the wish for a move leads to.
///
/// # Errors
/// `not_found`, `illegal_transition` with `from` and `to`.
pub fn decide(
    state: &RunAndThreads,
    change: &ChangeRunState,
    _facts: &Facts,
) -> Result<Vec<RunStateChanged>, Rejection> {
    let run = state.standing.expect()?;
    let Some(to) = change.state else {
        let moved = state.standing.next_state().map(|to| run.moved(to, Some(reason(&state.standing, to))));
        return Ok(moved.into_iter().collect());
    };
    if to == run.state {
        return Ok(Vec::new());
    }
    if matches!(to, RunState::Closing | RunState::Closed) {
        return Err(run.refused_move(to, "a run is closed by its own command, which checks the gates"));
    }
    run.expect_move(to)?;
    let mut moved = run.moved(to, change.reason.clone());
    moved.brief = change.brief.clone().or(moved.brief);
    Ok(vec![moved])
}

/// Why a run moves by itself.
fn reason(standing: &RunStanding, to: RunState) -> String {
    let reason = match to {
        RunState::Failed => return format!("the session of {} failed", few(&standing.failed_agents)),
        RunState::AwaitingGuidance => "an agent waits for guidance",
        RunState::Completed => "every agent has completed and was validated",
        _ => "nobody waits for guidance any more",
    };
    reason.to_owned()
}
