//! Keeps `view_thread_stats`: how many threads there are by ticket, run, state and priority.
//!
//! Wakes on: forum.events.*, forum.integration.*, forum.replay.thread-stats
//! Reads: events, projection_checkpoints
//! Writes: view_thread_stats, view_thread_stats_threads, projection_checkpoints
//! Emits: forum.replay.thread-stats

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, projection};
use shared::message::envelope::CloudEvent;
use shared::store::views::thread_stats;

/// The function.
pub struct ProjectThreadStats;

impl Function for ProjectThreadStats {
    const NAME: &'static str = "project-thread-stats";
    const TRIGGER: Trigger = Trigger::Projection(thread_stats::PROJECTION.name);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        projection::handle(ctx, Self::NAME, &thread_stats::PROJECTION, &message).await
    }
}
