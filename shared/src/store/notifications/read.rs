//! Reading what people are told.

use super::{About, Notification, NotificationFilter, named};
use crate::domain::reaction::is_planned;
use crate::store::statement::{Value, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, Row, StoreError};
use crate::value::{NotificationKind, Scope, Word};

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
        for row in reader.rows(include_str!("../sql/list_notifications.sql"), params)? {
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
    const SQL: &str = "SELECT id, project_id FROM notifications WHERE team_id = ?1 AND notification_id = ?2 AND (?3 IS NULL OR project_id = ?3)";
    let params =
        vec![team_id.to_owned().into(), notification_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    let Some(row) = reader.row(SQL, params)? else { return Ok(None) };
    let mut columns = row.columns();
    let id = columns.integer()?;
    let scope = Scope { team_id: team_id.to_owned(), project_id: columns.text()? };
    let mut params: Vec<Value> = vec![team_id.to_owned().into(), scope.project_id.clone().into()];
    params.extend([(id + 1).into(), 1_i64.into()]);
    params.extend(std::iter::repeat_n(Value::Null, 5));
    let row = reader.row(include_str!("../sql/list_notifications.sql"), params)?;
    row.map(|row| Ok((scope, notification(row)?))).transpose()
}

/// Notifications of which somebody outside is yet to be told, the oldest first.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn to_deliver(reader: &mut Reader<'_>, limit: u32) -> Result<Vec<(Scope, Notification)>, StoreError> {
    let rows = reader.rows(include_str!("../sql/list_undelivered_notifications.sql"), vec![i64::from(limit).into()])?;
    let found = rows.into_iter().map(|row| {
        let mut columns = row.clone().columns();
        let team_id = columns.text()?;
        let rest = notification(Row::of(row.into_values().split_off(1)))?;
        Ok((Scope { team_id, project_id: rest.project_id.clone() }, rest))
    });
    found.collect()
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
