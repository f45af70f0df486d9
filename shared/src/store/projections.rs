//! Checkpoints: how far each projection has read the log. The view's change and the checkpoint's move are one commit.

use super::statement::{Commit, Context, Durability, Guard, Statement};
use super::{Reader, StoreError};

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
