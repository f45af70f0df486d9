//! A dead letter as it lies there, and the two things that can be decided about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::store::StoreError;
use crate::store::connection::Row;
use crate::store::statement::{Guard, Statement, Value, nullable};
use crate::value::Word;

/// What was decided about a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterStatus {
    /// Nothing yet.
    Dead,
    /// Its owner was sent back to work.
    Redriven,
    /// It stays undone.
    Dropped,
}

impl Word for LetterStatus {
    const NAME: &'static str = "dead letter status";
    const ALL: &'static [(&'static str, Self)] =
        &[("dead", Self::Dead), ("redriven", Self::Redriven), ("dropped", Self::Dropped)];
}

/// A stored dead letter (SPEC DEAD-1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredLetter {
    /// Identity.
    pub id: String,
    /// Tenant; empty when the message did not say.
    pub team_id: String,
    /// Tenant; empty when the message did not say.
    pub project_id: String,
    /// `outbox`, `command`, `delivery`, `projection` or `job`.
    pub source: String,
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
    pub error_class: String,
    /// What went wrong last.
    pub error: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was first tried, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub first_failed_at: Time,
    /// When it was given up, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub died_at: Time,
    /// What was decided about it.
    pub status: LetterStatus,
    /// When that was decided, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Time>,
    /// Who decided it, as `type:name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reads a row with the columns of `find_dead_letter.sql`.
pub(super) fn letter(row: Row) -> Result<StoredLetter, StoreError> {
    let mut columns = row.columns();
    Ok(StoredLetter {
        id: columns.text()?,
        team_id: columns.text()?,
        project_id: columns.text()?,
        source: columns.text()?,
        function: columns.text()?,
        topic: columns.text()?,
        message_id: columns.text()?,
        key: columns.text()?,
        payload: columns.text()?,
        error_class: columns.text()?,
        error: columns.text()?,
        attempts: columns.integer()?,
        first_failed_at: columns.time()?,
        died_at: columns.time()?,
        status: columns.word()?,
        decided_at: columns.optional_time()?,
        decided_by: columns.optional_text()?,
        reason: columns.optional_text()?,
    })
}

impl StoredLetter {
    /// The statements that send its owner back to work under the same message id, with all attempts before it;
    /// [`Guard::RowUnchanged`] when something was decided about it before.
    #[must_use]
    pub fn redrive(&self, reason: Option<&str>) -> Vec<Statement> {
        let owner = || -> Vec<Value> {
            vec![self.message_id.clone().into(), self.team_id.clone().into(), self.project_id.clone().into()]
        };
        let mut of_event = owner();
        of_event.push(self.topic.clone().into());
        let itself: Vec<Value> =
            vec![self.id.clone().into(), self.team_id.clone().into(), self.project_id.clone().into()];
        let mut statements = self.decide(LetterStatus::Redriven, reason);
        statements.extend([
            Statement::new(include_str!("../sql/release_dead_command.sql"), owner()),
            Statement::new(include_str!("../sql/ring_redriven_command.sql"), owner()),
            Statement::new(include_str!("../sql/ring_redriven_event.sql"), of_event),
            Statement::new(include_str!("../sql/release_dead_job.sql"), owner()),
            Statement::new(include_str!("../sql/ring_redriven_message.sql"), itself),
        ]);
        statements
    }

    /// The statements that mark it as dropped; [`Guard::RowUnchanged`] when something was decided about it before.
    #[must_use]
    pub fn drop_for(&self, reason: &str) -> Vec<Statement> {
        self.decide(LetterStatus::Dropped, Some(reason))
    }

    fn decide(&self, status: LetterStatus, reason: Option<&str>) -> Vec<Statement> {
        let params = vec![
            self.id.clone().into(),
            self.team_id.clone().into(),
            self.project_id.clone().into(),
            status.as_str().into(),
            nullable(reason.map(str::to_owned)),
        ];
        let mark = Statement::new(include_str!("../sql/mark_dead_letter.sql"), params);
        vec![mark, Statement::changed_one_row(Guard::RowUnchanged)]
    }
}
