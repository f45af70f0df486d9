//! Answers a thread: a post, and the thread is answered.
//!
//! Wakes on: forum.commands.answer_thread
//! Reads: commands, threads
//! Writes: commands, threads, posts, control_threads, guidance_requests, events
//! Emits: forum.post.added, forum.state.changed, forum.control.signal, forum.integration.docs_sync.requested

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{AnswerThread, Command};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdAnswerThread;

impl Function for CmdAnswerThread {
    const NAME: &'static str = "cmd-answer-thread";
    const TRIGGER: Trigger = Trigger::Command(AnswerThread::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
