//! The rule: a thread opens once, as a new question.

use shared::domain::thread::{Facts, Opened, Place, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::OpenThread;
use shared::value::{ThreadKind, ThreadState};

/// What opening leads to.
///
/// # Errors
/// None today: a thread's id comes from its command's, so one that exists is the same command's and nothing happens.
pub fn decide(thread: Option<&Thread>, open: &OpenThread, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    if thread.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![ThreadEvent::Opened(Opened {
        title: open.title.clone(),
        body: open.body.clone(),
        post_id: facts.post_id.clone(),
        kind: ThreadKind::Question,
        state: ThreadState::New,
        priority: open.priority,
        assignee: open.assignee.clone(),
        options: open.options.clone(),
        default: open.default.clone(),
        deadline: open.deadline,
        on_timeout: open.on_timeout,
        place: Place {
            ticket: open.ticket.clone(),
            run_id: open.run_id.clone(),
            session_id: open.session_id.clone(),
            agent_name: open.agent_name.clone(),
        },
    })])
}
