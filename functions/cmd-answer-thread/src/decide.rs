//! The rules: an answer is a post and a move in one; a chosen option must exist; a person's answer stands unless amended.

use shared::domain::thread::{Facts, PostAdded, StateChanged, Thread, ThreadEvent};
use shared::error::{Code, Rejection};
use shared::message::command::AnswerThread;
use shared::value::{PostKind, ThreadState};

/// What an answer leads to.
///
/// # Errors
/// `not_found`, `thread_closed`, `unknown_option`, `already_answered` with the winning answer, `illegal_transition`.
pub fn decide(thread: Option<&Thread>, answer: &AnswerThread, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let thread = Thread::expect_open(thread)?;
    if let Some(option) = answer.option.as_ref().filter(|option| !thread.options.contains(option)) {
        return Err(Rejection::new(Code::UnknownOption, format!("{option:?} is not one of the thread's options"))
            .with("options", thread.options.clone()));
    }
    let standing = thread.answer.as_ref().filter(|standing| standing.by_a_person() && !answer.amend);
    if let Some(standing) = standing.filter(|_| thread.state == ThreadState::Answered) {
        return Err(Rejection::new(Code::AlreadyAnswered, format!("{} answered already", standing.answered_by))
            .with("answer", serde_json::to_value(standing).unwrap_or_default()));
    }
    let post = ThreadEvent::PostAdded(PostAdded {
        post_id: facts.post_id.clone(),
        kind: PostKind::GuidanceAnswer,
        body: answer.body.clone(),
        option: answer.option.clone(),
    });
    let (from, to) = (thread.state, ThreadState::Answered);
    if from == to {
        return Ok(vec![post]);
    }
    thread.expect_move(to)?;
    Ok(vec![post, ThreadEvent::StateChanged(StateChanged { from, to })])
}
