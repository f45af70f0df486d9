//! The newest rows, for whoever looks for a message.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Time;
use crate::store::statement::nullable;
use crate::store::{Reader, StoreError};

/// A row as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutboxRow {
    /// Place in the outbox.
    pub id: i64,
    /// The message.
    pub message_id: String,
    /// Where it goes.
    pub topic: String,
    /// What must stay in order.
    pub key: String,
    /// `pending`, `processing`, `sent`, `failed` or `dead`.
    pub status: String,
    /// How often it was claimed.
    pub attempts: i64,
    /// What the transport said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it was written, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When the transport took it, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Time>,
}

/// Up to `limit` rows of a project, or of a whole team, newest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn recent(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    let params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), i64::from(limit).into()];
    let mut rows = Vec::new();
    for row in reader.rows(include_str!("../sql/list_outbox.sql"), params)? {
        let mut columns = row.columns();
        rows.push(OutboxRow {
            id: columns.integer()?,
            message_id: columns.text()?,
            topic: columns.text()?,
            key: columns.text()?,
            status: columns.text()?,
            attempts: columns.integer()?,
            last_error: columns.optional_text()?,
            created_at: columns.time()?,
            sent_at: columns.optional_time()?,
        });
    }
    Ok(rows)
}
