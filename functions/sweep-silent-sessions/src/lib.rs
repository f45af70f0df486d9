//! Probes live sessions where that is possible, ends doubts that took too long, and turns to a person when a nudge has not
//! helped in time.
//!
//! Wakes on: the clock, every probe.interval
//! Reads: sessions, reactions, pull_requests, pr_checks, pr_comments, control_threads, notifications
//! Writes: commands, notifications, reactions, events
//! Emits: forum.commands.report_runtime, forum.commands.send_nudge, notification.created, notification.resolved

mod probing;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger, nudging};
use shared::message::command::{ReportRuntime, Subject};
use shared::message::envelope::Tick;
use shared::store::commands::{Caused, cause};
use shared::store::sessions::silent;
use shared::store::{Commit, Durability, reactions};
use shared::value::ProbeResult;

/// Sessions per reason and sweep; the rest is found by the next one.
const LIMIT: u32 = 500;

/// The function.
pub struct SweepSilentSessions;

impl Function for SweepSilentSessions {
    const NAME: &'static str = "sweep-silent-sessions";
    const TRIGGER: Trigger = Trigger::Schedule(Period::Probe);
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        end_doubts(ctx).await?;
        let now = ctx.clock.now();
        let overdue = ctx.store.read(move |reader| reactions::overdue(reader, now, LIMIT)).await?;
        nudging::look_again(ctx, Self::NAME, overdue).await?;
        probing::probe_all(ctx).await
    }
}

/// A session in doubt for too long is stuck, also when no further report comes.
async fn end_doubts(ctx: &Ctx) -> Result<(), HandlerError> {
    let since = ctx.clock.now().minus(ctx.config.detecting.after);
    let doubtful = ctx.store.read(move |reader| silent::in_doubt(reader, since, LIMIT)).await?;
    if doubtful.is_empty() {
        return Ok(());
    }
    let commands = doubtful.into_iter().map(|(scope, session_id, since)| {
        let key = format!("{}:{session_id}:{}", SweepSilentSessions::NAME, since.0);
        let report = ReportRuntime {
            session_id: session_id.clone(),
            runtime: ProbeResult::Unknown,
            process: ProbeResult::Unknown,
            evidence: None,
            pass_id: None,
            launch_id: None,
        };
        cause(Caused::new(&scope, &Subject::Session(session_id), &report, key), &ctx.ids)
    });
    // Lost in a power cut, they are in doubt still.
    let context = ctx.housekeeping(SweepSilentSessions::NAME);
    ctx.store.commit(Commit::new(Durability::Normal, context).then_all(commands).ringing()).await?;
    Ok(())
}
