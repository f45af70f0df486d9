//! The command side's threads and posts: loading what a decision needs, storing what it decided.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events::NewEvent;
use super::statement::{Statement, Value, nullable};
use super::{Reader, Row, StoreError};
use crate::clock::Time;
use crate::domain::thread::{Place, Thread, ThreadEvent};
use crate::id::{Ids, Kind};
use crate::message::command::thread_stream;
use crate::value::{Actor, ActorType, PostKind, Scope, Word};

/// Loads a thread.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn load(reader: &mut Reader<'_>, scope: &Scope, thread_id: &str) -> Result<Option<Thread>, StoreError> {
    let Statement { sql, params, .. } = read(scope, thread_id);
    reader.row(sql, params)?.map(thread).transpose()
}

/// The statement that reads a thread, for [`thread`].
#[must_use]
pub fn read(scope: &Scope, thread_id: &str) -> Statement {
    Statement::new(include_str!("sql/read_thread.sql"), key(scope, thread_id))
}

/// A thread from the row that [`read`] gives.
///
/// # Errors
/// When the row is damaged.
pub fn thread(row: Row) -> Result<Thread, StoreError> {
    let mut columns = row.columns();
    Ok(Thread {
        thread_id: columns.text()?,
        kind: columns.word()?,
        ticket: columns.text()?,
        run_id: columns.optional_text()?,
        session_id: columns.optional_text()?,
        agent_name: columns.optional_text()?,
        title: columns.text()?,
        state: columns.word()?,
        priority: columns.word()?,
        assignee: columns.optional_text()?,
        opened_by: Actor { actor_type: columns.word()?, actor_name: columns.text()? },
        options: columns.json()?,
        default: columns.optional_text()?,
        deadline: columns.optional_time()?,
        on_timeout: columns.word()?,
        guidance_status: columns.optional_text()?.and_then(|word| crate::value::GuidanceStatus::parse(&word).ok()),
        answer: columns.optional_json()?,
        opened_at: columns.time()?,
        updated_at: columns.time()?,
        closed_at: columns.optional_time()?,
        version: columns.integer()?,
    })
}

fn key(scope: &Scope, thread_id: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), thread_id.to_owned().into()]
}

/// What a decision leads to: the thread as it will be, and the statements that make it so.
#[derive(Debug)]
pub struct Change {
    /// In order.
    pub statements: Vec<Statement>,
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
}

/// Turns decided events into statements: thread row, posts, events, in the order in which they refer to each other.
/// The first event is caused by what caused the commit, each further one by the one before.
#[must_use]
pub fn change(author: &Author<'_>, thread: Option<Thread>, id: &str, place: &Place, events: &[ThreadEvent]) -> Change {
    let mut current = thread;
    let (mut posts, mut appends) = (Vec::new(), Vec::new());
    let mut cause: Option<String> = None;
    for event in events {
        let next = match (current.take(), event) {
            (None, ThreadEvent::Opened(opened)) => {
                Thread::begin(id.to_owned(), place.clone(), opened, author.actor, author.now)
            }
            (None, _) => continue,
            (Some(mut thread), event) => {
                thread.apply(event, author.actor, author.now);
                thread
            }
        };
        posts.extend(post(author.scope, &next.thread_id, event));
        let first = author.first_event_id.filter(|_| appends.is_empty());
        let event_id = first.map_or_else(|| author.ids.next(Kind::Event), str::to_owned);
        let append = new_event(author.scope, &next, event, event_id, cause.take());
        cause = Some(append.event_id.clone());
        appends.push(append.append());
        current = Some(next);
    }
    let row = current.filter(|_| !events.is_empty()).map(|thread| store(author.scope, thread));
    Change { statements: row.into_iter().chain(posts).chain(appends).collect() }
}

fn new_event(scope: &Scope, thread: &Thread, event: &ThreadEvent, event_id: String, cause: Option<String>) -> NewEvent {
    NewEvent {
        event_id,
        event_type: event.event_type(),
        stream: thread_stream(&thread.thread_id),
        version: thread.version,
        scope: scope.clone(),
        ticket: Some(thread.ticket.clone()),
        run_id: thread.run_id.clone(),
        thread_id: Some(thread.thread_id.clone()),
        session_id: thread.session_id.clone(),
        agent_name: thread.agent_name.clone(),
        causation_id: cause,
        payload: serde_json::to_string(event).unwrap_or_default(),
    }
}

fn post(scope: &Scope, thread_id: &str, event: &ThreadEvent) -> Option<Statement> {
    let (post_id, kind, body, option) = match event {
        ThreadEvent::Opened(opened) => (&opened.post_id, PostKind::Message, &opened.body, None),
        ThreadEvent::PostAdded(post) => (&post.post_id, post.kind, &post.body, post.option.clone()),
        _ => return None,
    };
    let params = vec![
        post_id.clone().into(),
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        thread_id.to_owned().into(),
        kind.as_str().into(),
        body.clone().into(),
        nullable(option),
    ];
    Some(Statement::new(include_str!("sql/insert_post.sql"), params))
}

fn store(scope: &Scope, thread: Thread) -> Statement {
    let params = vec![
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        thread.thread_id.into(),
        thread.kind.as_str().into(),
        thread.ticket.into(),
        nullable(thread.run_id),
        nullable(thread.session_id),
        nullable(thread.agent_name),
        thread.title.into(),
        thread.state.as_str().into(),
        thread.priority.as_str().into(),
        nullable(thread.assignee),
        thread.opened_by.actor_name.into(),
        thread.opened_by.actor_type.as_str().into(),
        serde_json::to_string(&thread.options).unwrap_or_default().into(),
        nullable(thread.default),
        nullable(thread.deadline.map(|time| time.0)),
        thread.on_timeout.as_str().into(),
        nullable(thread.guidance_status.map(Word::as_str)),
        nullable(thread.answer.map(|answer| serde_json::to_string(&answer).unwrap_or_default())),
        thread.opened_at.0.into(),
        thread.updated_at.0.into(),
        nullable(thread.closed_at.map(|time| time.0)),
        thread.version.into(),
    ];
    Statement::new(include_str!("sql/upsert_thread.sql"), params)
}

/// A post as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// Identity.
    pub post_id: String,
    /// What it is.
    pub kind: PostKind,
    /// Kind of author.
    pub actor_type: ActorType,
    /// Author.
    pub actor_name: String,
    /// Text.
    pub body: String,
    /// The option chosen, on an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// The newest `limit` posts of a thread, oldest first.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn posts(reader: &mut Reader<'_>, scope: &Scope, thread_id: &str, limit: u32) -> Result<Vec<Post>, StoreError> {
    let mut params = key(scope, thread_id);
    params.push(i64::from(limit).into());
    let mut posts = Vec::new();
    for row in reader.rows(include_str!("sql/read_posts.sql"), params)? {
        let mut columns = row.columns();
        posts.push(Post {
            post_id: columns.text()?,
            kind: columns.word()?,
            actor_type: columns.word()?,
            actor_name: columns.text()?,
            body: columns.text()?,
            option: columns.optional_text()?,
            created_at: columns.time()?,
        });
    }
    posts.reverse();
    Ok(posts)
}
