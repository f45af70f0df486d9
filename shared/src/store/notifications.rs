//! What people are told: raised while a condition holds, resolved when it does not, read by whoever reads it. Their events
//! are written by the database.

use serde::Serialize;
use utoipa::ToSchema;

use super::statement::{Statement, Value, nullable};
use super::tenants::projects_of;
use super::{Reader, Row, StoreError};
use crate::clock::Time;
use crate::domain::reaction::{Notice, is_planned};
use crate::domain::session::Session;
use crate::id::{Ids, Kind};
use crate::value::{NotificationKind, Priority, Scope, Word};

/// A notification as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    /// Place in the order of all notifications.
    #[serde(skip)]
    pub id: i64,
    /// Identity.
    pub notification_id: String,
    /// Project.
    pub project_id: String,
    /// What about.
    pub kind: NotificationKind,
    /// About which thing.
    pub subject: String,
    /// How urgent.
    pub priority: Priority,
    /// One line.
    pub title: String,
    /// More.
    pub body: String,
    /// Where to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it stands in the fleet.
    #[serde(flatten)]
    pub about: About,
    /// When it was raised, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When somebody read it, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Time>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_by: Option<String>,
    /// When it ceased to hold, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Time>,
    /// `disabled`, `pending`, `sent` or `failed`: whether somebody outside was told.
    pub delivery: String,
}

/// Where a notification stands in the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct About {
    /// Ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

impl About {
    /// A session.
    #[must_use]
    pub fn session(session: &Session) -> Self {
        Self {
            ticket: session.place.ticket.clone(),
            run_id: session.place.run_id.clone(),
            session_id: Some(session.session_id.clone()),
            agent_name: session.place.agent_name.clone(),
            thread_id: None,
        }
    }
}

/// Which notifications are wanted. All that is given must match.
#[derive(Clone, Debug, Default)]
pub struct NotificationFilter {
    /// Read, or not.
    pub read: Option<bool>,
    /// Resolved, or not.
    pub resolved: Option<bool>,
    /// Of one kind.
    pub kind: Option<NotificationKind>,
    /// About one run.
    pub run_id: Option<String>,
    /// About one session.
    pub session_id: Option<String>,
}

fn named(scope: &Scope, kind: NotificationKind, subject: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), kind.as_str().into(), subject.to_owned().into()]
}

fn insert(scope: &Scope, notice: &Notice, about: &About, resolved: bool, (ids, delivered): (&Ids, bool)) -> Statement {
    let mut params = named(scope, notice.kind, &notice.subject);
    let about = about.clone();
    params.extend([
        ids.next(Kind::Notification).into(),
        notice.kind.priority().as_str().into(),
        notice.title.clone().into(),
        notice.body.clone().into(),
        nullable(notice.url.clone()),
        nullable(about.ticket),
        nullable(about.run_id),
        nullable(about.session_id),
        nullable(about.agent_name),
        nullable(about.thread_id),
        if delivered { "pending" } else { "disabled" }.into(),
        i64::from(resolved).into(),
    ]);
    Statement::new(include_str!("sql/insert_notification.sql"), params)
}

/// The statements that tell people of what holds now, unless they are told already. What was resolved and nobody has read
/// holds again under its own id, and what belonged to another session belongs to this one.
#[must_use]
pub fn raise(scope: &Scope, notice: &Notice, about: &About, made: (&Ids, bool)) -> [Statement; 2] {
    let mut params = named(scope, notice.kind, &notice.subject);
    let whose = about.clone();
    params.extend([
        notice.title.clone().into(),
        notice.body.clone().into(),
        nullable(whose.ticket),
        nullable(whose.run_id),
        nullable(whose.session_id),
        nullable(whose.agent_name),
    ]);
    let again = Statement::new(include_str!("sql/update_notification_raised.sql"), params);
    [again, insert(scope, notice, about, false, made)]
}

/// The statement that tells people of what is over: there is nothing left to do about it.
#[must_use]
pub fn inform(scope: &Scope, notice: &Notice, about: &About, made: (&Ids, bool)) -> [Statement; 1] {
    [insert(scope, notice, about, true, made)]
}

/// The statement that resolves what no longer holds, of one session if it is named: it may belong to another by now.
#[must_use]
pub fn resolve(scope: &Scope, kind: NotificationKind, subject: &str, session_id: Option<&str>) -> Statement {
    const SQL: &str = "UPDATE notifications SET resolved_at = (SELECT now FROM commit_context) WHERE team_id = ?1 AND project_id = ?2 AND kind = ?3 AND subject = ?4 AND resolved_at IS NULL AND (?5 IS NULL OR session_id = ?5)";
    let mut params = named(scope, kind, subject);
    params.push(nullable(session_id.map(str::to_owned)));
    Statement::new(SQL, params)
}

/// What people were told of a session and its pull requests by reactions, and what is not resolved.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn unresolved_of(
    reader: &mut Reader<'_>,
    scope: &Scope,
    session_id: &str,
) -> Result<Vec<(NotificationKind, String)>, StoreError> {
    const SQL: &str = "SELECT kind, subject FROM notifications WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 AND resolved_at IS NULL";
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), session_id.to_owned().into()];
    let mut found = Vec::new();
    for row in reader.rows(SQL, params)? {
        let mut columns = row.columns();
        let (kind, subject) = (columns.word()?, columns.text()?);
        if is_planned(kind) {
            found.push((kind, subject));
        }
    }
    Ok(found)
}

/// Whether people are told of this and it is not resolved.
///
/// # Errors
/// When the read fails.
pub fn is_raised(
    reader: &mut Reader<'_>,
    scope: &Scope,
    kind: NotificationKind,
    subject: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM notifications WHERE team_id = ?1 AND project_id = ?2 AND kind = ?3 AND subject = ?4 AND resolved_at IS NULL";
    Ok(reader.row(SQL, named(scope, kind, subject))?.is_some())
}

/// One page of the notifications of a project, or of a whole team, newest first: those raised before place `before`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &NotificationFilter,
    (before, limit): (i64, u32),
) -> Result<Vec<Notification>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    let mut found = Vec::new();
    for project_id in projects {
        let params = vec![
            team_id.to_owned().into(),
            project_id.into(),
            before.into(),
            i64::from(limit).into(),
            nullable(filter.read.map(i64::from)),
            nullable(filter.resolved.map(i64::from)),
            nullable(filter.kind.map(Word::as_str)),
            nullable(filter.run_id.clone()),
            nullable(filter.session_id.clone()),
        ];
        for row in reader.rows(include_str!("sql/list_notifications.sql"), params)? {
            found.push(notification(row)?);
        }
    }
    found.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    found.truncate(limit as usize);
    Ok(found)
}

/// One notification, within a team and one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    notification_id: &str,
) -> Result<Option<(Scope, Notification)>, StoreError> {
    const SQL: &str = "SELECT id, project_id FROM notifications WHERE team_id = ?1 AND notification_id = ?2 AND project_id = coalesce(?3, project_id)";
    let params =
        vec![team_id.to_owned().into(), notification_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    let Some(row) = reader.row(SQL, params)? else { return Ok(None) };
    let mut columns = row.columns();
    let id = columns.integer()?;
    let scope = Scope { team_id: team_id.to_owned(), project_id: columns.text()? };
    let mut params: Vec<Value> = vec![team_id.to_owned().into(), scope.project_id.clone().into()];
    params.extend([(id + 1).into(), 1_i64.into()]);
    params.extend(std::iter::repeat_n(Value::Null, 5));
    let row = reader.row(include_str!("sql/list_notifications.sql"), params)?;
    row.map(|row| Ok((scope, notification(row)?))).transpose()
}

/// The statement that marks a notification as read; who read it first stays.
#[must_use]
pub fn mark_read(scope: &Scope, notification_id: &str) -> Statement {
    const SQL: &str = "UPDATE notifications SET read_at = (SELECT now FROM commit_context), read_by = (SELECT actor_name FROM commit_context) WHERE team_id = ?1 AND project_id = ?2 AND notification_id = ?3 AND read_at IS NULL";
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), notification_id.to_owned().into()];
    Statement::new(SQL, params)
}

/// Notifications of which somebody outside is yet to be told, the oldest first.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn to_deliver(reader: &mut Reader<'_>, limit: u32) -> Result<Vec<(Scope, Notification)>, StoreError> {
    let rows = reader.rows(include_str!("sql/list_undelivered_notifications.sql"), vec![i64::from(limit).into()])?;
    let found = rows.into_iter().map(|row| {
        let mut columns = row.clone().columns();
        let team_id = columns.text()?;
        let rest = notification(Row::of(row.into_values().split_off(1)))?;
        Ok((Scope { team_id, project_id: rest.project_id.clone() }, rest))
    });
    found.collect()
}

/// The statement that says whether somebody outside was told.
#[must_use]
pub fn delivered(scope: &Scope, notification_id: &str, sent: bool) -> Statement {
    const SQL: &str = "UPDATE notifications SET delivery = ?4 WHERE team_id = ?1 AND project_id = ?2 AND notification_id = ?3 AND delivery = 'pending'";
    let word = if sent { "sent" } else { "failed" };
    let (team_id, project_id) = (scope.team_id.clone(), scope.project_id.clone());
    let params = vec![team_id.into(), project_id.into(), notification_id.to_owned().into(), word.into()];
    Statement::new(SQL, params)
}

fn notification(row: Row) -> Result<Notification, StoreError> {
    let mut columns = row.columns();
    Ok(Notification {
        id: columns.integer()?,
        notification_id: columns.text()?,
        project_id: columns.text()?,
        kind: columns.word()?,
        subject: columns.text()?,
        priority: columns.word()?,
        title: columns.text()?,
        body: columns.text()?,
        url: columns.optional_text()?,
        about: About {
            ticket: columns.optional_text()?,
            run_id: columns.optional_text()?,
            session_id: columns.optional_text()?,
            agent_name: columns.optional_text()?,
            thread_id: columns.optional_text()?,
        },
        created_at: columns.time()?,
        read_at: columns.optional_time()?,
        read_by: columns.optional_text()?,
        resolved_at: columns.optional_time()?,
        delivery: columns.text()?,
    })
}
