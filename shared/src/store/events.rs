//! The log: appending inside a commit, reading by cursor.

use serde_json::value::RawValue;

use super::connection::Row;
use super::statement::{Guard, Statement, Value, nullable};
use super::{Reader, StoreError};
use crate::message::event::LogEvent;
use crate::value::Scope;

/// An event about to be appended. Actor, correlation, trace and time come from the commit's context.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Identity.
    pub event_id: String,
    /// What happened.
    pub event_type: &'static str,
    /// The stream.
    pub stream: String,
    /// The version it takes in the stream; taken already means somebody else was first. Without one it takes the next,
    /// whoever else appends.
    pub version: Option<i64>,
    /// Tenant.
    pub scope: Scope,
    /// Ticket, if any.
    pub ticket: Option<String>,
    /// Run, if any.
    pub run_id: Option<String>,
    /// Thread, if any.
    pub thread_id: Option<String>,
    /// Session, if any.
    pub session_id: Option<String>,
    /// Agent, if any.
    pub agent_name: Option<String>,
    /// What caused it, when not what caused the commit.
    pub causation_id: Option<String>,
    /// JSON.
    pub payload: String,
}

impl NewEvent {
    /// The statement that appends it.
    #[must_use]
    pub fn append(self) -> Statement {
        let params = vec![
            self.event_id.into(),
            self.stream.into(),
            nullable(self.version),
            self.event_type.to_owned().into(),
            self.scope.team_id.into(),
            self.scope.project_id.into(),
            nullable(self.ticket),
            nullable(self.run_id),
            nullable(self.thread_id),
            nullable(self.session_id),
            nullable(self.agent_name),
            nullable(self.causation_id),
            self.payload.into(),
        ];
        Statement::new(include_str!("sql/append_event.sql"), params).guarded(Guard::StreamVersion)
    }
}

/// Which events a reader wants: its tenant, and all that is given of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Tenant.
    pub team_id: String,
    /// One project, or the whole team.
    pub project_id: Option<String>,
    /// Ticket, compared trimmed and without regard to case.
    pub ticket: Option<String>,
    /// Run, compared likewise.
    pub run_id: Option<String>,
    /// Thread.
    pub thread_id: Option<String>,
    /// Exact types or `prefix.*`; empty means all.
    pub types: Vec<TypePattern>,
}

/// One entry of a `types` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypePattern {
    /// This type.
    Exactly(String),
    /// Types that begin with this, dot included.
    Prefix(String),
    /// Types that begin with the first, but not with the second.
    PrefixExcept(&'static str, &'static str),
}

impl TypePattern {
    /// What forum readers see unless they say otherwise.
    pub const FORUM: Self = Self::PrefixExcept("forum.", "forum.integration.");

    fn matches(&self, event_type: &str) -> bool {
        match self {
            Self::Exactly(wanted) => event_type == wanted,
            Self::Prefix(prefix) => event_type.starts_with(prefix.as_str()),
            Self::PrefixExcept(prefix, except) => event_type.starts_with(prefix) && !event_type.starts_with(except),
        }
    }
}

impl EventFilter {
    /// Whether `event` is wanted. Readers of the live tail and of stored pages share this one test.
    #[must_use]
    pub fn matches(&self, event: &LogEvent) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| match wanted {
            None => true,
            Some(wanted) => found.as_ref().is_some_and(|found| found.trim().eq_ignore_ascii_case(wanted.trim())),
        };
        event.team_id == self.team_id
            && self.project_id.as_ref().is_none_or(|project| *project == event.project_id)
            && same(&self.ticket, &event.ticket)
            && same(&self.run_id, &event.run_id)
            && self.thread_id.as_ref().is_none_or(|thread| event.thread_id.as_ref() == Some(thread))
            && (self.types.is_empty() || self.types.iter().any(|pattern| pattern.matches(&event.event_type)))
    }
}

/// The tenant and range of one page.
fn page_params(team_id: Option<&str>, after: i64, limit: u32) -> Vec<Value> {
    vec![nullable(team_id.map(str::to_owned)), after.into(), i64::from(limit).into()]
}

/// The next `limit` events of every tenant after `after`: for projectors and the live tail.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn read_all(reader: &mut Reader<'_>, after: i64, limit: u32) -> Result<Vec<LogEvent>, StoreError> {
    let rows = reader.rows(include_str!("sql/read_events.sql"), page_params(None, after, limit))?;
    rows.into_iter().map(event).collect()
}

/// The next `limit` events of one team after `after`.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn read_team(reader: &mut Reader<'_>, team: &str, after: i64, limit: u32) -> Result<Vec<LogEvent>, StoreError> {
    let rows = reader.rows(include_str!("sql/read_events.sql"), page_params(Some(team), after, limit))?;
    rows.into_iter().map(event).collect()
}

/// The newest `limit` events of one stream, oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn read_stream(
    reader: &mut Reader<'_>,
    scope: &Scope,
    stream: &str,
    limit: u32,
) -> Result<Vec<LogEvent>, StoreError> {
    let params = vec![
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        stream.to_owned().into(),
        i64::from(limit).into(),
    ];
    let rows = reader.rows(include_str!("sql/read_stream.sql"), params)?;
    let mut events: Vec<LogEvent> = rows.into_iter().map(event).collect::<Result<_, _>>()?;
    events.reverse();
    Ok(events)
}

/// The newest position.
///
/// # Errors
/// When the read fails.
pub fn head(reader: &mut Reader<'_>) -> Result<i64, StoreError> {
    let row = reader.row("SELECT coalesce(max(pos), 0) FROM events", Vec::new())?;
    row.map_or(Ok(0), |row| Ok(row.columns().integer()?))
}

/// Reads a row with the columns of `read_events.sql`.
pub(super) fn event(row: Row) -> Result<LogEvent, StoreError> {
    let mut columns = row.columns();
    Ok(LogEvent {
        pos: columns.integer()?,
        event_id: columns.text()?,
        event_type: columns.text()?,
        schema_version: columns.integer()?,
        stream: columns.text()?,
        version: columns.integer()?,
        team_id: columns.text()?,
        project_id: columns.text()?,
        ticket: columns.optional_text()?,
        run_id: columns.optional_text()?,
        thread_id: columns.optional_text()?,
        session_id: columns.optional_text()?,
        agent_name: columns.optional_text()?,
        actor_type: columns.word()?,
        actor_name: columns.text()?,
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        occurred_at: columns.time()?,
        recorded_at: columns.time()?,
        payload: RawValue::from_string(columns.text()?).map_err(|error| StoreError::Row(error.to_string()))?,
    })
}
