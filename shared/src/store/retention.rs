//! What is forgotten after its time, and nothing else: sent outbox rows of finished work, applied commands that appended no
//! event, idempotency keys, and notifications that were read and are resolved. Slice by slice, so that nobody waits for it.

use std::time::Duration;

use super::statement::{Commit, Context, Durability, Statement, Value};
use super::{CommitError, Store, StoreError};

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Outbox rows after they were sent.
    pub sent: Duration,
    /// Applied commands that appended no event.
    pub eventless: Duration,
    /// Idempotency keys.
    pub keys: Duration,
    /// Notifications after they were resolved, if they were read.
    pub notifications: Duration,
}

/// What one pass forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Outbox rows.
    pub outbox: u64,
    /// Commands.
    pub commands: u64,
    /// Idempotency keys.
    pub keys: u64,
    /// Notifications.
    pub notifications: u64,
}

/// Rows one commit looks at.
const SLICE: i64 = 250;
/// Wait between two commits: whoever else writes goes first.
const PAUSE: Duration = Duration::from_millis(5);

/// Forgets whatever is older than it is to be kept.
///
/// # Errors
/// When the store fails; what was forgotten until then stays so.
pub async fn prune(store: &Store, context: &Context, keep: Keep) -> Result<Pruned, StoreError> {
    let before = |age: Duration| context.now.minus(age).0;
    let mut pruned = Pruned::default();
    for (sql, age, count) in [
        (include_str!("sql/prune_outbox.sql"), keep.sent, &mut pruned.outbox),
        (include_str!("sql/prune_eventless_commands.sql"), keep.eventless, &mut pruned.commands),
        (include_str!("sql/prune_notifications.sql"), keep.notifications, &mut pruned.notifications),
    ] {
        loop {
            let params: Vec<Value> = vec![before(age).into(), SLICE.into()];
            let gone = changed(store, context, vec![Statement::new(sql, params)]).await?;
            *count += gone;
            if gone == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    pruned.keys = prune_keys(store, context, before(keep.keys)).await?;
    Ok(pruned)
}

/// Walks the commands once, in the order of their acceptance, and remembers how far it came.
async fn prune_keys(store: &Store, context: &Context, before: i64) -> Result<u64, StoreError> {
    const REMEMBER: &str = "INSERT INTO meta (name, value) VALUES ('retention.idempotency_keys', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let mut pruned = 0;
    loop {
        let (done, end) = store
            .read(move |reader| {
                let row = reader
                    .row(include_str!("sql/read_idempotency_range.sql"), vec![before.into(), SLICE.into()])?
                    .ok_or_else(|| StoreError::Row("no range of idempotency keys".to_owned()))?;
                let mut columns = row.columns();
                Ok((columns.integer()?, columns.integer()?))
            })
            .await?;
        if end <= done {
            return Ok(pruned);
        }
        let remember = Statement::new(REMEMBER, vec![end.to_string().into()]);
        let free = Statement::new(include_str!("sql/prune_idempotency_keys.sql"), vec![done.into(), end.into()]);
        pruned += changed(store, context, vec![remember, free]).await?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Commits the statements; how many rows the last one changed.
async fn changed(store: &Store, context: &Context, statements: Vec<Statement>) -> Result<u64, StoreError> {
    let commit = Commit::new(Durability::Normal, context.clone())
        .then_all(statements)
        .then(Statement::new("SELECT changes()", Vec::new()));
    let receipt = store.commit(commit).await.map_err(CommitError::unexpected)?;
    let count = receipt.into_rows().into_iter().next().map_or(Ok(0), |row| row.columns().integer())?;
    Ok(u64::try_from(count).unwrap_or(0))
}
