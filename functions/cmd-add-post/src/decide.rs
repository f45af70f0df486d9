//! The rule: whatever is not closed takes posts.

use shared::domain::thread::{Facts, PostAdded, Thread, ThreadEvent};
use shared::error::Rejection;
use shared::message::command::AddPost;
use shared::value::PostKind;

/// What a post leads to.
///
/// # Errors
/// `not_found` without a thread, `thread_closed` on a closed one.
pub fn decide(thread: Option<&Thread>, post: &AddPost, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    Thread::expect_open(thread)?;
    Ok(vec![ThreadEvent::PostAdded(PostAdded {
        post_id: facts.post_id.clone(),
        kind: PostKind::Message,
        body: post.body.clone(),
        option: None,
    })])
}
