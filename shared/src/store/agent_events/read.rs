//! Agent events as they are shown.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::clock::Time;
use crate::store::statement::{Value, nullable};
use crate::store::{Columns, Reader, StoreError};
use crate::value::{JobStatus, Scope};

/// An agent event as it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgentEventView {
    /// Identity.
    pub agent_event_id: String,
    /// Tenant.
    pub team_id: String,
    /// Tenant.
    pub project_id: String,
    /// What it came with.
    pub batch_id: String,
    /// What happened, in the words of whoever sent it.
    pub event_type: String,
    /// When it happened, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// When it came, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Time,
    /// What was said of it, without private text; left out in answers to batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
    /// What sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_adapter: Option<String>,
    /// The sender's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_event_id: Option<String>,
    /// The session in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The job that makes observations of it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
}

/// An agent event with the job that makes observations of it, as it stands.
#[derive(Clone, Debug)]
pub struct KnownEvent {
    /// The event.
    pub event: AgentEventView,
    /// Where its job stands, and whether that is rung for; none if no job makes observations of it.
    pub job: Option<(JobStatus, bool)>,
}

/// One agent event, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    agent_event_id: &str,
) -> Result<Option<AgentEventView>, StoreError> {
    let params =
        vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), agent_event_id.to_owned().into()];
    let row = reader.row(include_str!("../sql/find_agent_event.sql"), params)?;
    row.map(|row| event(&mut row.columns())).transpose()
}

/// The agent events of these keys, in their order; with their payloads if those are wanted.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn by_keys(
    reader: &mut Reader<'_>,
    scope: &Scope,
    keys: &[String],
    with_payload: bool,
) -> Result<Vec<KnownEvent>, StoreError> {
    let params: Vec<Value> = vec![
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        serde_json::to_string(keys).unwrap_or_default().into(),
        i64::from(with_payload).into(),
    ];
    let mut found = Vec::with_capacity(keys.len());
    for row in reader.rows(include_str!("../sql/list_agent_events_by_key.sql"), params)? {
        let mut columns = row.columns();
        let event = event(&mut columns)?;
        let (status, rings) = (columns.optional_word()?, columns.optional_integer()?);
        found.push(KnownEvent { event, job: status.map(|status| (status, rings == Some(1))) });
    }
    Ok(found)
}

/// Reads the columns of `find_agent_event.sql`.
fn event(columns: &mut Columns) -> Result<AgentEventView, StoreError> {
    Ok(AgentEventView {
        agent_event_id: columns.text()?,
        team_id: columns.text()?,
        project_id: columns.text()?,
        batch_id: columns.text()?,
        event_type: columns.text()?,
        occurred_at: columns.time()?,
        received_at: columns.time()?,
        payload: columns.optional_text()?.map(raw).transpose()?,
        source_adapter: columns.optional_text()?,
        source_event_id: columns.optional_text()?,
        session_id: columns.optional_text()?,
        job_id: columns.optional_text()?,
    })
}

fn raw(json: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(|error| StoreError::Row(error.to_string()))
}
