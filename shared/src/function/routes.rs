//! Every function that messages wake. A deployed function knows no other, and publishes to all of them; the harness's table
//! is compared with this one by a test.

use super::{Trigger, subscription};
use crate::message::command::{
    AddPost, AnswerThread, AssignThread, ChangeThreadState, CloseThread, Command, OpenThread, SetThreadPriority,
};
use crate::store::views::{search, thread_stats, thread_views};
use crate::transport::Subscription;

/// Function and trigger, in the order of the folders.
pub const ROUTES: &[(&str, Trigger)] = &[
    ("cmd-add-post", Trigger::Command(AddPost::NAME)),
    ("cmd-answer-thread", Trigger::Command(AnswerThread::NAME)),
    ("cmd-assign-thread", Trigger::Command(AssignThread::NAME)),
    ("cmd-change-thread-state", Trigger::Command(ChangeThreadState::NAME)),
    ("cmd-close-thread", Trigger::Command(CloseThread::NAME)),
    ("cmd-open-thread", Trigger::Command(OpenThread::NAME)),
    ("cmd-set-thread-priority", Trigger::Command(SetThreadPriority::NAME)),
    ("project-search", Trigger::Projection(search::PROJECTION.name)),
    ("project-thread-stats", Trigger::Projection(thread_stats::PROJECTION.name)),
    ("project-thread-views", Trigger::Projection(thread_views::PROJECTION.name)),
];

/// What every function subscribes to.
#[must_use]
pub fn subscriptions() -> Vec<Subscription> {
    ROUTES.iter().filter_map(|(function, trigger)| subscription(function, *trigger)).collect()
}
