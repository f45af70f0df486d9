//! Forgets what nobody needs any more: sent outbox rows, applied commands that changed nothing, old idempotency keys, old
//! notifications that were read and resolved. Never what is unfinished, never an event.
//!
//! Wakes on: the clock, every minute
//! Reads: outbox, commands, events, projection_checkpoints, notifications, meta
//! Writes: outbox, commands, notifications, meta
//! Emits: nothing

use std::time::Duration;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Period, Trigger};
use shared::message::envelope::Tick;
use shared::store::retention::{self, Keep, Pruned};

/// How long notifications are kept that were read and are resolved.
const NOTIFICATIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The function.
pub struct SweepRetention;

impl Function for SweepRetention {
    const NAME: &'static str = "sweep-retention";
    const TRIGGER: Trigger = Trigger::Schedule(Period::Every(Duration::from_secs(60)));
    type Message = Tick;

    async fn handle(ctx: &Ctx, _tick: Tick) -> Result<(), HandlerError> {
        let config = &ctx.config;
        let keep = Keep {
            sent: config.outbox.keep_sent,
            eventless: config.commands.keep_eventless,
            keys: config.idempotency.keep,
            notifications: NOTIFICATIONS,
        };
        let pruned = retention::prune(&ctx.store, &ctx.housekeeping(Self::NAME), keep).await?;
        if pruned != Pruned::default() {
            let Pruned { outbox, commands, keys, notifications } = pruned;
            tracing::info!(outbox, commands, keys, notifications, "forgot what was kept long enough");
        }
        Ok(())
    }
}
