//! Replays: a generation of a read model that is built beside the live one, compared with it if asked, and switched in one
//! guarded commit; and the retired generation whose rows go in slices afterwards. All of it is rows, so that a replay
//! survives whoever works on it.

use serde::{Deserialize, Serialize};

use super::projections::{self, Projection};
use super::statement::{Commit, Context, Durability, Guard, Statement, Value};
use super::{Reader, StoreError};
use crate::clock::Time;
use crate::value::Word;

/// What a generation that is not live is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is read from the log.
    Building,
    /// It was replaced; its rows are being removed.
    Retired,
}

impl Word for Stage {
    const NAME: &'static str = "stage of a replay";
    const ALL: &'static [(&'static str, Self)] = &[("building", Self::Building), ("retired", Self::Retired)];
}

/// A generation that is not live.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The projection.
    pub projection: String,
    /// Its number.
    pub generation: i64,
    /// Position of the last event it has applied.
    pub pos: i64,
    /// What it is there for.
    pub stage: Stage,
    /// Whether it waits to be taken up again.
    pub stopped: bool,
    /// Whether it is compared before it takes over.
    pub verify: bool,
    /// How far the comparison is.
    pub verified: Option<Compared>,
    /// Why it does not go on.
    pub error: Option<String>,
    /// When it was begun or taken up again.
    pub started_at: Option<Time>,
    /// Where it stood then.
    pub started_pos: i64,
    /// When it last moved.
    pub updated_at: Time,
}

/// How far a comparison is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Number of the table, in the order of [`Projection::tables`]; the number of tables when all are compared.
    pub table: usize,
    /// Key of its last compared row.
    pub after: Vec<String>,
}

/// What one slice of a comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The generations do not stand at the same position now.
    NotYet,
    /// Equal so far.
    Equal(Compared),
    /// The first difference.
    Differs(String),
}

/// Every generation that is not live.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn all(reader: &mut Reader<'_>) -> Result<Vec<Replay>, StoreError> {
    let mut replays = Vec::new();
    for row in reader.rows(include_str!("sql/list_replays.sql"), Vec::new())? {
        let mut columns = row.columns();
        replays.push(Replay {
            projection: columns.text()?,
            generation: columns.integer()?,
            pos: columns.integer()?,
            stage: columns.word()?,
            stopped: columns.integer()? != 0,
            verify: columns.integer()? != 0,
            verified: columns.optional_json()?,
            error: columns.optional_text()?,
            started_at: columns.optional_time()?,
            started_pos: columns.optional_integer()?.unwrap_or(0),
            updated_at: columns.time()?,
        });
    }
    Ok(replays)
}

/// The statements that begin a replay from the start of the log; [`Guard::RowUnchanged`] when one is there already.
#[must_use]
pub fn start(projection: &str, verify: bool) -> [Statement; 2] {
    let params = vec![projection.to_owned().into(), i64::from(verify).into()];
    let start = Statement::new(include_str!("sql/start_replay.sql"), params);
    [start, Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statements that take a stopped replay up again where it stands; [`Guard::RowUnchanged`] when none is stopped.
#[must_use]
pub fn resume(projection: &str, verify: bool) -> [Statement; 2] {
    let params = vec![projection.to_owned().into(), i64::from(verify).into()];
    let resume = Statement::new(include_str!("sql/use_replay.sql"), params);
    [resume, Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statements that stop a running replay where it stands; [`Guard::RowUnchanged`] when none runs.
#[must_use]
pub fn stop(projection: &str) -> [Statement; 2] {
    const SQL: &str =
        "UPDATE projection_checkpoints SET stopped = 1 WHERE projection = ?1 AND state = 'building' AND stopped = 0";
    [Statement::new(SQL, vec![projection.to_owned().into()]), Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statements that give up a replay that failed: its rows go, and a new one may begin. Nothing happens to another.
#[must_use]
pub fn discard_failed(projection: &str) -> Statement {
    const SQL: &str = "UPDATE projection_checkpoints SET state = 'retired', stopped = 0, updated_at = (SELECT now FROM commit_context) WHERE projection = ?1 AND state = 'building' AND stopped = 1 AND error IS NOT NULL";
    Statement::new(SQL, vec![projection.to_owned().into()])
}

/// The commit that stops a replay because of what it found.
#[must_use]
pub fn fail(context: Context, replay: &Replay, error: &str) -> Commit {
    const SQL: &str = "UPDATE projection_checkpoints SET stopped = 1, error = ?3 WHERE projection = ?1 AND generation = ?2 AND state = 'building'";
    let params = vec![replay.projection.clone().into(), replay.generation.into(), error.to_owned().into()];
    Commit::new(Durability::Full, context).then(Statement::new(SQL, params))
}

/// The commit that remembers how far the comparison is.
#[must_use]
pub fn remember(context: Context, replay: &Replay, compared: &Compared) -> Commit {
    const SQL: &str = "UPDATE projection_checkpoints SET verified = ?3, updated_at = (SELECT now FROM commit_context) WHERE projection = ?1 AND generation = ?2 AND state = 'building'";
    let json = serde_json::to_string(compared).unwrap_or_default();
    let params = vec![replay.projection.clone().into(), replay.generation.into(), json.into()];
    Commit::new(Durability::Normal, context).then(Statement::new(SQL, params))
}

/// The commit by which the built generation takes over from the live one; [`Guard::Checkpoint`] when it is behind it.
#[must_use]
pub fn switch(context: Context, replay: &Replay) -> Commit {
    const TAKE_OVER: &str = "UPDATE projection_checkpoints SET state = 'live', verify = 0, verified = NULL, started_at = NULL, started_pos = NULL WHERE projection = ?1 AND generation = ?2 AND state = 'building'";
    let params = || -> Vec<Value> { vec![replay.projection.clone().into(), replay.generation.into()] };
    Commit::new(Durability::Full, context)
        .then(Statement::new(include_str!("sql/switch_generation.sql"), params()))
        .then(Statement::changed_one_row(Guard::Checkpoint))
        .then(Statement::new(TAKE_OVER, params()))
        .then(Statement::changed_one_row(Guard::Checkpoint))
}

/// The commit that removes up to `limit` rows of each table of a retired generation, and its checkpoint once there are no
/// more. Its receipt has one row per table: how many rows went.
#[must_use]
pub fn remove(context: Context, projection: &Projection, generation: i64, limit: i64) -> Commit {
    let mut commit = Commit::new(Durability::Normal, context);
    for table in projection.tables {
        commit = commit
            .then(Statement::new(table.delete, vec![generation.into(), limit.into()]))
            .then(Statement::new("SELECT changes()", Vec::new()));
    }
    commit
}

/// The commit that forgets a retired generation whose rows are gone.
#[must_use]
pub fn forget(context: Context, projection: &Projection, replay: &Replay) -> Commit {
    const SQL: &str =
        "DELETE FROM projection_checkpoints WHERE projection = ?1 AND generation = ?2 AND state = 'retired'";
    let params = vec![replay.projection.clone().into(), replay.generation.into()];
    let empty = |sql: &&'static str| Statement::new(sql, vec![replay.generation.into()]);
    Commit::new(Durability::Normal, context)
        .then_all(projection.indexes.iter().map(empty))
        .then(Statement::new(SQL, params))
}

/// Compares up to `limit` rows of both generations, which must stand at the same position at this very moment: what is
/// compared is one snapshot.
///
/// # Errors
/// When a read fails.
pub fn compare(
    reader: &mut Reader<'_>,
    projection: &Projection,
    replay: &Replay,
    from: &Compared,
    limit: i64,
) -> Result<Comparison, StoreError> {
    reader.snapshot(projections::POSITIONS, |reader| {
        let live = projections::live(reader, projection.name)?;
        let built = all(reader)?.into_iter().find(|found| found.generation == replay.generation);
        if built.is_none_or(|built| built.projection != projection.name || built.pos != live.pos) {
            return Ok(Comparison::NotYet);
        }
        let Some(table) = projection.tables.get(from.table) else { return Ok(Comparison::Equal(from.clone())) };
        let ours = table.rows(reader, live.generation, &from.after, limit)?;
        let theirs = table.rows(reader, replay.generation, &from.after, limit)?;
        let first = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs).map(|(ours, theirs)| {
            let (ours, theirs) = (table.key_of(ours), table.key_of(theirs));
            ours.min(theirs)
        });
        let longer = if ours.len() > theirs.len() { &ours } else { &theirs };
        let beyond = longer.get(ours.len().min(theirs.len())).map(|row| table.key_of(row));
        if let Some(key) = first.or(beyond) {
            let at = table.key.iter().zip(&key).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
            let text = format!("{} differs at pos {} in the row {}", table.name, live.pos, at.join(", "));
            return Ok(Comparison::Differs(text));
        }
        Ok(Comparison::Equal(match ours.last() {
            Some(row) => Compared { table: from.table, after: table.key_of(row) },
            None => Compared { table: from.table + 1, after: Vec::new() },
        }))
    })
}
