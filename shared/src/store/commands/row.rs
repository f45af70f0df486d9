//! A stored command, and the statements that end it.

use super::{CommandStatus, Outcome};
use crate::clock::Time;
use crate::id::Kind;
use crate::store::StoreError;
use crate::store::aggregate::Origin;
use crate::store::connection::Row;
use crate::store::dead_letters::DeadLetter;
use crate::store::statement::{Commit, Context, Durability, Guard, Statement, nullable};
use crate::value::{Actor, Scope, Word};

/// A stored command.
#[derive(Clone, Debug)]
pub struct CommandRow {
    /// Identity.
    pub command_id: String,
    /// Place in the order of acceptance.
    pub seq: i64,
    /// Tenant.
    pub scope: Scope,
    /// Name.
    pub name: String,
    /// Stream.
    pub stream: String,
    /// Payload, JSON.
    pub payload: String,
    /// Who commands.
    pub actor: Actor,
    /// Fingerprint of the canonical request.
    pub request_hash: String,
    /// The request.
    pub request_id: String,
    /// Credential, if one was used.
    pub key_id: Option<String>,
    /// Ties together everything one request caused.
    pub correlation_id: String,
    /// What caused it.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Where it stands.
    pub status: CommandStatus,
    /// How often handling began.
    pub attempts: i64,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Position of its last event; none when it appended nothing.
    pub pos: Option<i64>,
    /// Its dead letter.
    pub dead_letter_id: Option<String>,
    /// When it was accepted.
    pub accepted_at: Time,
    /// When it was finished.
    pub finished_at: Option<Time>,
    /// Until when somebody who handles it holds it.
    pub locked_until: Option<Time>,
}

impl CommandRow {
    /// The context of the commit that finishes it: its own actor, correlation and trace.
    #[must_use]
    pub fn context(&self, now: Time) -> Context {
        Context {
            actor: self.actor.clone(),
            correlation_id: self.correlation_id.clone(),
            causation_id: Some(self.command_id.clone()),
            traceparent: self.traceparent.clone(),
            now,
            // No other id is made from this one: the command's own UUID names its doorbell, post and thread.
            id_seed: seed_of(&self.command_id),
        }
    }

    /// What work that it causes is traced back to.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        Origin {
            key_id: self.key_id.as_deref(),
            request_id: &self.request_id,
            correlation_id: &self.correlation_id,
            causation_id: Some(&self.command_id),
            traceparent: self.traceparent.as_deref(),
        }
    }

    /// The statements that finish it with `outcome`, guarded on its being open, and ring its stream's next command.
    #[must_use]
    pub fn finish(&self, outcome: &Outcome, appended: bool) -> Vec<Statement> {
        let status = match outcome {
            Outcome::Result(_) => CommandStatus::Applied,
            Outcome::Rejection(_) => CommandStatus::Rejected,
        };
        let outcome = serde_json::to_string(outcome).unwrap_or_default();
        self.end(status, Some(outcome), appended, None)
    }

    fn end(
        &self,
        status: CommandStatus,
        outcome: Option<String>,
        appended: bool,
        dead_letter: Option<String>,
    ) -> Vec<Statement> {
        let Scope { team_id, project_id } = self.scope.clone();
        let finish = Statement::new(
            include_str!("../sql/finish_command.sql"),
            vec![
                self.command_id.clone().into(),
                team_id.clone().into(),
                project_id.clone().into(),
                status.as_str().into(),
                nullable(outcome),
                i64::from(appended).into(),
                nullable(dead_letter),
            ],
        );
        let ring = Statement::new(
            include_str!("../sql/ring_next_command.sql"),
            vec![team_id.clone().into(), project_id.clone().into(), self.stream.clone().into()],
        );
        // Beside its position: the events that triggers wrote, which nobody else could name.
        let pos = Statement::new(
            include_str!("../sql/read_finished_command.sql"),
            vec![self.command_id.clone().into(), team_id.into(), project_id.into()],
        );
        vec![finish, Statement::changed_one_row(Guard::CommandOpen), ring, pos]
    }

    /// The commit that lets the command go after a failed attempt, so that the next one need not wait for the lease.
    #[must_use]
    pub fn release(&self, now: Time) -> Commit {
        let params = vec![
            self.command_id.clone().into(),
            self.scope.team_id.clone().into(),
            self.scope.project_id.clone().into(),
        ];
        let release = Statement::new(include_str!("../sql/release_command.sql"), params);
        Commit::new(Durability::Normal, self.context(now)).then(release)
    }

    /// The commit that gives the command up: its dead letter, its status, and its stream goes on.
    #[must_use]
    pub fn bury(&self, letter: DeadLetter, now: Time) -> Commit {
        let dead = self.end(CommandStatus::Dead, None, false, Some(letter.id.clone()));
        Commit::new(Durability::Full, self.context(now)).then(letter.insert()).then_all(dead)
    }
}

/// The seed of the ids that triggers make for a command.
fn seed_of(command_id: &str) -> String {
    let uuid = Kind::Command.parse(command_id).unwrap_or_default();
    uuid::Uuid::from_u128(uuid.as_u128() ^ (1 << 16)).hyphenated().to_string()
}

/// Reads a row with the columns of `read_command.sql`.
pub(super) fn command(row: Row) -> Result<CommandRow, StoreError> {
    let mut columns = row.columns();
    Ok(CommandRow {
        command_id: columns.text()?,
        seq: columns.integer()?,
        scope: Scope { team_id: columns.text()?, project_id: columns.text()? },
        name: columns.text()?,
        stream: columns.text()?,
        payload: columns.text()?,
        actor: Actor { actor_type: columns.word()?, actor_name: columns.text()? },
        request_hash: columns.text()?,
        request_id: columns.text()?,
        key_id: columns.optional_text()?,
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        status: columns.word()?,
        attempts: columns.integer()?,
        outcome: columns.optional_json()?,
        pos: columns.optional_integer()?,
        dead_letter_id: columns.optional_text()?,
        accepted_at: columns.time()?,
        finished_at: columns.optional_time()?,
        locked_until: columns.optional_time()?,
    })
}
