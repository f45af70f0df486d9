//! How the drainer is doing, as health shows it (SPEC HEALTH-3). One lock, so that a reader always sees one moment.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::store::outbox::OutboxStatistics;

/// The drainer's state. Clones share it.
#[derive(Clone, Debug)]
pub struct Worker(Arc<Mutex<WorkerState>>);

/// What the drainer's steps have come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerState {
    /// Whether its loop runs.
    pub running: bool,
    /// When it was started, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Time,
    /// Whether the transport answered at the latest step.
    pub bus_healthy: bool,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_error: Option<String>,
    /// Outbox rows that waited at the latest step.
    pub pending: i64,
    /// Outbox rows under a lease at the latest step.
    pub processing: i64,
    /// Outbox rows that wait for another try.
    pub failed: i64,
    /// Age of the oldest pending row in whole seconds.
    pub oldest_pending_age_seconds: i64,
    /// Rows published since the start.
    pub processed_total: u64,
    /// Steps that published something.
    pub total_batches: u64,
    /// Steps that found nothing.
    pub idle_batches: u64,
    /// Steps that failed since the last good one.
    pub consecutive_errors: u64,
    /// When the latest step ended, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_tick_at: Option<Time>,
    /// When a step last published something, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_processed_at: Option<Time>,
    /// What the latest failed step said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it failed, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_error_at: Option<Time>,
}

impl Worker {
    /// A drainer that has not begun.
    #[must_use]
    pub fn new(started_at: Time) -> Self {
        Self(Arc::new(Mutex::new(WorkerState {
            running: false,
            started_at,
            bus_healthy: true,
            bus_error: None,
            pending: 0,
            processing: 0,
            failed: 0,
            oldest_pending_age_seconds: 0,
            processed_total: 0,
            total_batches: 0,
            idle_batches: 0,
            consecutive_errors: 0,
            last_tick_at: None,
            last_processed_at: None,
            last_error: None,
            last_error_at: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, WorkerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its state at one moment.
    #[must_use]
    pub fn state(&self) -> WorkerState {
        self.lock().clone()
    }

    /// Its loop began or ended.
    pub fn set_running(&self, running: bool) {
        self.lock().running = running;
    }

    /// A step ended well, having published `published` rows.
    pub fn stepped(&self, published: u64, now: Time) {
        let mut state = self.lock();
        state.consecutive_errors = 0;
        state.last_tick_at = Some(now);
        if published > 0 {
            state.processed_total += published;
            state.total_batches += 1;
            state.last_processed_at = Some(now);
        } else {
            state.idle_batches += 1;
        }
    }

    /// A step failed.
    pub fn failed(&self, error: String, now: Time) {
        let mut state = self.lock();
        state.consecutive_errors += 1;
        state.last_tick_at = Some(now);
        state.last_error = Some(error);
        state.last_error_at = Some(now);
    }

    /// What the transport said when it was asked.
    pub fn bus(&self, answer: &Result<(), crate::transport::TransportError>) {
        let mut state = self.lock();
        state.bus_healthy = answer.is_ok();
        state.bus_error = answer.as_ref().err().map(ToString::to_string);
    }

    /// What the outbox held.
    pub fn outbox(&self, statistics: &OutboxStatistics) {
        let mut state = self.lock();
        state.pending = statistics.pending_count;
        state.processing = statistics.processing_count;
        state.failed = statistics.failed_count;
        state.oldest_pending_age_seconds = statistics.oldest_pending_age_seconds;
    }
}
