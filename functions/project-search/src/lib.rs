//! Keeps `view_search`: which posts and titles hold which words.
//!
//! Wakes on: forum.events.*, forum.integration.*, forum.replay.search
//! Reads: events, projection_checkpoints
//! Writes: view_search, view_search_titles, view_search_text_0, view_search_text_1, projection_checkpoints
//! Emits: forum.replay.search

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, projection};
use shared::message::envelope::CloudEvent;
use shared::store::views::search;

/// The function.
pub struct ProjectSearch;

impl Function for ProjectSearch {
    const NAME: &'static str = "project-search";
    const TRIGGER: Trigger = Trigger::Projection(search::PROJECTION.name);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        projection::handle(ctx, Self::NAME, &search::PROJECTION, &message).await
    }
}
