//! Keeps `view_thread_views`: one row per thread, as lists and details show it.
//!
//! Wakes on: forum.events.*, forum.integration.*, forum.replay.thread-views
//! Reads: events, projection_checkpoints
//! Writes: view_thread_views, projection_checkpoints
//! Emits: forum.replay.thread-views

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, projection};
use shared::message::envelope::CloudEvent;
use shared::store::views::thread_views;

/// The function.
pub struct ProjectThreadViews;

impl Function for ProjectThreadViews {
    const NAME: &'static str = "project-thread-views";
    const TRIGGER: Trigger = Trigger::Projection(thread_views::PROJECTION.name);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        projection::handle(ctx, Self::NAME, &thread_views::PROJECTION, &message).await
    }
}
