//! Sends a control signal on the one control thread of a (run, agent), and folds it into what gates decide on.
//!
//! Wakes on: forum.commands.control_signal
//! Reads: commands, threads, runs, guidance_requests
//! Writes: commands, threads, posts, control_threads, guidance_requests, events
//! Emits: forum.thread.opened, forum.control.signal

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, ControlSignal};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Signals;

pub use decide::decide;

/// The function.
pub struct CmdSendSignal;

impl Function for CmdSendSignal {
    const NAME: &'static str = "cmd-send-signal";
    const TRIGGER: Trigger = Trigger::Command(ControlSignal::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Signals, _>(ctx, Self::NAME, &message, decide).await
    }
}
