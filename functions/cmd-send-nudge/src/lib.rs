//! Says something to the agent of a session: a nudge by the system, or a person's message.
//!
//! Wakes on: forum.commands.send_nudge
//! Reads: commands, sessions, threads, runs, reactions
//! Writes: commands, threads, posts, control_threads, reactions, events
//! Emits: forum.thread.opened, forum.post.added

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, SendNudge};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Nudges;

pub use decide::decide;

/// The function.
pub struct CmdSendNudge;

impl Function for CmdSendNudge {
    const NAME: &'static str = "cmd-send-nudge";
    const TRIGGER: Trigger = Trigger::Command(SendNudge::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Nudges, _>(ctx, Self::NAME, &message, decide).await
    }
}
