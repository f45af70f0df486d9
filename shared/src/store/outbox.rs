//! The outbox: rows that a trigger wrote and the drainer turns into messages, under a lease with a fence.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::connection::Row;
use super::dead_letters::DeadLetter;
use super::statement::{Commit, Context, Durability, Statement, Value};
use super::{CommitError, Reader, Store, StoreError, events};
use crate::clock::Time;
use crate::message::envelope::CloudEvent;
use crate::value::Scope;

/// A row this process holds until its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedRow {
    /// Row.
    pub id: i64,
    /// Message.
    pub message_id: String,
    /// Tenant.
    pub scope: Scope,
    /// Where it goes.
    pub topic: String,
    /// What must stay in order: tenant and stream.
    pub key: String,
    /// Which row of `events` or `commands` it is about.
    pub about: About,
    /// How often it was claimed.
    pub attempts: i64,
    /// Every completing statement checks it.
    pub fence: i64,
    /// When the row was written.
    pub created_at: Time,
}

/// The row a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An event.
    Pos(i64),
    /// A command.
    Seq(i64),
}

/// What became of publishing a row.
#[derive(Clone, Debug)]
pub enum Published {
    /// The transport has it.
    Sent,
    /// Try again at this time.
    Failed {
        /// What the transport said.
        error: String,
        /// When.
        next_attempt_at: Time,
    },
    /// Given up.
    Dead {
        /// What the transport said.
        error: String,
        /// Its dead letter.
        letter: Box<DeadLetter>,
    },
}

/// Claims up to `limit` rows that wait, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn claim(
    store: &Store,
    context: Context,
    lease: Duration,
    limit: u32,
) -> Result<Vec<ClaimedRow>, StoreError> {
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    let params = vec![context.now.0.into(), lease.into(), i64::from(limit).into()];
    let commit =
        Commit::new(Durability::Normal, context).then(Statement::new(include_str!("sql/claim_outbox.sql"), params));
    let receipt = store.commit(commit).await.map_err(CommitError::unexpected)?;
    let mut rows = receipt.into_rows().into_iter().map(claimed).collect::<Result<Vec<_>, _>>()?;
    // RETURNING promises no order.
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

fn claimed(row: Row) -> Result<ClaimedRow, StoreError> {
    let mut columns = row.columns();
    Ok(ClaimedRow {
        id: columns.integer()?,
        message_id: columns.text()?,
        scope: Scope { team_id: columns.text()?, project_id: columns.text()? },
        topic: columns.text()?,
        key: columns.text()?,
        about: columns.json()?,
        attempts: columns.integer()?,
        fence: columns.integer()?,
        created_at: columns.time()?,
    })
}

/// The messages of claimed rows, in their order. A row whose subject is gone has no message.
///
/// # Errors
/// When the store fails.
pub async fn messages(store: &Store, rows: &[ClaimedRow]) -> Result<Vec<Option<CloudEvent>>, StoreError> {
    let list = |pick: fn(&About) -> Option<i64>| {
        let numbers: Vec<i64> = rows.iter().filter_map(|row| pick(&row.about)).collect();
        (!numbers.is_empty()).then(|| serde_json::to_string(&numbers).unwrap_or_default())
    };
    let positions = list(|about| if let About::Pos(pos) = about { Some(*pos) } else { None });
    let sequences = list(|about| if let About::Seq(seq) = about { Some(*seq) } else { None });
    let mut subjects = store
        .read(move |reader| {
            let mut subjects = HashMap::new();
            if let Some(positions) = positions {
                for row in reader.rows(include_str!("sql/read_outbox_events.sql"), vec![positions.into()])? {
                    let event = events::event(row)?;
                    subjects.insert(About::Pos(event.pos), Subject::from(event));
                }
            }
            if let Some(sequences) = sequences {
                for row in reader.rows(include_str!("sql/read_outbox_commands.sql"), vec![sequences.into()])? {
                    let (seq, subject) = command_subject(row)?;
                    subjects.insert(About::Seq(seq), subject);
                }
            }
            Ok(subjects)
        })
        .await?;
    Ok(rows.iter().map(|row| subjects.remove(&row.about).map(|subject| subject.envelope(row))).collect())
}

/// What an envelope says about its row.
struct Subject {
    name: String,
    stream: String,
    correlation_id: String,
    causation_id: Option<String>,
    traceparent: Option<String>,
    time: Time,
    data: Box<RawValue>,
}

impl From<crate::message::event::LogEvent> for Subject {
    fn from(event: crate::message::event::LogEvent) -> Self {
        Self {
            name: event.event_type,
            stream: event.stream,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            traceparent: event.traceparent,
            time: event.occurred_at,
            data: event.payload,
        }
    }
}

fn command_subject(row: Row) -> Result<(i64, Subject), StoreError> {
    let mut columns = row.columns();
    let seq = columns.integer()?;
    let subject = Subject {
        name: columns.text()?,
        stream: columns.text()?,
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        time: columns.time()?,
        data: RawValue::from_string(columns.text()?).map_err(|error| StoreError::Row(error.to_string()))?,
    };
    Ok((seq, subject))
}

impl Subject {
    fn envelope(self, row: &ClaimedRow) -> CloudEvent {
        let (sequence, reference) = match row.about {
            About::Pos(pos) => (pos, format!("events/{pos}")),
            About::Seq(seq) => (seq, format!("commands/{seq}")),
        };
        let envelope = CloudEvent {
            specversion: "1.0".to_owned(),
            id: row.message_id.clone(),
            source: CloudEvent::source_of(&row.scope),
            message_type: self.name,
            subject: self.stream,
            time: self.time.to_string(),
            sequence,
            correlationid: self.correlation_id,
            causationid: self.causation_id,
            traceparent: self.traceparent,
            dataref: None,
            data: None,
        };
        envelope.carrying(self.data, reference)
    }
}

/// Records what became of claimed rows; a row whose fence moved on is left as it is.
///
/// # Errors
/// When the store fails.
pub async fn settle(store: &Store, context: Context, outcomes: Vec<(ClaimedRow, Published)>) -> Result<(), StoreError> {
    let now = context.now;
    let buries = outcomes.iter().any(|(_, outcome)| matches!(outcome, Published::Dead { .. }));
    // What is lost of a mark in a power cut is published again; a dead letter is a decision and must stay.
    let durability = if buries { Durability::Full } else { Durability::Normal };
    let mut commit = Commit::new(durability, context);
    let mut sent = Vec::new();
    for (row, outcome) in outcomes {
        commit = match outcome {
            Published::Sent => {
                sent.push((row.id, row.fence));
                commit
            }
            Published::Failed { error, next_attempt_at } => {
                commit.then(failed(row, "failed", error, Some(next_attempt_at), now))
            }
            Published::Dead { error, letter } => {
                commit.then(failed(row, "dead", error, None, now)).then(letter.insert())
            }
        };
    }
    if !sent.is_empty() {
        let marks = serde_json::to_string(&sent).unwrap_or_default();
        let params = vec![marks.into(), now.0.into()];
        commit = commit.then(Statement::new(include_str!("sql/mark_outbox_sent.sql"), params));
    }
    store.commit(commit).await.map(drop).map_err(CommitError::unexpected)
}

fn failed(row: ClaimedRow, status: &str, error: String, next: Option<Time>, now: Time) -> Statement {
    let params: Vec<Value> = vec![
        row.id.into(),
        row.fence.into(),
        status.to_owned().into(),
        error.into(),
        next.map_or(0, |time| time.0).into(),
        now.0.into(),
        row.scope.team_id.into(),
        row.scope.project_id.into(),
    ];
    Statement::new(include_str!("sql/mark_outbox_failed.sql"), params)
}

/// Counts over the outbox (SPEC OUTBOX-11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboxStatistics {
    /// Rows that wait for their first publication.
    pub pending_count: i64,
    /// Rows under a lease.
    pub processing_count: i64,
    /// Rows that wait for another try.
    pub failed_count: i64,
    /// Rows given up.
    pub dead_count: i64,
    /// When the oldest pending row was written, RFC 3339 UTC; absent when none waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest_pending_at: Option<Time>,
    /// Its age in whole seconds; 0 when none waits.
    pub oldest_pending_age_seconds: i64,
}

/// Reads the outbox's counts.
///
/// # Errors
/// When the read fails.
pub fn statistics(reader: &mut Reader<'_>, now: Time) -> Result<OutboxStatistics, StoreError> {
    let Some(row) = reader.row(include_str!("sql/read_outbox_statistics.sql"), Vec::new())? else {
        return Ok(OutboxStatistics::default());
    };
    let mut columns = row.columns();
    let mut count = || Ok::<_, StoreError>(columns.optional_integer()?.unwrap_or(0));
    let (pending_count, processing_count, failed_count) = (count()?, count()?, count()?);
    let oldest_pending_at = columns.optional_time()?;
    let age = oldest_pending_at.map_or(0, |oldest| now.since(oldest).as_secs());
    Ok(OutboxStatistics {
        pending_count,
        processing_count,
        failed_count,
        dead_count: columns.integer()?,
        oldest_pending_at,
        oldest_pending_age_seconds: i64::try_from(age).unwrap_or(i64::MAX),
    })
}
