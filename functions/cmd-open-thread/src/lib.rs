//! Opens a thread with its first post.
//!
//! Wakes on: forum.commands.open_thread
//! Reads: commands, projects, threads
//! Writes: commands, threads, posts, events
//! Emits: forum.thread.opened

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, OpenThread};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdOpenThread;

impl Function for CmdOpenThread {
    const NAME: &'static str = "cmd-open-thread";
    const TRIGGER: Trigger = Trigger::Command(OpenThread::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
