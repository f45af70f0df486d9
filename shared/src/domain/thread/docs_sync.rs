//! What a thread asks of the documentation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What made a thread worth documenting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncTrigger {
    /// It was answered.
    Answered,
    /// It was closed.
    Closed,
}

/// Payload of `forum.integration.docs_sync.requested`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DocsSyncRequested {
    /// What made it worth documenting.
    pub trigger: SyncTrigger,
    /// The thread's title.
    pub title: String,
    /// The thread's ticket.
    pub ticket: String,
}
