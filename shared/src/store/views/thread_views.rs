//! `view_thread_views`: one row per thread, as lists and details show it.

mod apply;
mod read;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::domain::thread::Answer;
use crate::store::projections::{Projection, ViewTable};
use crate::value::{ActorType, GuidanceStatus, Priority, ThreadKind, ThreadState};

pub use read::{Place, Queue, ThreadFilter, Viewer, by_id, find, list};

/// The projection.
pub static PROJECTION: Projection = Projection {
    name: "thread-views",
    apply: apply::apply,
    tables: &[ViewTable {
        name: "view_thread_views",
        key: &["team_id", "project_id", "thread_id"],
        page: include_str!("../sql/list_generation_of_thread_views.sql"),
        delete: include_str!("../sql/delete_thread_views.sql"),
    }],
    indexes: &[],
};

/// A thread as shown (SPEC FORUM-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThreadView {
    /// Identity.
    pub thread_id: String,
    /// What it is for.
    pub kind: ThreadKind,
    /// Project.
    pub project_id: String,
    /// Ticket.
    pub ticket: String,
    /// Run, if any.
    pub run_id: Option<String>,
    /// Session, if any.
    pub session_id: Option<String>,
    /// Agent that asks, if any.
    pub agent_name: Option<String>,
    /// Title.
    pub title: String,
    /// Where it stands.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// Who should answer.
    pub assignee: Option<String>,
    /// Who opened it.
    pub opened_by: String,
    /// What kind of actor opened it.
    pub opened_by_type: ActorType,
    /// Number of posts.
    pub posts_count: i64,
    /// Time of the newest post, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub last_post_at: Time,
    /// Author of the newest post.
    pub last_post_by: String,
    /// Position of its newest event in the log.
    pub last_event_pos: i64,
    /// What kind of actor caused that event.
    pub last_actor_type: ActorType,
    /// Whether the viewer has not seen the newest event; without a viewer always.
    pub is_unseen: bool,
    /// Whether an agent had the last word in a thread that waits.
    pub is_unanswered: bool,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    pub default: Option<String>,
    /// Until when an answer is wanted, RFC 3339 UTC.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// Whether the question has its answer.
    pub guidance_status: Option<GuidanceStatus>,
    /// The answer in force.
    pub answer: Option<Answer>,
    /// When it was opened, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it last changed, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When it was closed, RFC 3339 UTC.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Time>,
}
