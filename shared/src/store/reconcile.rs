//! What reconciliation rings again: rows whose lease ran out, commands and events whose doorbell was lost. It changes
//! nothing but the outbox, so a needless ring is harmless.

use std::iter::once;
use std::time::Duration;

use super::statement::{Commit, Context, Durability, Statement};
use super::{Store, StoreError, jobs};
use crate::clock::Time;
use crate::value::JobKind;

/// What one pass rang again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Reconciled {
    /// Outbox rows whose lease had run out.
    pub outbox: u64,
    /// Accepted commands.
    pub commands: u64,
    /// Projections behind the head.
    pub events: u64,
    /// Replays that nobody works on.
    pub replays: u64,
    /// Jobs whose lane was gone, and queued ones whose doorbell may be lost.
    pub jobs: u64,
    /// Jobs whose lane was gone for the last time: they are given up.
    pub jobs_failed: u64,
}

/// Which rows a pass rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything unfinished, leases too: for the start of the only process on a file, when nothing that an earlier one
    /// published or held can still be on its way.
    Everything,
    /// What was published at least this long ago: younger doorbells may still be on their way.
    OlderThan(Duration),
}

impl Reach {
    /// What last moved at this time or before is rung.
    #[must_use]
    pub fn bound(self, now: Time) -> Time {
        match self {
            // Not the present: the clock may have gone back since.
            Self::Everything => Time(i64::MAX),
            Self::OlderThan(age) => now.minus(age),
        }
    }
}

/// Runs one pass over the outbox. Passes may overlap. `lanes` are those that work.
///
/// # Errors
/// When the store fails.
pub async fn run(store: &Store, context: Context, reach: Reach, lanes: &[JobKind]) -> Result<Reconciled, StoreError> {
    let now = context.now.0;
    let before = reach.bound(context.now).0;
    let held_until = if reach == Reach::Everything { i64::MAX } else { now };
    let statement = |sql, bound: i64| Statement::new(sql, vec![now.into(), bound.into()]);
    let parts = [
        vec![statement(include_str!("sql/release_expired_outbox.sql"), held_until)],
        vec![
            Statement::new(include_str!("sql/release_expired_commands.sql"), vec![held_until.into()]),
            statement(include_str!("sql/reconcile_commands.sql"), before),
        ],
        vec![statement(include_str!("sql/reconcile_events.sql"), before)],
        once(jobs::release_unrung(lanes))
            .chain(lanes.iter().map(|kind| jobs::ring_queued(context.now, Time(before), *kind)))
            .collect(),
    ];
    let mut counts = [0; 4];
    // One commit each: a part that fails does not stop the others.
    let mut failure = None;
    for (count, part) in counts.iter_mut().zip(parts) {
        match store.commit(Commit::new(Durability::Full, context.clone()).then_all(part)).await {
            Ok(receipt) => *count = receipt.into_rows().len() as u64,
            Err(error) => {
                tracing::error!(%error, "a part of the reconciliation failed; the others go on");
                failure = Some(error);
            }
        }
    }
    let [outbox, commands, events, jobs] = counts;
    let rung = Reconciled { outbox, commands, events, jobs, ..Reconciled::default() };
    failure.map_or(Ok(rung), |error| Err(error.unexpected()))
}

/// Gives back what this process holds, at no attempt: for its orderly end, after its functions have ended. The file is this
/// process's alone, so whatever is held is held by it.
///
/// # Errors
/// When the store fails; then the leases end by themselves, or with the next start.
pub async fn give_back(store: &Store, context: Context) -> Result<(), StoreError> {
    if !store.is_local() {
        // Others hold leases in a server's database too; ours end by themselves.
        return Ok(());
    }
    let now = context.now.0;
    let statement = |sql| Statement::new(sql, vec![now.into()]);
    let commit = Commit::new(Durability::Full, context)
        .then(statement(include_str!("sql/release_held_commands.sql")))
        .then(jobs::release_held())
        .then(jobs::release_leases())
        .then(statement(include_str!("sql/release_held_outbox.sql")));
    store.commit(commit).await.map(drop).map_err(super::CommitError::unexpected)
}
