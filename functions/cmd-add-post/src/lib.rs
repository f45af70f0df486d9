//! Adds a post to an open thread.
//!
//! Wakes on: forum.commands.add_post
//! Reads: commands, threads
//! Writes: commands, threads, posts, events
//! Emits: forum.post.added

mod decide;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::{Function, Trigger, command};
use shared::message::command::{AddPost, Command};
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;

pub use decide::decide;

/// The function.
pub struct CmdAddPost;

impl Function for CmdAddPost {
    const NAME: &'static str = "cmd-add-post";
    const TRIGGER: Trigger = Trigger::Command(AddPost::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, payload, facts| {
            decide(thread.as_ref(), payload, facts)
        })
        .await
    }
}
