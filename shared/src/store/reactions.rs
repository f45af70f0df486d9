//! What reactions decide on and leave behind: where a session and its pull requests stand, what was said about them, and
//! what people were told.

use serde_json::json;

use super::statement::{Statement, Value};
use super::{Reader, StoreError, notifications, pull_requests, sessions};
use crate::clock::Time;
use crate::domain::reaction::{Plan, PrSituation, Situation, Told, keys};
use crate::domain::session::Session;
use crate::id::Ids;
use crate::value::Scope;

/// Checks of one pull request that are looked at: enough for its streaks.
const CHECKS: u32 = 2000;
/// Comments of one pull request that are looked at.
const COMMENTS: u32 = 200;
/// What was said about one session that is looked at.
const TOLD: i64 = 5000;

/// Where a session stands.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn situation(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Option<Situation>, StoreError> {
    let Some(session) = sessions::get(reader, scope, session_id)? else { return Ok(None) };
    let mut prs = Vec::new();
    for (facts, _) in pull_requests::facts_of(reader, scope, &[session_id])? {
        let checks = pull_requests::checks(reader, scope, &facts.url, (facts.head_sha.as_deref(), CHECKS))?;
        let unresolved = pull_requests::unresolved(reader, scope, &facts.url, COMMENTS)?;
        prs.push(PrSituation { facts, checks, unresolved });
    }
    let (mut completed, mut asks) = (false, false);
    if let (Some(run_id), Some(agent)) = (&session.place.run_id, &session.place.agent_name) {
        let controls = super::controls::of_run(reader, scope, run_id)?;
        if let Some(control) = controls.into_iter().find(|control| control.agent_name == *agent) {
            completed = control.completion_pos.is_some();
            asks = control.open_guidance().is_some();
        }
    }
    let mut told = told(reader, scope, session_id)?;
    told.extend(being_told(reader, scope, &session)?);
    let raised = notifications::unresolved_of(reader, scope, session_id)?;
    Ok(Some(Situation { session, prs, completed, asks, told, raised }))
}

fn key(scope: &Scope, session_id: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), session_id.to_owned().into()]
}

fn told(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Vec<Told>, StoreError> {
    const SQL: &str = "SELECT key, subject, attempts, escalate_at FROM reactions WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 ORDER BY last_at DESC LIMIT ?4 + 0";
    let mut params = key(scope, session_id);
    params.push(TOLD.into());
    let told = reader.rows(SQL, params)?.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok(Told {
            key: columns.text()?,
            subject: columns.text()?,
            attempts: u32::try_from(columns.integer()?).unwrap_or(u32::MAX),
            escalate_at: columns.optional_time()?,
        })
    });
    told.collect()
}

/// What is about to be said: nudges that are accepted and not handled yet.
fn being_told(reader: &mut Reader<'_>, scope: &Scope, session: &Session) -> Result<Vec<Told>, StoreError> {
    let mut params = key(scope, &session.session_id);
    params.push(session.control_thread(scope).into());
    let mut told = Vec::new();
    for row in reader.rows(include_str!("sql/list_pending_nudges.sql"), params)? {
        let mut columns = row.columns();
        let (key, subject) = (columns.text()?, columns.text()?);
        let covers: Vec<String> = columns.optional_json()?.unwrap_or_default();
        let subjects = std::iter::once(subject).chain(covers);
        told.extend(subjects.map(|subject| Told { key: key.clone(), subject, attempts: 1, escalate_at: None }));
    }
    Ok(told)
}

/// The statement that remembers for good that people were told of a merge.
#[must_use]
pub fn told_of_merge(scope: &Scope, session_id: &str, url: &str, now: Time) -> Statement {
    let mut params = key(scope, session_id);
    params.extend([keys::PR_MERGED.to_owned().into(), json!([url]).to_string().into(), now.0.into(), Value::Null]);
    Statement::new(include_str!("sql/upsert_reactions.sql"), params)
}

/// The statement that forgets what was said: should it come again, it is said again.
#[must_use]
pub fn forget(scope: &Scope, session_id: &str, reaction: &str, subject: &str) -> Statement {
    const SQL: &str = "DELETE FROM reactions WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 AND key = ?4 AND subject = ?5";
    let mut params = key(scope, session_id);
    params.extend([reaction.to_owned().into(), subject.to_owned().into()]);
    Statement::new(SQL, params)
}

/// Sessions with a nudge that has not helped in time, of which no person was told yet.
///
/// # Errors
/// When the read fails.
pub fn overdue(reader: &mut Reader<'_>, now: Time, limit: u32) -> Result<Vec<(Scope, String)>, StoreError> {
    let params = vec![now.0.into(), i64::from(limit).into()];
    named(reader, include_str!("sql/list_overdue_reactions.sql"), params)
}

/// A page of sessions of which people were told something that is not resolved.
#[derive(Debug, Default)]
pub struct Raised {
    /// The sessions, once for each notification.
    pub sessions: Vec<(Scope, String)>,
    /// Place of the last notification, where the next page begins.
    pub last: Option<i64>,
}

/// Sessions of which people were told something that is not resolved, after the notification at place `after`.
///
/// # Errors
/// When the read fails.
pub fn raised(reader: &mut Reader<'_>, after: i64, limit: u32) -> Result<Raised, StoreError> {
    const SQL: &str = "SELECT id, team_id, project_id, session_id FROM notifications WHERE resolved_at IS NULL AND session_id IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2 + 0";
    let mut raised = Raised::default();
    for row in reader.rows(SQL, vec![after.into(), i64::from(limit).into()])? {
        let mut columns = row.columns();
        raised.last = Some(columns.integer()?);
        let scope = Scope { team_id: columns.text()?, project_id: columns.text()? };
        raised.sessions.push((scope, columns.text()?));
    }
    Ok(raised)
}

fn named(reader: &mut Reader<'_>, sql: &'static str, params: Vec<Value>) -> Result<Vec<(Scope, String)>, StoreError> {
    let rows = reader.rows(sql, params)?.into_iter().map(|row| {
        let mut columns = row.columns();
        let scope = Scope { team_id: columns.text()?, project_id: columns.text()? };
        Ok((scope, columns.text()?))
    });
    rows.collect()
}

/// The statements of a plan that are no commands. What it raises comes first: what one session's plan resolves may be raised
/// by another's.
#[must_use]
pub fn settle(
    scope: &Scope,
    situation: &Situation,
    plan: &Plan,
    (ids, now, delivered): (&Ids, Time, bool),
) -> (Vec<Statement>, Vec<Statement>) {
    let session = &situation.session;
    let about = notifications::About::session(session);
    let mut raised = Vec::new();
    for notice in &plan.raise {
        raised.extend(notifications::raise(scope, notice, &about, (ids, delivered)));
    }
    for notice in &plan.inform {
        raised.extend(notifications::inform(scope, notice, &about, (ids, delivered)));
        raised.push(told_of_merge(scope, &session.session_id, &notice.subject, now));
    }
    let resolve = plan.resolve.iter();
    let over = resolve.map(|(kind, subject)| notifications::resolve(scope, *kind, subject, Some(&session.session_id)));
    let forgotten = plan.forget.iter().map(|(key, subject)| forget(scope, &session.session_id, key, subject));
    (raised, over.chain(forgotten).collect())
}
