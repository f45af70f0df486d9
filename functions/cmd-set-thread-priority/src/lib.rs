//! Says how urgent a thread is.
//!
//! Wakes on: forum.commands.set_thread_priority
//! Reads: commands, threads
//! Writes: commands, threads, events
//! Emits: forum.priority.changed

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, SetThreadPriority};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdSetThreadPriority;

impl Function for CmdSetThreadPriority {
    const NAME: &'static str = "cmd-set-thread-priority";
    const TRIGGER: Trigger = Trigger::Command(SetThreadPriority::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
