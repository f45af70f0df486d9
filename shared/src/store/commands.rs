//! The inbox of commands: accepting, beginning, finishing, and what a request's idempotency key already did.

use serde::{Deserialize, Serialize};

use super::connection::Row;
use super::dead_letters::DeadLetter;
use super::statement::{Commit, Context, Durability, Guard, Statement, nullable};
use super::{CommitError, Reader, Store, StoreError};
use crate::clock::Time;
use crate::error::Rejection;
use crate::value::{Actor, Scope, Word};

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandStatus {
    /// Stored, not finished.
    Accepted,
    /// Took effect.
    Applied,
    /// Broke a rule; the outcome says which.
    Rejected,
    /// Given up; a dead letter says why.
    Dead,
}

impl Word for CommandStatus {
    const NAME: &'static str = "command status";
    const ALL: &'static [(&'static str, Self)] =
        &[("accepted", Self::Accepted), ("applied", Self::Applied), ("rejected", Self::Rejected), ("dead", Self::Dead)];
}

/// What became of a command, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It took effect on this thread.
    Result(AppliedTo),
    /// It broke a rule.
    Rejection(Rejection),
}

/// What an applied command was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AppliedTo {
    /// The thread.
    pub thread_id: String,
}

/// A command to be accepted.
#[derive(Clone, Debug)]
pub struct NewCommand {
    /// Identity.
    pub command_id: String,
    /// Tenant.
    pub scope: Scope,
    /// Name.
    pub name: &'static str,
    /// Stream it is about.
    pub stream: String,
    /// Payload in its normal form, JSON.
    pub payload: String,
    /// Credential, if one was used.
    pub key_id: Option<String>,
    /// The caller's idempotency key, or the command's own id.
    pub idempotency_key: String,
    /// Fingerprint of the canonical request.
    pub request_hash: String,
    /// The request.
    pub request_id: String,
}

impl NewCommand {
    /// The commit that accepts it.
    #[must_use]
    pub fn accept(self, context: Context) -> Commit {
        let actor = context.actor.clone();
        let params = vec![
            self.command_id.into(),
            self.scope.team_id.into(),
            self.scope.project_id.into(),
            self.name.to_owned().into(),
            self.stream.into(),
            self.payload.into(),
            actor.key().into(),
            actor.actor_type.as_str().into(),
            actor.actor_name.into(),
            nullable(self.key_id),
            self.idempotency_key.into(),
            self.request_hash.into(),
            self.request_id.into(),
        ];
        let insert = Statement::new(include_str!("sql/accept_command.sql"), params).guarded(Guard::IdempotencyKey);
        Commit::new(Durability::Full, context).then(insert)
    }
}

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
            id_seed: self.command_id.clone(),
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
            include_str!("sql/finish_command.sql"),
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
            include_str!("sql/ring_next_command.sql"),
            vec![team_id.into(), project_id.into(), self.stream.clone().into()],
        );
        vec![finish, Statement::changed_one_row(Guard::CommandOpen), ring]
    }

    /// The commit that gives the command up: its dead letter, its status, and its stream goes on.
    #[must_use]
    pub fn bury(&self, letter: DeadLetter, now: Time) -> Commit {
        let dead = self.end(CommandStatus::Dead, None, false, Some(letter.id.clone()));
        Commit::new(Durability::Full, self.context(now)).then(letter.insert()).then_all(dead)
    }
}

/// What beginning a command came to.
#[derive(Debug)]
pub enum Begun {
    /// It is the head of its stream and open; the attempt is counted.
    Head(Box<CommandRow>),
    /// It is open, but an earlier one of its stream is too. Finishing that one rings again.
    Waits,
    /// It was finished before.
    Finished,
    /// There is no such command in the tenant that the message names.
    Unknown,
}

/// Begins the command that a doorbell names.
///
/// # Errors
/// When the store fails.
pub async fn begin(store: &Store, scope: &Scope, command_id: &str, context: Context) -> Result<Begun, StoreError> {
    let params: Vec<_> =
        vec![command_id.to_owned().into(), scope.team_id.clone().into(), scope.project_id.clone().into()];
    let commit =
        Commit::new(Durability::Normal, context).then(Statement::new(include_str!("sql/begin_command.sql"), params));
    let receipt = store.commit(commit).await.map_err(CommitError::unexpected)?;
    if let Some(row) = receipt.into_rows().into_iter().next() {
        return Ok(Begun::Head(Box::new(command(row)?)));
    }
    let (scope, id) = (scope.clone(), command_id.to_owned());
    let found = store.read(move |reader| find(reader, &scope.team_id, Some(&scope.project_id), &id)).await?;
    Ok(match found {
        None => Begun::Unknown,
        Some(row) if row.status == CommandStatus::Accepted => Begun::Waits,
        Some(_) => Begun::Finished,
    })
}

/// A command by its id, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    command_id: &str,
) -> Result<Option<CommandRow>, StoreError> {
    let params = vec![command_id.to_owned().into(), team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    reader.row(include_str!("sql/read_command.sql"), params)?.map(command).transpose()
}

/// The command that an actor's idempotency key already made.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find_by_key(
    reader: &mut Reader<'_>,
    team_id: &str,
    actor: &Actor,
    idempotency_key: &str,
) -> Result<Option<CommandRow>, StoreError> {
    let params = vec![team_id.to_owned().into(), actor.key().into(), idempotency_key.to_owned().into()];
    reader.row(include_str!("sql/read_command_by_key.sql"), params)?.map(command).transpose()
}

fn command(row: Row) -> Result<CommandRow, StoreError> {
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
    })
}
