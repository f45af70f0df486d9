//! Starts a run.
//!
//! Wakes on: forum.commands.start_run
//! Reads: commands, projects, runs, sessions, events
//! Writes: commands, runs, run_agents, events
//! Emits: run.state.changed

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, StartRun};
use shared::message::envelope::CloudEvent;
use shared::store::runs::Runs;

pub use decide::decide;

/// The function.
pub struct CmdStartRun;

impl Function for CmdStartRun {
    const NAME: &'static str = "cmd-start-run";
    const TRIGGER: Trigger = Trigger::Command(StartRun::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Runs, _>(ctx, Self::NAME, &message, decide).await
    }
}
