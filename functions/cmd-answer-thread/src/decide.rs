//! The rules: an answer is a post and a move in one; a chosen option must exist; a person's answer stands unless amended.

use shared::domain::thread::{Facts, Given, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::AnswerThread;

/// What an answer leads to. On a control thread it is a control signal, whatever way it came.
///
/// # Errors
/// `not_found`, `thread_closed`, `unknown_option`, `already_answered` with the winning answer, `illegal_transition`; on a
/// control thread also `invalid_actor`.
pub fn decide(thread: Option<&Thread>, answer: &AnswerThread, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    let thread = Thread::expect_open(thread)?;
    let given = Given { answer: answer.body.clone(), option: answer.option.clone(), amend: answer.amend };
    thread.answered(given, facts)
}
