//! Posts as shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::key;
use crate::clock::Time;
use crate::store::{Reader, StoreError};
use crate::value::{ActorType, PostKind, Scope};

/// A post as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// Identity.
    pub post_id: String,
    /// What it is.
    pub kind: PostKind,
    /// Kind of author.
    pub actor_type: ActorType,
    /// Author.
    pub actor_name: String,
    /// Text.
    pub body: String,
    /// The option chosen, on an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// The newest `limit` posts of a thread, oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn posts(reader: &mut Reader<'_>, scope: &Scope, thread_id: &str, limit: u32) -> Result<Vec<Post>, StoreError> {
    let mut params = key(scope, thread_id);
    params.push(i64::from(limit).into());
    let mut posts = Vec::new();
    for row in reader.rows(include_str!("../sql/read_posts.sql"), params)? {
        let mut columns = row.columns();
        posts.push(Post {
            post_id: columns.text()?,
            kind: columns.word()?,
            actor_type: columns.word()?,
            actor_name: columns.text()?,
            body: columns.text()?,
            option: columns.optional_text()?,
            created_at: columns.time()?,
        });
    }
    posts.reverse();
    Ok(posts)
}
