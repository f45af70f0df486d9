//! What keeps a run from going on, and what to do next, as commands that can be pasted.

use super::agents::Member;
use super::{Blocker, BlockerKind, OpenGuidance};
use crate::domain::control::Control;
use crate::domain::run::RunStanding;
use crate::domain::session::Session;
use crate::store::views::run_snapshots::RunView;
use crate::value::{AgentStatus, RunState, ValidationStatus, Word};

/// What keeps a run from going on: questions, work found wanting, agents that are gone.
pub(super) fn blockers(run: &RunView, controls: &[Control], members: &[Member]) -> Vec<Blocker> {
    let blocker = |control: &Control, kind, detail| Blocker {
        kind,
        agent_name: control.agent_name.clone(),
        thread_id: Some(control.thread_id.clone()),
        session_id: None,
        detail,
    };
    let mut blockers = Vec::new();
    for control in controls {
        if let Some(asked) = control.open_guidance() {
            blockers.push(blocker(control, BlockerKind::Guidance, asked.question.clone()));
        }
        let failed = control.validation.as_ref().filter(|validated| validated.status == ValidationStatus::Failed);
        if let Some(failed) = failed {
            blockers.push(blocker(control, BlockerKind::ValidationFailed, failed.done_criteria.clone()));
        }
    }
    blockers.extend(gone(run, members).into_iter().map(|(member, session)| {
        let how = session.termination_reason.map_or("unknown", Word::as_str);
        let why = session.end_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let name = &member.shown.name;
        let control = controls.iter().find(|control| control.agent_name == *name);
        let lost = member.shown.status == AgentStatus::Lost;
        Blocker {
            kind: if lost { BlockerKind::AgentLost } else { BlockerKind::AgentFailed },
            agent_name: name.clone(),
            thread_id: control.map(|control| control.thread_id.clone()),
            session_id: Some(session.session_id.clone()),
            detail: format!("{} ended as {how}{why}", session.session_id),
        }
    }));
    blockers
}

/// Agents that failed or went away and still owe work, each with the session that ended; none once the run is over.
fn gone<'a>(run: &RunView, members: &'a [Member]) -> Vec<(&'a Member, &'a Session)> {
    if is_over(run) {
        return Vec::new();
    }
    let is_gone = |member: &&Member| {
        matches!(member.shown.status, AgentStatus::Failed | AgentStatus::Lost) && !member.shown.has_delivered()
    };
    members.iter().filter(is_gone).filter_map(|member| Some((member, member.session.as_ref()?))).collect()
}

/// Whether nobody is expected to work in it any more.
fn is_over(run: &RunView) -> bool {
    use RunState::{Closed, Closing, Completed, Stopped, Stopping};
    matches!(run.state, Stopping | Stopped | Completed | Closing | Closed)
}

/// What to do next: answers, then agents, then the run itself.
pub(super) fn hints(run: &RunView, standing: &RunStanding, open: &[OpenGuidance], members: &[Member]) -> Vec<String> {
    let mut hints: Vec<_> = open
        .iter()
        .map(|open| format!("answer {}: agentforum forum answer {} \"...\"", open.agent_name, open.thread_id))
        .collect();
    let waiting = members.iter().filter(|member| member.shown.status == AgentStatus::Waiting && !is_over(run));
    hints.extend(waiting.filter_map(|member| {
        let session_id = member.shown.session_id.as_ref()?;
        Some(format!("{} waits for your words: agentforum session send {session_id} \"...\"", member.shown.name))
    }));
    hints.extend(gone(run, members).into_iter().map(|(member, session)| {
        format!("open the session of {} again: agentforum session restore {}", member.shown.name, session.session_id)
    }));
    match run.state {
        RunState::Completed if standing.gates().iter().all(|gate| gate.ok) => {
            hints.push(format!("every gate is open: agentforum run close {}", run.run_id));
        }
        RunState::Failed | RunState::Stopped | RunState::Paused => {
            hints.push(format!("go on with it: agentforum run state {} running", run.run_id));
        }
        RunState::Stopping => {
            hints.push(format!("once its agents have ended: agentforum run state {} stopped", run.run_id));
        }
        RunState::Created => hints.push(format!("plan it: agentforum run state {} planning", run.run_id)),
        RunState::Planning => hints.push(format!("begin: agentforum run state {} running", run.run_id)),
        _ => {}
    }
    hints
}
