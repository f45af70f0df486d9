//! Commands that no request makes: an event or the clock causes them, and their key follows from the cause.

use crate::id::{Ids, Kind, fingerprint};
use crate::message::command::{Command, Subject};
use crate::message::event::LogEvent;
use crate::store::statement::{Statement, nullable};
use crate::value::Scope;

/// A command about to be caused.
#[derive(Clone, Debug)]
pub struct Caused {
    /// Tenant.
    pub scope: Scope,
    /// Name.
    pub name: &'static str,
    /// Stream it is about.
    pub stream: String,
    /// Payload in its normal form, JSON.
    pub payload: String,
    /// `<function>:<pos>` or `<sweep>:<subject>:<due>`.
    pub idempotency_key: String,
    /// Ties it to what one request caused; its own first event if nothing did.
    pub correlation_id: Option<String>,
    /// The event that caused it; none for the clock.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Caused {
    /// A command on `subject` that the clock, or a person's request for it, causes.
    #[must_use]
    pub fn new<C: Command>(scope: &Scope, subject: &Subject, payload: &C, idempotency_key: String) -> Self {
        Self {
            scope: scope.clone(),
            name: C::NAME,
            stream: subject.stream(),
            payload: serde_json::to_string(payload).unwrap_or_default(),
            idempotency_key,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        }
    }

    /// The same, caused by `event`.
    #[must_use]
    pub fn by(self, event: &LogEvent) -> Self {
        Self {
            correlation_id: Some(event.correlation_id.clone()),
            causation_id: Some(event.event_id.clone()),
            traceparent: event.traceparent.clone(),
            ..self
        }
    }
}

/// The statement that accepts it from the actor of the commit's context, unless its cause was met before.
#[must_use]
pub fn cause(caused: Caused, ids: &Ids) -> Statement {
    named_cause(caused, ids).1
}

/// The same with the id that the command has if it is accepted.
#[must_use]
pub fn named_cause(caused: Caused, ids: &Ids) -> (String, Statement) {
    let request_hash = fingerprint(&[caused.name, &caused.scope.project_id, &caused.payload].map(str::as_bytes));
    let correlation_id = caused.correlation_id.unwrap_or_else(|| ids.next(Kind::Event));
    let command_id = ids.next(Kind::Command);
    let params = vec![
        command_id.clone().into(),
        caused.scope.team_id.into(),
        caused.scope.project_id.into(),
        caused.name.to_owned().into(),
        caused.stream.into(),
        request_hash.into(),
        caused.payload.into(),
        caused.idempotency_key.clone().into(),
        caused.idempotency_key.into(),
        correlation_id.into(),
        nullable(caused.causation_id),
        nullable(caused.traceparent),
    ];
    (command_id, Statement::new(include_str!("../sql/insert_caused_command.sql"), params))
}
