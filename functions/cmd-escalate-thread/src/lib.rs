//! Does what a thread's deadline says, or asks for attention to it.
//!
//! Wakes on: forum.commands.escalate_thread
//! Reads: commands, threads
//! Writes: commands, threads, posts, control_threads, guidance_requests, audit, events
//! Emits: forum.sla.escalation_requested, forum.control.signal, forum.post.added, forum.state.changed, forum.integration.docs_sync.requested

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, EscalateThread};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdEscalateThread;

impl Function for CmdEscalateThread {
    const NAME: &'static str = "cmd-escalate-thread";
    const TRIGGER: Trigger = Trigger::Command(EscalateThread::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
