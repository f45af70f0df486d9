//! Observations as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Time;
use crate::store::statement::nullable;
use crate::store::{Reader, Row, StoreError};
use crate::value::{ObservationKind, Scope};

/// An observation as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ObservationView {
    /// Identity.
    pub observation_id: String,
    /// Tenant.
    pub team_id: String,
    /// Tenant.
    pub project_id: String,
    /// What it is about.
    pub kind: ObservationKind,
    /// One line.
    pub title: String,
    /// More.
    pub body: String,
    /// The session that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The job that made it.
    pub job_id: String,
    /// When the newest of what it is about happened, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// When it was made, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// The agent events that it was made of.
    pub sources: Vec<String>,
}

/// One observation, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    observation_id: &str,
) -> Result<Option<ObservationView>, StoreError> {
    let params =
        vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), observation_id.to_owned().into()];
    reader.row(include_str!("../sql/find_observation.sql"), params)?.map(observation).transpose()
}

/// Up to `limit` observations that were made of one agent event, the oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn of_event(
    reader: &mut Reader<'_>,
    scope: &Scope,
    agent_event_id: &str,
    limit: u32,
) -> Result<Vec<ObservationView>, StoreError> {
    let params = vec![
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        agent_event_id.to_owned().into(),
        i64::from(limit).into(),
    ];
    let rows = reader.rows(include_str!("../sql/list_observations_of_event.sql"), params)?;
    rows.into_iter().map(observation).collect()
}

/// Reads a row with the columns of `find_observation.sql`.
fn observation(row: Row) -> Result<ObservationView, StoreError> {
    let mut columns = row.columns();
    Ok(ObservationView {
        observation_id: columns.text()?,
        team_id: columns.text()?,
        project_id: columns.text()?,
        kind: columns.word()?,
        title: columns.text()?,
        body: columns.text()?,
        session_id: columns.optional_text()?,
        job_id: columns.text()?,
        occurred_at: columns.time()?,
        created_at: columns.time()?,
        sources: columns.json()?,
    })
}
