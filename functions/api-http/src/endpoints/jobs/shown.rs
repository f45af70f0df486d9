//! A job as it is shown.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::store::StoreError;
use shared::store::jobs::{JobRow, LifecycleStep};
use shared::value::{ErrorClass, JobKind, JobStatus};
use utoipa::ToSchema;

use crate::accept::JobTransport;

/// A job as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Identity.
    pub job_id: String,
    /// What it does: its lane.
    pub kind: JobKind,
    /// Tenant.
    pub team_id: String,
    /// Tenant.
    pub project_id: String,
    /// What its source is.
    pub source_type: String,
    /// Its source.
    pub source_id: String,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Where it stands.
    pub status: JobStatus,
    /// Whether it is rung for.
    pub transport: JobTransport,
    /// How often work on it began.
    pub attempts: i64,
    /// After how many attempts it is given up.
    pub max_attempts: u32,
    /// How often an operator sent it back to work.
    pub retried_count: i64,
    /// Not before this time, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Time>,
    /// Until when its lane holds it, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub locked_until: Option<Time>,
    /// Why it failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// What was said of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Observations it made.
    pub observations: i64,
    /// What it took, once a provider was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<JobUsage>,
    /// The key that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// Ties together everything one request caused.
    pub correlation_id: String,
    /// When it came, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it last moved, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When work on it last began, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    /// When it ended, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Time>,
    /// What it carries; only with `include=payload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
    /// How it came to stand so, oldest first; only where one job is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Vec<LifecycleStep>>,
    /// True when it was to be retried and waits already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub already_queued: bool,
}

/// What a job took.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobUsage {
    /// Who made its observations.
    pub provider: String,
    /// With which model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// Millionths of a US dollar, by the configured prices.
    pub cost_microdollars: i64,
}

impl JobView {
    /// A stored job.
    ///
    /// # Errors
    /// When its payload is damaged.
    pub fn of(ctx: &Ctx, row: JobRow, with_payload: bool) -> Result<Self, StoreError> {
        let payload = with_payload.then(|| RawValue::from_string(row.payload)).transpose();
        let usage = row.provider.map(|provider| JobUsage {
            provider,
            model: row.model,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_microdollars: row.cost_microdollars,
        });
        Ok(Self {
            job_id: row.job_id,
            kind: row.kind,
            team_id: row.scope.team_id,
            project_id: row.scope.project_id,
            source_type: row.source_type,
            source_id: row.source_id,
            session_id: row.session_id,
            status: row.status,
            transport: JobTransport::of(row.rings),
            attempts: row.attempts,
            max_attempts: ctx.config.jobs.max_attempts,
            retried_count: row.retried_count,
            next_attempt_at: row.next_attempt_at,
            locked_until: row.locked_until,
            error_class: row.error_class,
            error: row.last_error,
            observations: row.observations,
            usage,
            key_id: row.key_id,
            request_id: row.request_id,
            correlation_id: row.correlation_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            payload: payload.map_err(|error| StoreError::Row(error.to_string()))?,
            lifecycle: None,
            already_queued: false,
        })
    }
}
