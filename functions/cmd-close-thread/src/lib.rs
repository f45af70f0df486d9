//! Closes a thread, for good.
//!
//! Wakes on: forum.commands.close_thread
//! Reads: commands, threads
//! Writes: commands, threads, events
//! Emits: forum.thread.closed, forum.integration.docs_sync.requested

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{CloseThread, Command};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdCloseThread;

impl Function for CmdCloseThread {
    const NAME: &'static str = "cmd-close-thread";
    const TRIGGER: Trigger = Trigger::Command(CloseThread::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
