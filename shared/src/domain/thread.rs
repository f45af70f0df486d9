//! A thread: what the command side knows of it, and what each event does to it. Deciding what may happen is each
//! command function's `decide`; this module only applies what was decided.

mod docs_sync;
mod events;
mod waiting;

use super::session::ProbeLimits;
use crate::clock::Time;
use crate::error::{Code, Rejection};
use crate::message::command::ControlPayload;
use crate::value::{Actor, GuidanceStatus, OnTimeout, Priority, ThreadKind, ThreadState, Word};

pub use docs_sync::{DocsSyncRequested, SyncTrigger};
pub use events::{
    Answer, Assigned, Closed, Escalated, Opened, PostAdded, PriorityChanged, Signalled, StateChanged, ThreadEvent,
};
pub use waiting::{EarlierRequest, Given, Guidance, already_answered};

/// What a pure decision knows beside the thread and the payload.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who commands.
    pub actor: Actor,
    /// The present.
    pub now: Time,
    /// The id a new post gets. It follows from the command's id, so a repeat writes the same one.
    pub post_id: String,
    /// The id of the post that opens a thread for it, if that has to be opened first.
    pub opening_post_id: String,
    /// The command.
    pub command_id: String,
    /// What probes are judged by.
    pub probe: ProbeLimits,
}

/// A thread as the command side keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Identity.
    pub thread_id: String,
    /// What it is for.
    pub kind: ThreadKind,
    /// Ticket.
    pub ticket: String,
    /// Run, if any.
    pub run_id: Option<String>,
    /// Session, if any.
    pub session_id: Option<String>,
    /// Agent that asks, if any.
    pub agent_name: Option<String>,
    /// Title.
    pub title: String,
    /// Where it stands.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// Who should answer.
    pub assignee: Option<String>,
    /// Who opened it.
    pub opened_by: Actor,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    pub default: Option<String>,
    /// Until when an answer is wanted.
    pub deadline: Option<Time>,
    /// What the deadline does.
    pub on_timeout: OnTimeout,
    /// The question that is open or was answered last: its post.
    pub request_id: Option<String>,
    /// When it was asked.
    pub asked_at: Option<Time>,
    /// Whether the question has its answer; none on a control thread whose agent has asked nothing.
    pub guidance_status: Option<GuidanceStatus>,
    /// The answer in force.
    pub answer: Option<Answer>,
    /// When it was opened.
    pub opened_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// Since when it has asked for attention, while it does.
    pub escalated_at: Option<Time>,
    /// Number of events in its stream.
    pub version: i64,
}

/// The place of a new thread in the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Ticket.
    pub ticket: String,
    /// Run, if any.
    pub run_id: Option<String>,
    /// Session, if any.
    pub session_id: Option<String>,
    /// Agent, if any.
    pub agent_name: Option<String>,
}

impl Thread {
    /// The thread, which must be there.
    ///
    /// # Errors
    /// `not_found`.
    pub fn expect(thread: Option<&Self>) -> Result<&Self, Rejection> {
        thread.ok_or_else(|| Rejection::new(Code::NotFound, "no such thread"))
    }

    /// The thread, which must be there and not closed.
    ///
    /// # Errors
    /// `not_found`, `thread_closed`.
    pub fn expect_open(thread: Option<&Self>) -> Result<&Self, Rejection> {
        let thread = Self::expect(thread)?;
        if thread.state == ThreadState::Closed {
            return Err(Rejection::new(Code::ThreadClosed, "the thread is closed"));
        }
        Ok(thread)
    }

    /// What closing it leads to; nothing when it is closed already.
    ///
    /// # Errors
    /// `control_thread` for one that its run closes.
    pub fn close(&self, reason: Option<String>) -> Result<Vec<ThreadEvent>, Rejection> {
        if self.kind == ThreadKind::Control {
            return Err(Rejection::new(Code::ControlThread, "a control thread is closed by its run"));
        }
        if self.state == ThreadState::Closed {
            return Ok(Vec::new());
        }
        self.expect_move(ThreadState::Closed)?;
        Ok(vec![ThreadEvent::Closed(Closed { from: self.state, reason })])
    }

    /// Checks that the thread may move to another state.
    ///
    /// # Errors
    /// `illegal_transition` with `from` and `to`.
    pub fn expect_move(&self, to: ThreadState) -> Result<(), Rejection> {
        if self.state.may_become(to) {
            return Ok(());
        }
        let (from, to) = (self.state.as_str(), to.as_str());
        Err(Rejection::new(Code::IllegalTransition, format!("a thread does not move from {from} to {to}"))
            .with("from", from)
            .with("to", to))
    }

    /// The thread that `opened` begins, at version 1.
    #[must_use]
    pub fn begin(thread_id: String, opened: &Opened, actor: &Actor, at: Time) -> Self {
        let place = opened.place.clone();
        let asks = opened.kind == ThreadKind::Question;
        Self {
            thread_id,
            kind: opened.kind,
            ticket: place.ticket,
            run_id: place.run_id,
            session_id: place.session_id,
            agent_name: place.agent_name,
            title: opened.title.clone(),
            state: opened.state,
            priority: opened.priority,
            assignee: opened.assignee.clone(),
            opened_by: actor.clone(),
            options: opened.options.clone(),
            default: opened.default.clone(),
            deadline: opened.deadline,
            on_timeout: opened.on_timeout,
            request_id: asks.then(|| opened.post_id.clone()),
            asked_at: asks.then_some(at),
            guidance_status: asks.then_some(GuidanceStatus::Pending),
            answer: None,
            opened_at: at,
            updated_at: at,
            closed_at: None,
            escalated_at: None,
            version: 1,
        }
    }

    /// What `event` by `actor` does to the thread. A thread begins with [`Thread::begin`], so opening again is ignored.
    pub fn apply(&mut self, event: &ThreadEvent, actor: &Actor, at: Time) {
        match event {
            ThreadEvent::Opened(_) => return,
            ThreadEvent::PostAdded(_) => {}
            ThreadEvent::Signalled(signal) => self.signal(signal, at),
            ThreadEvent::Assigned(change) => self.assignee.clone_from(&change.to),
            ThreadEvent::PriorityChanged(change) => self.priority = change.to,
            ThreadEvent::StateChanged(change) => self.state = change.to,
            ThreadEvent::Closed(_) => {
                self.state = ThreadState::Closed;
                self.closed_at = Some(at);
            }
            // Asking for attention is no touch: the waiting goes on.
            ThreadEvent::Escalated(escalated) => {
                self.guidance_status = escalated.guidance_status.or(self.guidance_status);
                self.escalated_at = Some(at);
                self.version += 1;
                return;
            }
        }
        if let Some(answer) = event.answer(actor, at) {
            let status = if answer.auto { GuidanceStatus::AutoAnswered } else { GuidanceStatus::Answered };
            self.guidance_status = Some(status);
            self.answer = Some(answer);
        }
        self.updated_at = at;
        self.version += 1;
        if !self.is_pressing(at) {
            self.escalated_at = None;
        }
    }

    fn signal(&mut self, signal: &Signalled, at: Time) {
        if let ControlPayload::GuidanceRequest(request) = &signal.control {
            self.options.clone_from(&request.options);
            self.default.clone_from(&request.default);
            self.deadline = request.deadline;
            self.on_timeout = request.on_timeout;
            self.request_id = Some(signal.post_id.clone());
            self.asked_at = Some(at);
            self.guidance_status = Some(GuidanceStatus::Pending);
            self.answer = None;
            // Attention was asked for another question.
            self.escalated_at = None;
        }
        self.state = signal.moves_to().unwrap_or(self.state);
    }
}
