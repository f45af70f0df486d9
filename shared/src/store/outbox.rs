//! The outbox: rows that a trigger wrote and the drainer turns into messages, under a lease with a fence.

mod messages;
pub(super) mod own;
mod recent;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::connection::Row;
use super::dead_letters::DeadLetter;
use super::statement::{Commit, Context, Durability, Statement, Value};
use super::{CommitError, Reader, Store, StoreError};
use crate::clock::Time;
use crate::value::Scope;

pub use messages::messages;
pub use recent::{OutboxRow, recent};

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

/// A claimed row and the text of its message; none if what it is about is gone.
pub type Claim = (ClaimedRow, Option<Arc<str>>);

/// The row a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An event.
    Pos(i64),
    /// A command.
    Seq(i64),
    /// A job.
    Job(String),
    /// A message that is about no row of ours, as its dead letter keeps it.
    DeadLetter(String),
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

/// Records what became of claimed rows; a row whose fence moved on is left as it is.
///
/// # Errors
/// When the store fails.
pub async fn settle(store: &Store, context: Context, outcomes: Vec<(ClaimedRow, Published)>) -> Result<(), StoreError> {
    let now = context.now;
    let buries = outcomes.iter().any(|(_, outcome)| matches!(outcome, Published::Dead { .. }));
    // What is lost of a mark in a power cut is published again; a dead letter is a decision and must stay.
    // A job whose doorbell is sent has an event more, and what is in the log stays there.
    let tells = outcomes.iter().any(|(row, _)| matches!(row.about, About::Job(_)));
    let durability = if buries || tells { Durability::Full } else { Durability::Normal };
    let mut commit = Commit::new(durability, context);
    let mut sent = Vec::new();
    for (row, outcome) in outcomes {
        commit = match outcome {
            Published::Sent => {
                sent.push((row.id, row.fence, row.scope.team_id, row.scope.project_id));
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
