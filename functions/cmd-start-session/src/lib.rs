//! Starts an agent's session, finds the one that is known already, or opens one again.
//!
//! Wakes on: forum.commands.start_session
//! Reads: commands, projects, sessions, session_counters, runs
//! Writes: commands, sessions, session_counters, run_agents, events
//! Emits: session_created, session_updated

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, StartSession};
use shared::message::envelope::CloudEvent;
use shared::store::sessions::SessionStarts;

pub use decide::decide;

/// The function.
pub struct CmdStartSession;

impl Function for CmdStartSession {
    const NAME: &'static str = "cmd-start-session";
    const TRIGGER: Trigger = Trigger::Command(StartSession::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<SessionStarts, _>(ctx, Self::NAME, &message, decide).await
    }
}
