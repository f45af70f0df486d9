//! Ends a session; one that ended well is summed up.
//!
//! Wakes on: forum.commands.end_session
//! Reads: commands, sessions
//! Writes: commands, sessions, jobs, events
//! Emits: session_updated, job.queued, forum.jobs.summary

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, EndSession};
use shared::message::envelope::CloudEvent;
use shared::store::sessions::Sessions;

pub use decide::decide;

/// The function.
pub struct CmdEndSession;

impl Function for CmdEndSession {
    const NAME: &'static str = "cmd-end-session";
    const TRIGGER: Trigger = Trigger::Command(EndSession::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Sessions, _>(ctx, Self::NAME, &message, decide).await
    }
}
