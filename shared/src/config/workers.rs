//! Settings of what moves messages: the drainer, deliveries, and how a stop waits for them.

use std::time::Duration;

use super::error::ConfigError;
use super::layers::Entries;

/// Settings `worker.*`.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Time between two steps of the drainer.
    pub interval: Duration,
    /// Rows claimed per step.
    pub batch_size: u32,
    /// Time between two log lines with the worker's figures.
    pub log_period: Duration,
}

impl Worker {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            interval: entries.get("worker.interval")?,
            batch_size: entries.get("worker.batch_size")?,
            log_period: entries.get("worker.log_period")?,
        })
    }
}

/// Settings `shutdown.*`.
#[derive(Clone, Debug)]
pub struct Shutdown {
    /// Longest wait for open requests.
    pub timeout: Duration,
    /// Longest wait for running functions.
    pub workers: Duration,
}

/// Settings `outbox.*`.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// How long a claimed row belongs to its claimer.
    pub lease: Duration,
    /// Wait after the first failed publish; it doubles from there.
    pub backoff: Duration,
    /// Longest wait between two publishes.
    pub backoff_max: Duration,
    /// Failed publishes after which a row is dead.
    pub max_attempts: u32,
    /// How long sent rows are kept.
    pub keep_sent: Duration,
}

impl Outbox {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            lease: entries.get("outbox.lease")?,
            backoff: entries.get("outbox.backoff")?,
            backoff_max: entries.get("outbox.backoff_max")?,
            max_attempts: entries.get("outbox.max_attempts")?,
            keep_sent: entries.get("outbox.keep_sent")?,
        })
    }
}

/// Settings `delivery.*`.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Attempts of a handler after which its message is a dead letter.
    pub max_attempts: u32,
    /// Deliveries after which the transport gives a message up.
    pub receive_max: u32,
    /// How long a received message stays hidden from other receivers.
    pub visibility: Duration,
    /// Wait after the first failed attempt; it doubles from there.
    pub backoff: Duration,
    /// Longest wait between two attempts.
    pub backoff_max: Duration,
}

impl Delivery {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            max_attempts: entries.get("delivery.max_attempts")?,
            receive_max: entries.get("delivery.receive_max")?,
            visibility: entries.get("delivery.visibility")?,
            backoff: entries.get("delivery.backoff")?,
            backoff_max: entries.get("delivery.backoff_max")?,
        })
    }
}
