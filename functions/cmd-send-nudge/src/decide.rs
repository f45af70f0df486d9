//! The rules: an agent is told once, and only while it can heed it; whatever is typed into a session that waits for a
//! permission would answer that, so nothing is.

use shared::domain::reaction::keys;
use shared::domain::session::Session;
use shared::domain::thread::{Facts, Opened, Place, PostAdded, Thread, ThreadEvent};
use shared::error::{Code, Rejection};
use shared::message::command::{MESSAGE, SendNudge};
use shared::store::threads::{Counted, NudgeState, Nudged, Said};
use shared::value::{PostKind, SessionState, ThreadState, Word};

/// What saying it leads to.
///
/// # Errors
/// `not_found` for an unknown session; for a person's message `illegal_transition` when the session is over or blocked,
/// `run_closed`, `thread_closed`.
pub fn decide(state: &NudgeState, nudge: &SendNudge, facts: &Facts) -> Result<Vec<Nudged>, Rejection> {
    let session = Session::expect(state.session.as_ref())?;
    let counts = if nudge.key == MESSAGE {
        expect_reachable(session)?;
        if state.run_is_closed {
            return Err(Rejection::new(Code::RunClosed, "the run is closed"));
        }
        None
    } else {
        let key = keys::known(&nudge.key).unwrap_or_default();
        let closed = state.thread.as_ref().is_some_and(|thread| thread.state == ThreadState::Closed);
        let went_on = key == keys::IDLE && session.state != SessionState::Idle;
        if closed || state.run_is_closed || went_on || !session.is_workable() {
            return Ok(vec![Nudged::Held(key)]);
        }
        let told = |what: &String| state.told.contains(what);
        let repeated = if nudge.covers.is_empty() { told(&nudge.subject) } else { nudge.covers.iter().all(told) };
        if repeated {
            return Ok(vec![Nudged::Repeated(key)]);
        }
        let (subject, covers) = (nudge.subject.clone(), nudge.covers.clone());
        Some(Counted { key, subject, covers, escalate_at: nudge.escalate_at })
    };
    let opening = state.thread.is_none().then(|| ThreadEvent::Opened(open(session, facts)));
    if let Some(thread) = &state.thread {
        Thread::expect_open(Some(thread))?;
    }
    let kind = if counts.is_some() { PostKind::Nudge } else { PostKind::Message };
    let post = ThreadEvent::PostAdded(PostAdded {
        post_id: facts.post_id.clone(),
        kind,
        body: nudge.body.clone(),
        option: None,
    });
    let events = opening.into_iter().chain([post]).collect();
    Ok(vec![Nudged::Said(Box::new(Said { events, session: session.clone(), counts }))])
}

/// A person may write to any agent that is there and does not wait for a permission.
fn expect_reachable(session: &Session) -> Result<(), Rejection> {
    let state = session.state.as_str();
    let refuse = |detail: String| Err(Rejection::new(Code::IllegalTransition, detail).with("from", state));
    if session.state.is_over() {
        return refuse(format!("the session is {state}; nobody reads there"));
    }
    if session.is_blocked() {
        return refuse("the session waits for a permission; nothing is sent into it until that is given".to_owned());
    }
    Ok(())
}

/// The control thread that the session reads: that of its agent in its run, or one of its own.
fn open(session: &Session, facts: &Facts) -> Opened {
    let place = &session.place;
    let in_run = place.run_id.is_some() && place.agent_name.is_some();
    let ticket = place.ticket.clone().unwrap_or_else(|| session.session_id.clone());
    let agent = place.agent_name.clone().unwrap_or_else(|| session.session_id.clone());
    let whose = if in_run { agent.clone() } else { session.session_id.clone() };
    let place = Place {
        ticket,
        run_id: place.run_id.clone().filter(|_| in_run),
        session_id: (!in_run).then(|| session.session_id.clone()),
        agent_name: Some(agent),
    };
    Opened::control(&whose, place, facts)
}
