//! The inbox of commands: accepting, beginning, finishing, and what a request's idempotency key already did.

mod caused;
mod row;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::statement::{Commit, Context, Durability, Guard, Statement, nullable};
use super::{CommitError, Reader, Row, Store, StoreError};
use crate::error::Rejection;
use crate::message::command::Subject;
use crate::value::{Actor, Scope, Word};

pub use caused::{Caused, cause, named_cause};
pub use row::CommandRow;
use row::command;

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
    /// It took effect on this.
    Result(AppliedTo),
    /// It broke a rule.
    Rejection(Rejection),
}

/// What an applied command was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum AppliedTo {
    /// A thread.
    Thread {
        /// Its identity.
        thread_id: String,
    },
    /// A run.
    Run {
        /// Its identity.
        run_id: String,
    },
    /// A batch of agent events.
    Batch {
        /// Its identity.
        batch_id: String,
    },
    /// A pull request.
    PullRequest {
        /// Its address.
        url: String,
        /// Whether nothing was written because what is stored is newer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ignored: bool,
    },
    /// A session.
    Session {
        /// Its identity.
        session_id: String,
        /// Whether the command created it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        created: bool,
        /// Whether the report was not heeded.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ignored: bool,
    },
}

impl From<Subject> for AppliedTo {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Thread(thread_id) => Self::Thread { thread_id },
            Subject::Run(run_id) => Self::Run { run_id },
            // A start names the session that it led to itself.
            Subject::Session(session_id) | Subject::SessionStarts(session_id) => {
                Self::Session { session_id, created: false, ignored: false }
            }
            Subject::Batch(batch_id) => Self::Batch { batch_id },
            Subject::PullRequest(url) => Self::PullRequest { url, ignored: false },
        }
    }
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

/// What beginning a command came to.
#[derive(Debug)]
pub enum Begun {
    /// It is the head of its stream and open; the attempt is counted. With it comes what was read of the stream's state.
    Head(Box<CommandRow>, Vec<Vec<Row>>),
    /// It is open, but an earlier one of its stream is too. Finishing that one rings again.
    Waits,
    /// Another delivery of it is being handled.
    Held,
    /// It was finished before.
    Finished,
    /// There is no such command in the tenant that the message names.
    Unknown,
}

/// Begins the command that a doorbell names, and holds it for `lease`. What `reads` read comes from the same commit, which
/// spares a second way to the database.
///
/// # Errors
/// When the store fails.
pub async fn begin(
    store: &Store,
    scope: &Scope,
    command_id: &str,
    lease: Duration,
    context: Context,
    reads: Vec<Statement>,
) -> Result<Begun, StoreError> {
    let now = context.now;
    let params: Vec<_> = vec![
        command_id.to_owned().into(),
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        now.0.into(),
        i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).into(),
    ];
    let begun = vec![command_id.to_owned().into(), scope.team_id.clone().into(), scope.project_id.clone().into()];
    let count = reads.len();
    let commit = Commit::new(Durability::Normal, context)
        .then(Statement::new(include_str!("sql/begin_command.sql"), params))
        .then(Statement::new(include_str!("sql/read_begun_command.sql"), begun))
        .then_all(reads);
    let mut rows = store.commit(commit).await.map_err(CommitError::unexpected)?.into_rows_from(2, count + 1);
    if let Some(row) = rows.remove(0).into_iter().next() {
        return Ok(Begun::Head(Box::new(command(row)?), rows));
    }
    let (scope, id) = (scope.clone(), command_id.to_owned());
    let found = store.read(move |reader| find(reader, &scope.team_id, Some(&scope.project_id), &id)).await?;
    Ok(match found {
        None => Begun::Unknown,
        Some(row) if row.status != CommandStatus::Accepted => Begun::Finished,
        Some(row) if row.locked_until.is_some_and(|until| until > now) => Begun::Held,
        Some(_) => Begun::Waits,
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
