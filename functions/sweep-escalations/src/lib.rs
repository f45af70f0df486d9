//! Finds what waits too long: questions whose deadline has passed, and threads that have to ask for attention. What is done
//! about each is a command, so that it is done once and shows in the log.
//!
//! Wakes on: the clock, every guidance.sweep or escalation.tick, whichever is shorter
//! Reads: threads
//! Writes: commands
//! Emits: forum.commands.escalate_thread

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger};
use shared::message::command::Subject;
use shared::message::envelope::Tick;
use shared::store::commands::{Caused, cause};
use shared::store::threads::waiting;
use shared::store::{Commit, Durability};

/// Threads per reason and sweep; the rest is found by the next one.
const LIMIT: u32 = 500;

/// The function.
pub struct SweepEscalations;

impl Function for SweepEscalations {
    const NAME: &'static str = "sweep-escalations";
    const TRIGGER: Trigger = Trigger::Schedule(Period::Escalation);
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        let now = ctx.clock.now();
        let untouched = now.minus(ctx.config.escalation.sla);
        let due = ctx.store.read(move |reader| waiting::due(reader, now, untouched, LIMIT)).await?;
        if due.is_empty() {
            return Ok(());
        }
        tracing::info!(threads = due.len(), "threads wait too long");
        let commands = due.into_iter().map(|due| {
            let subject = Subject::Thread(due.command.thread_id.clone());
            let key = format!("{}:{}:{}", Self::NAME, due.command.thread_id, due.due.0);
            cause(Caused::new(&due.scope, &subject, &due.command, key), &ctx.ids)
        });
        // Lost in a power cut, it is due again.
        let commit = Commit::new(Durability::Normal, ctx.housekeeping(Self::NAME)).then_all(commands).ringing();
        ctx.store.commit(commit).await?;
        Ok(())
    }
}
