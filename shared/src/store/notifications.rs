//! What people are told: raised while a condition holds, resolved when it does not, read by whoever reads it. Their events
//! are written by the database.

mod read;

use serde::Serialize;
use utoipa::ToSchema;

use super::statement::{Statement, Value, nullable};
use crate::clock::Time;
use crate::domain::reaction::Notice;
use crate::domain::session::Session;
use crate::id::{Ids, Kind};
use crate::value::{NotificationKind, Priority, Scope, Word};

pub use read::{find, is_raised, list, to_deliver, unresolved_of};

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

/// The statement that marks a notification as read; who read it first stays.
#[must_use]
pub fn mark_read(scope: &Scope, notification_id: &str) -> Statement {
    const SQL: &str = "UPDATE notifications SET read_at = (SELECT now FROM commit_context), read_by = (SELECT actor_name FROM commit_context) WHERE team_id = ?1 AND project_id = ?2 AND notification_id = ?3 AND read_at IS NULL";
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), notification_id.to_owned().into()];
    Statement::new(SQL, params)
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
