//! Commands: what somebody wants done to one stream. A payload is checked and put into its normal form once, at the door;
//! what is stored and later decided on is that form.

mod check;
mod threads;

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::clock::Time;
use crate::error::FieldError;

pub use threads::{AddPost, AnswerThread, AssignThread, ChangeThreadState, CloseThread, OpenThread, SetThreadPriority};

/// A command's payload: its name, its checks, and the stream it is about.
pub trait Command: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name, as in `forum.commands.<name>`.
    const NAME: &'static str;

    /// Puts the payload into its normal form.
    ///
    /// # Errors
    /// One entry per field that is wrong.
    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>>;

    /// The thread this command is about. One that opens a thread makes the thread's id from its own UUID, so that a
    /// repeated delivery cannot open a second one.
    fn thread_id(&self, command: Uuid) -> String;
}

/// The queue topic of a command.
#[must_use]
pub fn topic_of(name: &str) -> String {
    format!("forum.commands.{name}")
}

/// The stream of a thread.
#[must_use]
pub fn thread_stream(thread_id: &str) -> String {
    format!("thread/{thread_id}")
}
