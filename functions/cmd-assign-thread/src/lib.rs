//! Says who should answer a thread.
//!
//! Wakes on: forum.commands.assign_thread
//! Reads: commands, threads
//! Writes: commands, threads, events
//! Emits: forum.assigned

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{AssignThread, Command};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdAssignThread;

impl Function for CmdAssignThread {
    const NAME: &'static str = "cmd-assign-thread";
    const TRIGGER: Trigger = Trigger::Command(AssignThread::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
