//! What a thread's event means beyond the thread: the folded control state that gates decide on, the history of guidance
//! requests, and the trail of what the system did by itself.

use serde_json::json;

use super::key;
use crate::domain::thread::{Signalled, Thread, ThreadEvent};
use crate::message::command::ControlPayload;
use crate::store::aggregate::Author;
use crate::store::audit::AuditEntry;
use crate::store::statement::{Statement, Value, nullable};
use crate::value::{ActorType, GuidanceStatus, Scope, ThreadKind, Word};

/// The statements that follow the event `event_id`, after which the thread is `thread`.
pub(super) fn fold(author: &Author<'_>, thread: &Thread, event: &ThreadEvent, event_id: &str) -> Vec<Statement> {
    let mut statements = match (thread.kind, event) {
        // The control thread of a session without a run has no gates.
        (ThreadKind::Control, ThreadEvent::Opened(_)) if thread.run_id.is_some() => vec![begin(author.scope, thread)],
        (ThreadKind::Control, ThreadEvent::Signalled(signal)) => signalled(author.scope, thread, signal, event_id),
        (ThreadKind::Control, ThreadEvent::Escalated(escalated)) => {
            escalated.guidance_status.map(|_| stands(author.scope, thread)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    statements.extend(trail(author, thread, event));
    statements
}

fn with(scope: &Scope, thread: &Thread, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut params = key(scope, &thread.thread_id);
    params.extend(more);
    params
}

fn begin(scope: &Scope, thread: &Thread) -> Statement {
    let names = [nullable(thread.run_id.clone()), nullable(thread.agent_name.clone())];
    Statement::new(include_str!("../sql/insert_control_thread.sql"), with(scope, thread, names))
}

fn signalled(scope: &Scope, thread: &Thread, signal: &Signalled, event_id: &str) -> Vec<Statement> {
    let event_id = Value::from(event_id.to_owned());
    match &signal.control {
        ControlPayload::GuidanceRequest(request) => {
            let asked = [
                signal.post_id.clone().into(),
                request.question.clone().into(),
                serde_json::to_string(&request.options).unwrap_or_default().into(),
                nullable(request.default.clone()),
                nullable(request.deadline.map(|deadline| deadline.0)),
                nullable(thread.asked_at.map(|at| at.0)),
                event_id,
            ];
            let made = [signal.post_id.clone().into(), nullable(request.client_key.clone())];
            vec![
                Statement::new(include_str!("../sql/update_guidance_superseded.sql"), with(scope, thread, [])),
                Statement::new(include_str!("../sql/insert_guidance_request.sql"), with(scope, thread, made)),
                Statement::new(include_str!("../sql/update_control_asked.sql"), with(scope, thread, asked)),
            ]
        }
        ControlPayload::GuidanceAnswer(_) if signal.counts => stands(scope, thread),
        ControlPayload::GuidanceAnswer(_) => Vec::new(),
        ControlPayload::Completion(_) => {
            vec![Statement::new(include_str!("../sql/update_control_completion.sql"), with(scope, thread, [event_id]))]
        }
        ControlPayload::Validation(validation) => {
            let judged = [validation.status.as_str().into(), validation.done_criteria.clone().into(), event_id];
            vec![Statement::new(include_str!("../sql/update_control_validation.sql"), with(scope, thread, judged))]
        }
    }
}

/// How the thread's present request stands now, where gates look and in the history.
fn stands(scope: &Scope, thread: &Thread) -> Vec<Statement> {
    let status = || nullable(thread.guidance_status.map(Word::as_str));
    let answer = thread.answer.as_ref().map(|answer| serde_json::to_string(answer).unwrap_or_default());
    let request = [nullable(thread.request_id.clone()), status(), nullable(answer)];
    vec![
        Statement::new(include_str!("../sql/update_guidance_request.sql"), with(scope, thread, request)),
        Statement::new(include_str!("../sql/update_control_guidance.sql"), with(scope, thread, [status()])),
    ]
}

/// What the system did because a deadline passed leaves a trace that names the question (SPEC SIGNAL-12).
fn trail(author: &Author<'_>, thread: &Thread, event: &ThreadEvent) -> Option<Statement> {
    let action = match (author.actor.actor_type, event) {
        (ActorType::System, ThreadEvent::Escalated(escalated))
            if escalated.guidance_status == Some(GuidanceStatus::NoAnswer) =>
        {
            "guidance.parked"
        }
        (ActorType::System, event) if event.answer(author.actor, author.now).is_some() => "guidance.auto_answered",
        _ => return None,
    };
    let question = json!({ "request_id": thread.request_id, "deadline": thread.deadline, "default": thread.default });
    let entry = AuditEntry {
        team_id: &author.scope.team_id,
        project_id: Some(&author.scope.project_id),
        key_id: None,
        action,
        subject: &thread.thread_id,
        request_id: thread.request_id.as_deref().unwrap_or_default(),
        outcome: "ok",
        reason: Some(&question.to_string()),
    };
    Some(entry.insert())
}
