//! Stores what an agent does, and moves its session there.
//!
//! Wakes on: forum.commands.report_activity
//! Reads: commands, sessions
//! Writes: commands, sessions, events
//! Emits: session_updated

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{Command, ReportActivity};
use shared::message::envelope::CloudEvent;
use shared::store::sessions::Sessions;

pub use decide::decide;

/// The function.
pub struct CmdReportActivity;

impl Function for CmdReportActivity {
    const NAME: &'static str = "cmd-report-activity";
    const TRIGGER: Trigger = Trigger::Command(ReportActivity::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Sessions, _>(ctx, Self::NAME, &message, decide).await
    }
}
