//! Dead letters: what was given up, with enough to understand it and to try again.

use super::statement::Statement;
use crate::clock::Time;
use crate::value::Scope;

/// A dead letter about to be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Identity.
    pub id: String,
    /// Tenant; empty texts when the message did not say.
    pub scope: Scope,
    /// `outbox`, `command`, `delivery` or `projection`.
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
