//! Closes a run and its control threads, for good, if every gate is open.
//!
//! Wakes on: forum.commands.close_run
//! Reads: commands, runs, run_agents, control_threads, threads, sessions, events
//! Writes: commands, runs, threads, events
//! Emits: run.state.changed, forum.thread.closed

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{CloseRun, Command};
use shared::message::envelope::CloudEvent;
use shared::store::runs::Runs;

pub use decide::decide;

/// The function.
pub struct CmdCloseRun;

impl Function for CmdCloseRun {
    const NAME: &'static str = "cmd-close-run";
    const TRIGGER: Trigger = Trigger::Command(CloseRun::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Runs, _>(ctx, Self::NAME, &message, decide).await
    }
}
