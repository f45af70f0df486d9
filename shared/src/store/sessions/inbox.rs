//! What an agent has not read: answers, nudges and messages on the threads of its session.

use super::tenant;
use crate::domain::session::Session;
use crate::domain::thread::ThreadEvent;
use crate::message::command::ControlPayload;
use crate::message::event::LogEvent;
use crate::store::statement::Statement;
use crate::store::{Reader, StoreError, events};
use crate::value::{ActorType, PostKind, Scope};

/// One thing to read.
#[derive(Clone, Debug)]
pub struct InboxItem {
    /// The event that brought it.
    pub event: LogEvent,
    /// What it is: an answer, a nudge or a message.
    pub kind: PostKind,
    /// Its post.
    pub post_id: String,
    /// The request that it answers.
    pub request_id: Option<String>,
    /// Text.
    pub body: String,
    /// The option chosen, on an answer.
    pub option: Option<String>,
    /// Whether the system answered because a deadline passed.
    pub auto: bool,
}

/// Up to `limit` things that the session's agent has not read, oldest first; and the position up to which all of them were
/// looked at, when there are more.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn unread(
    reader: &mut Reader<'_>,
    scope: &Scope,
    session: &Session,
    limit: u32,
) -> Result<Vec<InboxItem>, StoreError> {
    let mut items = Vec::new();
    let mut after = session.inbox_pos;
    loop {
        let mut params = tenant(scope);
        params.extend([
            session.session_id.clone().into(),
            session.control_thread(scope).into(),
            after.into(),
            i64::from(limit).into(),
        ]);
        let rows = reader.rows(include_str!("../sql/list_inbox_events.sql"), params)?;
        let full = rows.len() == limit as usize;
        for row in rows {
            let event = events::event(row)?;
            after = event.pos;
            items.extend(item(session, event).filter(|_| items.len() < limit as usize));
        }
        if !full || items.len() >= limit as usize {
            return Ok(items);
        }
    }
}

/// What an event brings to the agent, if it brings anything: its own words it knows.
fn item(session: &Session, event: LogEvent) -> Option<InboxItem> {
    let own = event.actor_type == ActorType::Agent && session.place.agent_name.as_ref() == Some(&event.actor_name);
    if own {
        return None;
    }
    match ThreadEvent::read(&event.event_type, event.payload.get()).ok()?? {
        ThreadEvent::PostAdded(post) => Some(InboxItem {
            kind: post.kind,
            post_id: post.post_id,
            request_id: None,
            body: post.body,
            option: post.option,
            auto: event.actor_type == ActorType::System && post.kind == PostKind::GuidanceAnswer,
            event,
        }),
        ThreadEvent::Signalled(signal) => match signal.control {
            ControlPayload::GuidanceAnswer(answer) if signal.counts => Some(InboxItem {
                kind: PostKind::GuidanceAnswer,
                post_id: signal.post_id,
                request_id: signal.request_id,
                body: answer.answer,
                option: answer.option,
                auto: signal.auto,
                event,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// The statement that removes what is at or below `pos` from the inbox; it only grows.
#[must_use]
pub fn acknowledge(scope: &Scope, session_id: &str, pos: i64) -> Statement {
    const SQL: &str =
        "UPDATE sessions SET inbox_pos = max(inbox_pos, ?4) WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3";
    let mut params = tenant(scope);
    params.extend([session_id.to_owned().into(), pos.into()]);
    Statement::new(SQL, params)
}
