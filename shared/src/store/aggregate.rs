//! What commands decide on and change: a thread, the control thread of an agent, a run. Each says what a decision must
//! read and which statements make it so; the way from the doorbell to the commit is the same for all.

use std::time::Duration;

use super::commands::AppliedTo;
use super::statement::Statement;
use super::{Row, StoreError};
use crate::clock::Time;
use crate::id::Ids;
use crate::message::command::EscalationReason;
use crate::value::{Actor, GuidanceStatus, Scope};

/// One kind of thing that commands are about.
pub trait Aggregate: 'static {
    /// What a decision looks at.
    type State: Send + Sync;
    /// What a decision comes to.
    type Event: Send + Sync;

    /// The statements that read the state of `id` for the command `command_id`.
    fn reads(scope: &Scope, id: &str, command_id: &str) -> Vec<Statement>;

    /// The state from the rows that [`Aggregate::reads`] give, in order.
    ///
    /// # Errors
    /// When a row is damaged.
    fn state(rows: Vec<Vec<Row>>) -> Result<Self::State, StoreError>;

    /// What the decided events lead to. Its guards fail if what was decided on has changed meanwhile.
    fn change(author: &Author<'_>, id: &str, state: Self::State, events: &[Self::Event]) -> Change;
}

/// What a decision leads to: the statements that make it so.
#[derive(Debug, Default)]
pub struct Change {
    /// In order.
    pub statements: Vec<Statement>,
    /// Types of the events they append.
    pub appended: Vec<&'static str>,
    /// What is worth counting about them.
    pub outcomes: Vec<Noted>,
    /// What it was applied to, when that is not just the command's subject.
    pub applied_to: Option<AppliedTo>,
}

/// What is worth counting about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A question was answered after this time.
    Answered(GuidanceStatus, Duration),
    /// A thread asks for attention.
    Escalated(EscalationReason),
    /// An agent was nudged for this reason, or a nudge was held back.
    Nudged(&'static str, NudgeResult),
}

/// What became of a nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeResult {
    /// It was sent.
    Sent,
    /// Its agent could not have heeded it.
    Held,
    /// It was sent before.
    Repeated,
}

impl NudgeResult {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Held => "held",
            Self::Repeated => "repeated",
        }
    }
}

/// Everything about a change but its events.
#[derive(Clone, Debug)]
pub struct Author<'a> {
    /// Tenant.
    pub scope: &'a Scope,
    /// Who changes.
    pub actor: &'a Actor,
    /// When.
    pub now: Time,
    /// Where new event ids come from.
    pub ids: &'a Ids,
    /// The id the first event takes: a request's correlation id is the id of the first event it causes.
    pub first_event_id: Option<&'a str>,
    /// Whether what was answered or closed asks for a place in the documentation.
    pub docs_sync: bool,
    /// Whether jobs that need a provider have one.
    pub generates: bool,
    /// What the change is traced back to.
    pub origin: Origin<'a>,
}

/// What work is traced back to: the credential and the request behind it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Credential, if one was used.
    pub key_id: Option<&'a str>,
    /// The request; empty when there was none.
    pub request_id: &'a str,
    /// Ties together everything one request caused.
    pub correlation_id: &'a str,
    /// The command or event that causes it.
    pub causation_id: Option<&'a str>,
    /// W3C trace context.
    pub traceparent: Option<&'a str>,
}

impl<'a> Author<'a> {
    /// The same for a further thing of the same commit, whose first event is not the request's.
    #[must_use]
    pub fn for_another(&self) -> Author<'a> {
        Author { first_event_id: None, ..self.clone() }
    }
}

impl Change {
    /// Adds what another thing's change leads to.
    pub fn add(&mut self, other: Self) {
        self.statements.extend(other.statements);
        self.appended.extend(other.appended);
        self.outcomes.extend(other.outcomes);
    }
}
