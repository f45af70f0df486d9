//! Moves a thread to another state.
//!
//! Wakes on: forum.commands.change_thread_state
//! Reads: commands, threads
//! Writes: commands, threads, events
//! Emits: forum.state.changed, forum.thread.closed, forum.integration.docs_sync.requested

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{ChangeThreadState, Command};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdChangeThreadState;

impl Function for CmdChangeThreadState {
    const NAME: &'static str = "cmd-change-thread-state";
    const TRIGGER: Trigger = Trigger::Command(ChangeThreadState::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
