//! What each event does to a thread's row.

use crate::domain::thread::{Answer, ThreadEvent};
use crate::message::event::LogEvent;
use crate::store::statement::{Statement, Value, nullable};
use crate::value::{ActorType, PostKind, ThreadKind, ThreadState, Word};

/// What `event` does to the read model of `generation`.
///
/// # Errors
/// When the payload is not what the type says: the projection stops there.
pub(super) fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(change) = ThreadEvent::read(&event.event_type, event.payload.get())? else { return Ok(Vec::new()) };
    let Some(thread_id) = event.thread_id.clone() else { return Ok(Vec::new()) };
    let mut params: Vec<Value> =
        vec![generation.into(), event.team_id.clone().into(), event.project_id.clone().into(), thread_id.into()];
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
        ThreadEvent::PostAdded(post) => {
            touch(&mut params);
            let answer = (post.kind == PostKind::GuidanceAnswer).then(|| Answer {
                answer: post.body,
                option: post.option,
                answered_by: event.actor_name.clone(),
                answered_by_type: event.actor_type,
                answered_at: event.recorded_at,
                auto: event.actor_type == ActorType::System,
            });
            params.push(nullable(answer.map(|answer| serde_json::to_string(&answer)).transpose()?));
            Statement::new(include_str!("../../sql/post_to_thread_view.sql"), params)
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
