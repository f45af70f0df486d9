//! Moves a run: where a person wants it, or where the signals of its agents put it.
//!
//! Wakes on: forum.commands.change_run_state
//! Reads: commands, runs, run_agents, control_threads, sessions, events
//! Writes: commands, runs, control_threads, events
//! Emits: run.state.changed

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{ChangeRunState, Command};
use shared::message::envelope::CloudEvent;
use shared::store::runs::Runs;

pub use decide::decide;

/// The function.
pub struct CmdChangeRunState;

impl Function for CmdChangeRunState {
    const NAME: &'static str = "cmd-change-run-state";
    const TRIGGER: Trigger = Trigger::Command(ChangeRunState::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Runs, _>(ctx, Self::NAME, &message, decide).await
    }
}
