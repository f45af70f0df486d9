//! Dead letters: what was given up, with enough to understand it and to try again.

mod stored;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::statement::{Statement, Value, nullable};
use super::{Reader, StoreError};
use crate::clock::Time;
use crate::value::{Scope, Word};

use stored::letter;
pub use stored::{LetterStatus, StoredLetter};

/// A dead letter about to be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Identity.
    pub id: String,
    /// Tenant; empty texts when the message did not say.
    pub scope: Scope,
    /// `outbox`, `command`, `delivery`, `projection` or `job`.
    pub source: &'static str,
    /// The function that could not handle it.
    pub function: String,
    /// Where it came from.
    pub topic: String,
    /// The message.
    pub message_id: String,
    /// Its key.
    pub key: String,
    /// Its text.
    pub payload: String,
    /// Bounded class by which dead letters are grouped.
    pub error_class: &'static str,
    /// What went wrong last.
    pub error: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was first tried.
    pub first_failed_at: Time,
}

impl DeadLetter {
    /// The statement that stores it.
    #[must_use]
    pub fn insert(self) -> Statement {
        Statement::new(
            include_str!("sql/insert_dead_letter.sql"),
            vec![
                self.id.into(),
                self.scope.team_id.into(),
                self.scope.project_id.into(),
                self.source.into(),
                self.function.into(),
                self.topic.into(),
                self.message_id.into(),
                self.key.into(),
                self.payload.into(),
                self.error_class.into(),
                self.error.into(),
                self.attempts.into(),
                self.first_failed_at.0.into(),
            ],
        )
    }
}

/// Dead letters that died of the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterGroup {
    /// `outbox`, `command`, `delivery`, `projection` or `job`.
    pub source: String,
    /// The function.
    pub function: String,
    /// Class of the error.
    pub error_class: String,
    /// The error.
    pub error: String,
    /// How many there are.
    pub count: i64,
    /// When the oldest was given up, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub oldest_at: Time,
    /// When the newest was given up, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub newest_at: Time,
    /// One of them, to look at.
    pub example_id: String,
}

/// Whose dead letters somebody may see.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Their team.
    pub team_id: String,
    /// Their project, or the whole team.
    pub project_id: Option<String>,
    /// Also those of no tenant.
    pub nobodys: bool,
}

impl Reach {
    fn params(&self) -> Vec<Value> {
        vec![self.team_id.clone().into(), nullable(self.project_id.clone()), i64::from(self.nobodys).into()]
    }
}

/// Which dead letters are wanted: all that is given must match.
#[derive(Clone, Debug, Default)]
pub struct LetterFilter {
    /// Source.
    pub source: Option<String>,
    /// Function.
    pub function: Option<String>,
    /// Class of the error.
    pub error_class: Option<String>,
    /// Status.
    pub status: Option<LetterStatus>,
}

impl LetterFilter {
    fn params(&self) -> [Value; 4] {
        [
            nullable(self.source.clone()),
            nullable(self.function.clone()),
            nullable(self.error_class.clone()),
            nullable(self.status.map(Word::as_str)),
        ]
    }
}

/// Up to `limit` dead letters, newest first, after the one of this time and id.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    reach: &Reach,
    filter: &LetterFilter,
    after: (Time, &str),
    limit: u32,
) -> Result<Vec<StoredLetter>, StoreError> {
    let mut params = reach.params();
    params.extend(filter.params());
    params.extend([after.0.0.into(), after.1.to_owned().into(), i64::from(limit).into()]);
    reader.rows(include_str!("sql/list_dead_letters.sql"), params)?.into_iter().map(letter).collect()
}

/// Whether a message stands for a command or an event of ours, which outlives it.
///
/// # Errors
/// When the read fails.
pub fn is_doorbell(reader: &mut Reader<'_>, message_id: &str) -> Result<bool, StoreError> {
    let row = reader.row(include_str!("sql/find_doorbell.sql"), vec![message_id.to_owned().into()])?;
    row.map_or(Ok(false), |row| Ok(row.columns().integer()? != 0))
}

/// Dead letters by what they died of, the most frequent first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn groups(
    reader: &mut Reader<'_>,
    reach: &Reach,
    filter: &LetterFilter,
    limit: u32,
) -> Result<Vec<LetterGroup>, StoreError> {
    let mut params = reach.params();
    params.extend(filter.params());
    params.push(i64::from(limit).into());
    let mut groups = Vec::new();
    for row in reader.rows(include_str!("sql/count_dead_letters_by_error.sql"), params)? {
        let mut columns = row.columns();
        groups.push(LetterGroup {
            source: columns.text()?,
            function: columns.text()?,
            error_class: columns.text()?,
            error: columns.text()?,
            count: columns.integer()?,
            oldest_at: columns.time()?,
            newest_at: columns.time()?,
            example_id: columns.text()?,
        });
    }
    Ok(groups)
}

/// One dead letter.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(reader: &mut Reader<'_>, reach: &Reach, id: &str) -> Result<Option<StoredLetter>, StoreError> {
    let mut params = reach.params();
    params.push(id.to_owned().into());
    reader.row(include_str!("sql/find_dead_letter.sql"), params)?.map(letter).transpose()
}
