//! What each event does to a thread's row.

use crate::domain::thread::{Answer, Signalled, ThreadEvent};
use crate::message::command::ControlPayload;
use crate::message::event::LogEvent;
use crate::store::statement::{Statement, Value, nullable};
use crate::value::GuidanceStatus::{self, Answered, AutoAnswered};
use crate::value::{Actor, ThreadKind, ThreadState, Word};

/// What `event` does to the read model of `generation`.
///
/// # Errors
/// When the payload is not what the type says: the projection stops there.
pub(super) fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(change) = ThreadEvent::read(&event.event_type, event.payload.get())? else { return Ok(Vec::new()) };
    let Some(thread_id) = event.thread_id.clone() else { return Ok(Vec::new()) };
    let mut params: Vec<Value> =
        vec![generation.into(), event.team_id.clone().into(), event.project_id.clone().into(), thread_id.into()];
    let actor = Actor { actor_type: event.actor_type, actor_name: event.actor_name.clone() };
    let actor_type = || Value::from(event.actor_type.as_str());
    // Common to every update: when, at which position, by whom.
    let touch = |params: &mut Vec<Value>| {
        params.extend([event.recorded_at.0.into(), event.pos.into(), event.actor_name.clone().into(), actor_type()]);
    };
    let statement = match change {
        ThreadEvent::Opened(opened) => {
            params.extend([
                opened.kind.as_str().into(),
                event.ticket.clone().unwrap_or_default().into(),
                nullable(event.run_id.clone()),
                nullable(event.session_id.clone()),
                nullable(event.agent_name.clone()),
                opened.title.into(),
                opened.state.as_str().into(),
                opened.priority.as_str().into(),
                nullable(opened.assignee),
                event.actor_name.clone().into(),
                actor_type(),
                event.recorded_at.0.into(),
                event.pos.into(),
                serde_json::to_string(&opened.options)?.into(),
                nullable(opened.default),
                nullable(opened.deadline.map(|deadline| deadline.0)),
                nullable((opened.kind == ThreadKind::Question).then_some("pending")),
            ]);
            Statement::new(include_str!("../../sql/insert_thread_view.sql"), params)
        }
        ThreadEvent::PostAdded(_) => {
            touch(&mut params);
            let answer = change.answer(&actor, event.recorded_at);
            let status = answer.as_ref().map(|answer| if answer.auto { AutoAnswered } else { Answered });
            posted(params, status, answer.as_ref(), None)?
        }
        ThreadEvent::Signalled(ref signal) => {
            let key = params.clone();
            touch(&mut params);
            let answer = change.answer(&actor, event.recorded_at);
            let post = posted(params, signal.guidance_status(), answer.as_ref(), signal.moves_to())?;
            return Ok(std::iter::once(post).chain(question(key, signal)?).collect());
        }
        ThreadEvent::Escalated(escalated) => {
            params.extend([event.pos.into(), actor_type()]);
            params.push(nullable(escalated.guidance_status.map(Word::as_str)));
            Statement::new(include_str!("../../sql/update_thread_view_escalated.sql"), params)
        }
        ThreadEvent::Assigned(change) => {
            touch(&mut params);
            params.push(nullable(change.to));
            Statement::new(include_str!("../../sql/update_thread_view_assignee.sql"), params)
        }
        ThreadEvent::PriorityChanged(change) => {
            touch(&mut params);
            params.push(change.to.as_str().into());
            Statement::new(include_str!("../../sql/update_thread_view_priority.sql"), params)
        }
        ThreadEvent::StateChanged(change) => {
            touch(&mut params);
            params.push(change.to.as_str().into());
            Statement::new(include_str!("../../sql/move_thread_view.sql"), params)
        }
        ThreadEvent::Closed(_) => {
            touch(&mut params);
            params.push(ThreadState::Closed.as_str().into());
            Statement::new(include_str!("../../sql/move_thread_view.sql"), params)
        }
    };
    Ok(vec![statement])
}

/// A post, and what it does to the question.
fn posted(
    mut params: Vec<Value>,
    status: Option<GuidanceStatus>,
    answer: Option<&Answer>,
    state: Option<ThreadState>,
) -> Result<Statement, serde_json::Error> {
    params.push(nullable(status.map(Word::as_str)));
    params.push(nullable(answer.map(serde_json::to_string).transpose()?));
    params.push(nullable(state.map(Word::as_str)));
    Ok(Statement::new(include_str!("../../sql/post_to_thread_view.sql"), params))
}

/// A control thread's next question.
fn question(mut params: Vec<Value>, signal: &Signalled) -> Result<Option<Statement>, serde_json::Error> {
    let ControlPayload::GuidanceRequest(request) = &signal.control else { return Ok(None) };
    params.extend([
        serde_json::to_string(&request.options)?.into(),
        nullable(request.default.clone()),
        nullable(request.deadline.map(|deadline| deadline.0)),
    ]);
    Ok(Some(Statement::new(include_str!("../../sql/update_thread_view_question.sql"), params)))
}
