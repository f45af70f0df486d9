//! The audit trail: what was written directly, what was refused, what the system did by itself. Commands are their own
//! trail; whoever reads it gets both as one.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::statement::{Statement, Value, nullable};
use super::{Reader, Row, StoreError};
use crate::clock::Time;
use crate::value::ActorType;

/// An entry about to be written; actor and time come from the commit's context.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// Team.
    pub team_id: &'a str,
    /// Project, if one is concerned.
    pub project_id: Option<&'a str>,
    /// Credential.
    pub key_id: Option<&'a str>,
    /// What was done, or was to be done.
    pub action: &'a str,
    /// To what.
    pub subject: &'a str,
    /// On whose request.
    pub request_id: &'a str,
    /// `ok` or a code.
    pub outcome: &'a str,
    /// Why, where that is asked for.
    pub reason: Option<&'a str>,
}

impl AuditEntry<'_> {
    /// The statement that stores it.
    #[must_use]
    pub fn insert(&self) -> Statement {
        let params = vec![
            self.team_id.to_owned().into(),
            nullable(self.project_id.map(str::to_owned)),
            nullable(self.key_id.map(str::to_owned)),
            self.action.to_owned().into(),
            self.subject.to_owned().into(),
            self.request_id.to_owned().into(),
            self.outcome.to_owned().into(),
            nullable(self.reason.map(str::to_owned)),
        ];
        Statement::new(include_str!("sql/insert_audit.sql"), params)
    }
}

/// What an entry of the trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrailKind {
    /// A direct write, a refusal, or what the system did by itself.
    Audit,
    /// A command.
    Command,
}

/// An entry of the trail as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrailEntry {
    /// Place among the entries of its kind.
    #[serde(skip)]
    pub place: i64,
    /// Identity among the entries of its kind; a command's own id.
    pub id: String,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// What it is.
    pub kind: TrailKind,
    /// Who.
    pub actor_type: ActorType,
    /// Who.
    pub actor_name: String,
    /// With which key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// What was done, or was to be done: a command's name, or method and route of a request that was refused.
    pub action: String,
    /// To what: a command's stream, or a path.
    pub subject: String,
    /// In which project, if one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// On which request; empty when there was none.
    pub request_id: String,
    /// `ok`, a code, or the status of a command.
    pub outcome: String,
    /// Why; of a rejected command the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which entries are wanted. All that is given must match.
#[derive(Clone, Debug, Default)]
pub struct TrailFilter {
    /// Of one actor: `type:name`, or a name alone.
    pub actor: Option<String>,
    /// Of one action.
    pub action: Option<String>,
    /// Not older than this.
    pub since: Option<Time>,
}

/// How far a reader has come: of each kind the entries below these places are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailPlace {
    /// Of the audit.
    pub audit: i64,
    /// Of the commands.
    pub commands: i64,
}

impl TrailPlace {
    /// Before the newest entry.
    pub const NEWEST: Self = Self { audit: i64::MAX, commands: i64::MAX };
}

/// One page of the trail of a project or of a whole team, newest first, and where the next one begins if there is one.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    tenant: (&str, Option<&str>),
    filter: &TrailFilter,
    (before, limit): (TrailPlace, u32),
) -> Result<(Vec<TrailEntry>, Option<TrailPlace>), StoreError> {
    const AUDIT: &str = include_str!("sql/list_audit.sql");
    const COMMANDS: &str = include_str!("sql/list_audited_commands.sql");
    // One more than fits: what is left of either afterwards says where the next page begins.
    let behind = |place| params(tenant, filter, place, limit + 1);
    let mut audit = entries(reader.rows(AUDIT, behind(before.audit))?, TrailKind::Audit, filter.since)?;
    let mut commands = entries(reader.rows(COMMANDS, behind(before.commands))?, TrailKind::Command, filter.since)?;
    let mut page = Vec::new();
    while page.len() < limit as usize {
        let audit_is_next = match (audit.peek(), commands.peek()) {
            (Some(audit), Some(command)) => audit.at >= command.at,
            (audit, _) => audit.is_some(),
        };
        let next = if audit_is_next { audit.next() } else { commands.next() };
        let Some(entry) = next else { break };
        page.push(entry);
    }
    let left = |next: Option<&TrailEntry>| next.map_or(0, |entry| entry.place + 1);
    let next = TrailPlace { audit: left(audit.peek()), commands: left(commands.peek()) };
    Ok((page, (next != TrailPlace { audit: 0, commands: 0 }).then_some(next)))
}

fn params((team_id, project_id): (&str, Option<&str>), filter: &TrailFilter, before: i64, limit: u32) -> Vec<Value> {
    vec![
        team_id.to_owned().into(),
        nullable(project_id.map(str::to_owned)),
        before.into(),
        i64::from(limit).into(),
        nullable(filter.actor.clone()),
        nullable(filter.action.clone()),
    ]
}

/// The entries of one kind, up to the first that is too old: stored times never decrease, so what follows is older still
/// and nobody has to read on to the beginning of the trail.
fn entries(rows: Vec<Row>, kind: TrailKind, since: Option<Time>) -> Result<Peekable<IntoIter<TrailEntry>>, StoreError> {
    let mut entries = rows.into_iter().map(|row| entry(row, kind)).collect::<Result<Vec<_>, _>>()?;
    if let Some(since) = since
        && let Some(end) = entries.iter().position(|entry| entry.at < since)
    {
        entries.truncate(end);
    }
    Ok(entries.into_iter().peekable())
}

fn entry(row: Row, kind: TrailKind) -> Result<TrailEntry, StoreError> {
    let mut columns = row.columns();
    Ok(TrailEntry {
        place: columns.integer()?,
        id: columns.text()?,
        at: columns.time()?,
        kind,
        actor_type: columns.word()?,
        actor_name: columns.text()?,
        key_id: columns.optional_text()?,
        action: columns.text()?,
        subject: columns.text()?,
        project_id: columns.optional_text()?,
        request_id: columns.text()?,
        outcome: columns.text()?,
        reason: columns.optional_text()?,
    })
}
