//! Stores what a probe of a session found, and moves the session there.
//!
//! Wakes on: forum.commands.report_runtime
//! Reads: commands, sessions
//! Writes: commands, sessions, events
//! Emits: session_updated

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, ReportRuntime};
use shared::message::envelope::CloudEvent;
use shared::store::sessions::Sessions;

pub use decide::decide;

/// The function.
pub struct CmdReportRuntime;

impl Function for CmdReportRuntime {
    const NAME: &'static str = "cmd-report-runtime";
    const TRIGGER: Trigger = Trigger::Command(ReportRuntime::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Sessions, _>(ctx, Self::NAME, &message, decide).await
    }
}
