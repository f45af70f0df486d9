//! Keeps `view_run_snapshots`: each run as lists and snapshots show it, and when its agents were last heard of.
//!
//! Wakes on: forum.events.*, forum.integration.*, forum.replay.run-snapshots
//! Reads: events, projection_checkpoints
//! Writes: view_run_snapshots, view_run_snapshots_agents, projection_checkpoints
//! Emits: forum.replay.run-snapshots

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, projection};
use shared::message::envelope::CloudEvent;
use shared::store::views::run_snapshots;

/// The function.
pub struct ProjectRunSnapshots;

impl Function for ProjectRunSnapshots {
    const NAME: &'static str = "project-run-snapshots";
    const TRIGGER: Trigger = Trigger::Projection(run_snapshots::PROJECTION.name);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        projection::handle(ctx, Self::NAME, &run_snapshots::PROJECTION, &message).await
    }
}
