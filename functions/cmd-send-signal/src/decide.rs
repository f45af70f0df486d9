//! The rules: a signal needs a run that is not closed; a request asked twice under one key is the first one; a person's
//! answer stands.

use shared::domain::thread::{Facts, Given, Opened, Place, Signalled, Thread, ThreadEvent, already_answered};
use shared::error::{Code, Rejection};
use shared::message::command::{ControlPayload, ControlSignal, GuidanceAnswer};
use shared::store::threads::SignalState;
use shared::value::RunState;

/// What a signal leads to.
///
/// # Errors
/// `not_found` for an unknown run, `run_closed`, `thread_closed`, `unknown_option`, `already_answered` with the winning
/// answer.
pub fn decide(state: &SignalState, signal: &ControlSignal, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let (run, first_ticket) = state.run.as_ref().ok_or_else(|| Rejection::new(Code::NotFound, "no such run"))?;
    if *run == RunState::Closed {
        return Err(Rejection::new(Code::RunClosed, "the run is closed"));
    }
    if let ControlPayload::GuidanceRequest(request) = &signal.payload
        && request.client_key.is_some()
        && state.earlier.as_ref().is_some_and(|earlier| earlier.client_key == request.client_key)
    {
        return Ok(Vec::new());
    }
    let ticket = signal.ticket.clone().unwrap_or_else(|| first_ticket.clone());
    let opening = state.thread.is_none().then(|| open(signal, ticket, facts));
    let begun = opening.as_ref().map(|opened| Thread::begin(String::new(), opened, &facts.actor, facts.now));
    let thread = Thread::expect_open(state.thread.as_ref().or(begun.as_ref()))?;
    let said = match &signal.payload {
        ControlPayload::GuidanceAnswer(answer) => answered(state, thread, answer, facts)?,
        _ => vec![said(signal, facts)],
    };
    Ok(opening.map(ThreadEvent::Opened).into_iter().chain(said).collect())
}

/// The one control thread of the (run, agent) begins with its first signal.
fn open(signal: &ControlSignal, ticket: String, facts: &Facts) -> Opened {
    let ControlSignal { run_id, agent_name, .. } = signal;
    let place = Place { ticket, run_id: Some(run_id.clone()), session_id: None, agent_name: Some(agent_name.clone()) };
    Opened::control(agent_name, place, facts)
}

fn said(signal: &ControlSignal, facts: &Facts) -> ThreadEvent {
    let asks = matches!(signal.payload, ControlPayload::GuidanceRequest(_));
    ThreadEvent::Signalled(Signalled {
        post_id: facts.post_id.clone(),
        kind: signal.payload.kind(),
        control: signal.payload.clone(),
        request_id: asks.then(|| facts.post_id.clone()),
        auto: false,
        counts: true,
    })
}

/// An answer goes to the present request, or to the earlier one that it names: that changes nothing any more, but is kept.
fn answered(
    state: &SignalState,
    thread: &Thread,
    answer: &GuidanceAnswer,
    facts: &Facts,
) -> Result<Vec<ThreadEvent>, Rejection> {
    let request_id = answer.request_id.clone().or_else(|| thread.request_id.clone());
    if request_id == thread.request_id {
        thread.expect_option(answer.option.as_ref())?;
    } else if let Some(earlier) = &state.earlier
        && let Some(standing) = earlier.answer.as_ref().filter(|standing| standing.by_a_person())
    {
        return Err(already_answered(standing));
    }
    let given = Given { answer: answer.answer.clone(), option: answer.option.clone(), amend: false };
    thread.answered_by_signal(given, request_id, facts)
}
