//! One job and its lifecycle, and whether several are over.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{JobRow, job};
use crate::clock::Time;
use crate::domain::job::is_job_id;
use crate::message::event::LogEvent;
use crate::store::statement::nullable;
use crate::store::{Reader, StoreError, events};
use crate::value::{ErrorClass, Scope};

/// One step of a job's lifecycle: an event of its stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LifecycleStep {
    /// Position in the log.
    pub pos: i64,
    /// `queued`, `enqueued`, `processing`, `retry_scheduled`, `completed`, `failed` or `cancelled`.
    #[serde(rename = "type")]
    pub step: String,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// How often work on the job had begun.
    pub attempts: i64,
    /// When it is to be tried again, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Time>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// Who moved it, such as `request`, `lane`, `operator` or `publish`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What an event of a job's stream carries.
#[derive(Deserialize)]
struct Moved {
    attempts: i64,
    next_attempt_at: Option<Time>,
    error_class: Option<ErrorClass>,
    source: Option<String>,
}

/// One job, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    job_id: &str,
) -> Result<Option<JobRow>, StoreError> {
    // No job was ever called anything else.
    if !is_job_id(job_id) {
        return Ok(None);
    }
    let params = vec![job_id.to_owned().into(), team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    reader.row(include_str!("../sql/find_job.sql"), params)?.map(job).transpose()
}

/// The newest `limit` steps of a job's lifecycle, oldest first.
///
/// # Errors
/// When the read fails or an event is damaged.
pub fn lifecycle(
    reader: &mut Reader<'_>,
    scope: &Scope,
    job_id: &str,
    limit: u32,
) -> Result<Vec<LifecycleStep>, StoreError> {
    events::read_stream(reader, scope, &format!("job/{job_id}"), limit)?.iter().map(step).collect()
}

fn step(event: &LogEvent) -> Result<LifecycleStep, StoreError> {
    let moved: Moved = serde_json::from_str(event.payload.get()).map_err(|error| StoreError::Row(error.to_string()))?;
    Ok(LifecycleStep {
        pos: event.pos,
        step: event.event_type.trim_start_matches("job.").to_owned(),
        at: event.recorded_at,
        attempts: moved.attempts,
        next_attempt_at: moved.next_attempt_at,
        error_class: moved.error_class,
        source: moved.source,
    })
}

/// Whether every one of these jobs of a project is over.
///
/// # Errors
/// When the read fails.
pub fn are_over(reader: &mut Reader<'_>, scope: &Scope, job_ids: &[String]) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM json_each(?3) AS wanted CROSS JOIN jobs
        WHERE jobs.job_id = wanted.value AND jobs.team_id = ?1 AND jobs.project_id = ?2
            AND jobs.status IN ('queued', 'processing')
        LIMIT 1";
    let wanted = serde_json::to_string(job_ids).unwrap_or_default();
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), wanted.into()];
    Ok(reader.row(SQL, params)?.is_none())
}
