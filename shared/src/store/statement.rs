//! A commit as data: parameterised statements, each of which may be a guard. Pure code builds the list; the same list runs
//! inside a group-committed local transaction or as one conditional batch on a server.

use crate::clock::Time;
use crate::value::{Actor, Word};

/// A value bound to a statement or read from a row.
pub type Value = libsql::Value;

/// What it means when a statement fails on a constraint. The index of the failing statement names it; nobody reads messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The statement was not expected to fail.
    Unguarded,
    /// The (team, actor, idempotency key) is taken.
    IdempotencyKey,
    /// Somebody else appended to the stream first.
    StreamVersion,
    /// The command is no longer open.
    CommandOpen,
    /// The projection's checkpoint moved meanwhile.
    Checkpoint,
    /// The one row that was to change is not there any more.
    RowUnchanged,
    /// The report says what is known already.
    News,
    /// What was decided on, beside the stream itself, has changed meanwhile.
    DecidedOn,
}

/// One parameterised statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// SQL with `?1`, `?2`, ..; static, so that it is prepared once.
    pub sql: &'static str,
    /// What is bound, in order.
    pub params: Vec<Value>,
    /// What a constraint failure of this statement means.
    pub guard: Guard,
}

impl Statement {
    /// A statement that must not fail.
    #[must_use]
    pub fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self { sql, params, guard: Guard::Unguarded }
    }

    /// Names what a constraint failure of this statement means.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Fails with `guard` unless the statement before changed exactly one row.
    #[must_use]
    pub fn changed_one_row(guard: Guard) -> Self {
        Self::new("INSERT INTO guard (holds) VALUES (changes())", Vec::new()).guarded(guard)
    }
}

/// What a commit promises once it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Survives a power cut.
    Full,
    /// Survives a crash of the process; after a power cut it is done again.
    Normal,
}

/// Who commits, and on whose behalf.
#[derive(Clone, Debug)]
pub struct Context {
    /// Actor of every event the commit appends.
    pub actor: Actor,
    /// Ties together everything one request caused.
    pub correlation_id: String,
    /// What caused the commit.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// The committing process's clock; the stored time never decreases.
    pub now: Time,
    /// Seed of the ids that triggers make.
    pub id_seed: String,
}

impl Context {
    /// Housekeeping by the function `name`: no request behind it.
    #[must_use]
    pub fn housekeeping(name: &str, now: Time) -> Self {
        Self {
            actor: Actor::system(name),
            correlation_id: String::new(),
            causation_id: None,
            traceparent: None,
            now,
            id_seed: String::new(),
        }
    }

    fn statement(self) -> Statement {
        const SQL: &str = include_str!("sql/write_commit_context.sql");
        Statement::new(
            SQL,
            vec![
                self.actor.actor_type.as_str().into(),
                self.actor.actor_name.into(),
                self.correlation_id.into(),
                nullable(self.causation_id),
                nullable(self.traceparent),
                self.now.0.into(),
                self.id_seed.into(),
            ],
        )
    }
}

/// A list of statements that is applied wholly or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// What an answer promises.
    pub durability: Durability,
    /// In order; the first writes `commit_context`.
    pub statements: Vec<Statement>,
    /// Whether it leaves something in the outbox that is to be published at once.
    pub rings: bool,
}

impl Commit {
    /// An empty commit by `context`.
    #[must_use]
    pub fn new(durability: Durability, context: Context) -> Self {
        Self { durability, statements: vec![context.statement()], rings: durability == Durability::Full }
    }

    /// A commit whose outbox rows are published at once although a power cut may take it back: then what it came from is
    /// there again, and so is the commit.
    #[must_use]
    pub fn ringing(mut self) -> Self {
        self.rings = true;
        self
    }

    /// Adds a statement.
    #[must_use]
    pub fn then(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// Adds statements.
    #[must_use]
    pub fn then_all(mut self, statements: impl IntoIterator<Item = Statement>) -> Self {
        self.statements.extend(statements);
        self
    }
}

/// `NULL` for nothing.
#[must_use]
pub fn nullable<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}
