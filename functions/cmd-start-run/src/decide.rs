//! The rule: a run starts once, and passes every state up to the one it starts in.

use shared::domain::run::RunStateChanged;
use shared::domain::thread::Facts;
use shared::error::Rejection;
use shared::message::command::StartRun;
use shared::store::runs::RunAndThreads;
use shared::value::RunState;

/// What starting leads to: one event per state passed.
///
/// # Errors
/// None today: a run's id comes from its command's, so one that exists is the same command's and nothing happens.
pub fn decide(state: &RunAndThreads, start: &StartRun, _facts: &Facts) -> Result<Vec<RunStateChanged>, Rejection> {
    if state.standing.run.is_some() {
        return Ok(Vec::new());
    }
    let states: &[RunState] = match start.until {
        RunState::Created => &[RunState::Created],
        RunState::Planning => &[RunState::Created, RunState::Planning],
        _ => &[RunState::Created, RunState::Planning, RunState::Running],
    };
    let before = std::iter::once(None).chain(states.iter().copied().map(Some));
    let passed = before.zip(states).map(|(from, to)| RunStateChanged {
        from,
        to: *to,
        reason: None,
        title: start.title.clone().unwrap_or_default(),
        tickets: start.tickets.clone(),
        mode: start.mode,
        agents: start.agents.clone(),
        brief: start.brief.clone(),
    });
    Ok(passed.collect())
}
