//! Checkpoints: how far each projection has read the log. The view's change and the checkpoint's move are one commit.

use super::statement::{Commit, Context, Durability, Guard, Statement, Value};
use super::{Reader, StoreError};
use crate::message::event::LogEvent;

/// A read model: what it is called, what an event does to it, and the tables it consists of.
#[derive(Debug)]
pub struct Projection {
    /// Its name, as in `projection_checkpoints`.
    pub name: &'static str,
    /// What an event does to it.
    pub apply: Apply,
    /// Where its rows are.
    pub tables: &'static [ViewTable],
    /// What empties its indexes of generation `?1` at once, where rows are not enough.
    pub indexes: &'static [&'static str],
}

/// What an event does to the rows of a generation.
pub type Apply = fn(i64, &LogEvent) -> Result<Vec<Statement>, serde_json::Error>;

/// One table of a read model, whose primary key begins with the generation.
#[derive(Debug)]
pub struct ViewTable {
    /// Its name.
    pub name: &'static str,
    /// The first columns of [`ViewTable::page`], which name a row within its generation.
    pub key: &'static [&'static str],
    /// Up to `?2` rows of generation `?1` whose key comes after `?3, ..`: every column but the generation, key first.
    pub page: &'static str,
    /// Deletes up to `?2` rows of generation `?1`.
    pub delete: &'static str,
}

/// How far one generation of a projection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The projection.
    pub projection: String,
    /// Which build of its read model.
    pub generation: i64,
    /// Position of the last event it has applied.
    pub pos: i64,
    /// Why it stopped there, if it did.
    pub error: Option<String>,
}

/// The checkpoint of the generation that readers see.
///
/// # Errors
/// When the read fails, or there is no such projection.
pub fn live(reader: &mut Reader<'_>, projection: &str) -> Result<Checkpoint, StoreError> {
    all(reader)?
        .into_iter()
        .find(|checkpoint| checkpoint.projection == projection)
        .ok_or_else(|| StoreError::Row(format!("no live checkpoint of {projection}")))
}

/// Changes whenever a generation comes, goes or becomes the live one.
pub(super) const GENERATIONS: &str = "SELECT group_concat(generation) FROM (SELECT projection || generation || state AS generation FROM projection_checkpoints ORDER BY 1)";
/// Changes whenever a checkpoint moves, too.
pub(super) const POSITIONS: &str = "SELECT group_concat(place) FROM (SELECT projection || generation || state || ':' || pos AS place FROM projection_checkpoints ORDER BY 1)";

/// Every projection's live checkpoint.
///
/// # Errors
/// When the read fails.
pub fn all(reader: &mut Reader<'_>) -> Result<Vec<Checkpoint>, StoreError> {
    const SQL: &str = "SELECT projection, generation, pos, error FROM projection_checkpoints WHERE state = 'live' ORDER BY projection";
    let mut checkpoints = Vec::new();
    for row in reader.rows(SQL, Vec::new())? {
        let mut columns = row.columns();
        checkpoints.push(Checkpoint {
            projection: columns.text()?,
            generation: columns.integer()?,
            pos: columns.integer()?,
            error: columns.optional_text()?,
        });
    }
    Ok(checkpoints)
}

/// The commit that applies `changes` and moves the checkpoint to `pos`, if it still stands where it was read.
#[must_use]
pub fn advance(context: Context, checkpoint: &Checkpoint, changes: Vec<Statement>, pos: i64) -> Commit {
    let params =
        vec![checkpoint.projection.clone().into(), checkpoint.generation.into(), checkpoint.pos.into(), pos.into()];
    // Lost in a power cut, it is projected again: the events themselves are safe.
    Commit::new(Durability::Normal, context)
        .then(Statement::new(include_str!("sql/move_checkpoint.sql"), params))
        .then(Statement::changed_one_row(Guard::Checkpoint))
        .then_all(changes)
}

/// The commit that notes why a projection stopped, and its dead letter.
#[must_use]
pub fn stop(context: Context, checkpoint: &Checkpoint, error: &str, letter: Statement) -> Commit {
    const SQL: &str =
        "UPDATE projection_checkpoints SET error = ?3 WHERE projection = ?1 AND generation = ?2 AND error IS NOT ?3";
    let params = vec![checkpoint.projection.clone().into(), checkpoint.generation.into(), error.to_owned().into()];
    Commit::new(Durability::Full, context)
        .then(Statement::new(SQL, params))
        .then(Statement::changed_one_row(Guard::RowUnchanged))
        .then(letter)
}

impl ViewTable {
    /// What [`ViewTable::page`] is given: `limit` rows of `generation` after the row of this key; an empty key is the start.
    fn page_params(&self, generation: i64, after: &[String], limit: i64) -> Vec<Value> {
        let key = (0..self.key.len()).map(|part| after.get(part).cloned().unwrap_or_default().into());
        [generation.into(), limit.into()].into_iter().chain(key).collect()
    }

    /// Up to `limit` rows of `generation` after the row of this key.
    pub(super) fn rows(
        &self,
        reader: &mut Reader<'_>,
        generation: i64,
        after: &[String],
        limit: i64,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let rows = reader.rows(self.page, self.page_params(generation, after, limit))?;
        Ok(rows.into_iter().map(super::Row::into_values).collect())
    }

    /// The key of a row of [`ViewTable::rows`].
    pub(super) fn key_of(&self, row: &[Value]) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        row.iter().take(self.key.len()).map(text).collect()
    }
}
