//! Durable jobs of the generation lanes. Their lifecycle is written by the database with every move.

mod claim;
mod counts;
mod finish;
mod list;
mod operate;
mod read;
mod reconcile;
mod sources;

use super::aggregate::Origin;
use super::statement::{Statement, Value, nullable};
use super::{Row, StoreError};
use crate::clock::Time;
use crate::domain::job::{JobPayload, job_id};
use crate::value::{ErrorClass, JobKind, JobStatus, Scope, Word};

pub use claim::{claim, due, next_due, projects_in_need};
pub use counts::*;
pub use finish::{complete, fail, put_back, still_held};
pub use list::*;
pub use operate::*;
pub use read::*;
pub use reconcile::{Expired, expired, release_held, release_leases, release_unrung, rescue, ring_queued};
pub use sources::{Source, key_works, load};

/// A job about to be queued.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Tenant.
    pub scope: &'a Scope,
    /// What it does.
    pub kind: JobKind,
    /// What its source is.
    pub source_type: &'a str,
    /// Its source.
    pub source_id: &'a str,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// What it carries besides what it is.
    pub payload: JobPayload,
    /// Whether its lane works; it is rung for unless the lane is paused.
    pub enabled: bool,
    /// On whose behalf.
    pub origin: Origin<'a>,
}

impl NewJob<'_> {
    /// Its id.
    #[must_use]
    pub fn job_id(&self) -> String {
        job_id(self.kind, self.scope, self.source_type, self.source_id)
    }

    /// The statement that queues it unless it is there.
    #[must_use]
    pub fn insert(self) -> Statement {
        Statement::new(include_str!("sql/insert_job.sql"), self.params())
    }

    /// The statement that queues it for those of these agent events (a JSON list of ids) that its commit has stored.
    #[must_use]
    pub fn insert_for_new(self, agent_event_ids: &str) -> Statement {
        let mut params = self.params();
        params.push(agent_event_ids.to_owned().into());
        Statement::new(include_str!("sql/insert_job_for_new.sql"), params)
    }

    fn params(self) -> Vec<Value> {
        let id = self.job_id();
        let payload = JobPayload {
            generation_job_id: id.clone(),
            team_id: self.scope.team_id.clone(),
            project_id: self.scope.project_id.clone(),
            source_type: self.source_type.to_owned(),
            source_id: self.source_id.to_owned(),
            ..self.payload
        };
        let Origin { key_id, request_id, correlation_id, causation_id, traceparent } = self.origin;
        vec![
            id.into(),
            self.scope.team_id.clone().into(),
            self.scope.project_id.clone().into(),
            self.kind.as_str().into(),
            self.source_type.to_owned().into(),
            self.source_id.to_owned().into(),
            nullable(self.session_id),
            serde_json::to_string(&payload).unwrap_or_default().into(),
            i64::from(self.enabled).into(),
            nullable(key_id.map(str::to_owned)),
            request_id.to_owned().into(),
            correlation_id.to_owned().into(),
            nullable(causation_id.map(str::to_owned)),
            nullable(traceparent.map(str::to_owned)),
        ]
    }
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Identity.
    pub job_id: String,
    /// Tenant.
    pub scope: Scope,
    /// What it does: its lane.
    pub kind: JobKind,
    /// What its source is.
    pub source_type: String,
    /// Its source.
    pub source_id: String,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// What it carries, JSON of a [`JobPayload`].
    pub payload: String,
    /// Where it stands.
    pub status: JobStatus,
    /// How often work on it began.
    pub attempts: i64,
    /// Not before this time.
    pub next_attempt_at: Option<Time>,
    /// Whether it is rung for.
    pub rings: bool,
    /// Whether a doorbell reached its lane since it was last queued.
    pub enqueued: bool,
    /// Until when its lane holds it.
    pub locked_until: Option<Time>,
    /// Every completing statement checks it.
    pub fence: i64,
    /// How often an operator sent it back.
    pub retried_count: i64,
    /// Why it failed last.
    pub error_class: Option<ErrorClass>,
    /// What was said of it.
    pub last_error: Option<String>,
    /// Observations it made.
    pub observations: i64,
    /// Who made them.
    pub provider: Option<String>,
    /// With which model.
    pub model: Option<String>,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// Millionths of a US dollar.
    pub cost_microdollars: i64,
    /// The key that caused it.
    pub key_id: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// Ties together everything one request caused.
    pub correlation_id: String,
    /// What caused it.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// When it came.
    pub created_at: Time,
    /// When it last moved.
    pub updated_at: Time,
    /// When work on it last began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

impl JobRow {
    /// What its events are traced back to.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        Origin {
            key_id: self.key_id.as_deref(),
            request_id: &self.request_id,
            correlation_id: &self.correlation_id,
            causation_id: self.causation_id.as_deref(),
            traceparent: self.traceparent.as_deref(),
        }
    }
}

/// Reads a row with the columns of `find_job.sql`.
pub(super) fn job(row: Row) -> Result<JobRow, StoreError> {
    let mut columns = row.columns();
    Ok(JobRow {
        job_id: columns.text()?,
        scope: Scope { team_id: columns.text()?, project_id: columns.text()? },
        kind: columns.word()?,
        source_type: columns.text()?,
        source_id: columns.text()?,
        session_id: columns.optional_text()?,
        payload: columns.text()?,
        status: columns.word()?,
        attempts: columns.integer()?,
        next_attempt_at: Some(columns.time()?).filter(|time| time.0 > 0),
        rings: columns.integer()? != 0,
        enqueued: columns.integer()? != 0,
        locked_until: columns.optional_time()?,
        fence: columns.integer()?,
        retried_count: columns.integer()?,
        error_class: columns.optional_word()?,
        last_error: columns.optional_text()?,
        observations: columns.integer()?,
        provider: columns.optional_text()?,
        model: columns.optional_text()?,
        input_tokens: columns.integer()?,
        output_tokens: columns.integer()?,
        cost_microdollars: columns.integer()?,
        key_id: columns.optional_text()?,
        request_id: columns.text()?,
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        started_at: columns.optional_time()?,
        finished_at: columns.optional_time()?,
    })
}
