//! The command side's threads and posts: loading what a decision needs, storing what it decided.

mod guidance;
pub mod marks;
mod nudges;
mod posts;
mod signals;
pub mod waiting;

use super::aggregate::{Aggregate, Author, Change, Noted};
use super::events::NewEvent;
use super::statement::{Statement, Value, nullable};
use super::{Row, StoreError};
use crate::domain::thread::{DocsSyncRequested, SyncTrigger, Thread, ThreadEvent};
use crate::id::Kind;
use crate::message::command::{ControlPayload, thread_stream};
use crate::message::event::types;
use crate::value::{Actor, PostKind, Scope, ThreadKind, Word};

pub use nudges::{Counted, NudgeState, Nudged, Nudges, Said};
pub use posts::{Post, posts};
pub use signals::{SignalState, Signals, find_request};

/// Threads, as most commands see them.
pub struct Threads;

impl Aggregate for Threads {
    type State = Option<Thread>;
    type Event = ThreadEvent;

    fn reads(scope: &Scope, id: &str, _command_id: &str) -> Vec<Statement> {
        vec![Statement::new(include_str!("sql/read_thread.sql"), key(scope, id))]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<Option<Thread>, StoreError> {
        rows.into_iter().flatten().next().map(thread).transpose()
    }

    fn change(author: &Author<'_>, id: &str, state: Option<Thread>, events: &[ThreadEvent]) -> Change {
        change(author, state, id, events)
    }
}

/// A thread from a row of `read_thread.sql`.
///
/// # Errors
/// When the row is damaged.
pub(super) fn thread(row: Row) -> Result<Thread, StoreError> {
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
        request_id: columns.optional_text()?,
        asked_at: columns.optional_time()?,
        guidance_status: columns.optional_word()?,
        answer: columns.optional_json()?,
        opened_at: columns.time()?,
        updated_at: columns.time()?,
        closed_at: columns.optional_time()?,
        escalated_at: columns.optional_time()?,
        version: columns.integer()?,
    })
}

fn key(scope: &Scope, thread_id: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), thread_id.to_owned().into()]
}

/// Turns decided events into statements: thread row, posts, events, in the order in which they refer to each other, then
/// what they mean for the guidance. The first event is caused by what caused the commit, each further one by the one before.
#[must_use]
pub fn change(author: &Author<'_>, thread: Option<Thread>, id: &str, events: &[ThreadEvent]) -> Change {
    let mut current = thread;
    let (mut posts, mut appends, mut requests, mut folds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut appended, mut outcomes) = (Vec::new(), Vec::new());
    let mut cause: Option<String> = None;
    for event in events {
        let (next, asked_at) = match (current.take(), event) {
            (None, ThreadEvent::Opened(opened)) => {
                (Thread::begin(id.to_owned(), opened, author.actor, author.now), None)
            }
            (None, _) => continue,
            (Some(mut thread), event) => {
                let asked_at = thread.asked_at.filter(|_| thread.answer.is_none());
                thread.apply(event, author.actor, author.now);
                (thread, asked_at)
            }
        };
        posts.extend(post(author.scope, &next.thread_id, event));
        let first = author.first_event_id.filter(|_| appends.is_empty());
        let event_id = first.map_or_else(|| author.ids.next(Kind::Event), str::to_owned);
        let append = new_event(author.scope, &next, event, event_id, cause.take());
        folds.extend(guidance::fold(author, &next, event, &append.event_id));
        outcomes.extend(noted(author, &next, event, asked_at));
        cause = Some(append.event_id.clone());
        appended.push(append.event_type);
        let trigger = event.sync_trigger().filter(|_| next.kind == ThreadKind::Question);
        requests.extend(trigger.map(|trigger| docs_sync(author, &next, trigger, &append.event_id)));
        appends.push(append.append());
        current = Some(next);
    }
    let row = current.filter(|_| !events.is_empty()).map(|thread| store(author.scope, thread));
    requests.retain(|_| author.docs_sync);
    appended.extend(requests.iter().map(|request| request.event_type));
    let requests = requests.into_iter().map(NewEvent::append);
    let statements = row.into_iter().chain(posts).chain(appends).chain(folds).chain(requests).collect();
    Change { statements, appended, outcomes, applied_to: None }
}

/// What is worth counting about an event.
fn noted(
    author: &Author<'_>,
    thread: &Thread,
    event: &ThreadEvent,
    asked_at: Option<crate::clock::Time>,
) -> Option<Noted> {
    match event {
        ThreadEvent::Escalated(escalated) => Some(Noted::Escalated(escalated.why)),
        event => {
            event.answer(author.actor, author.now)?;
            Some(Noted::Answered(thread.guidance_status?, author.now.since(asked_at?)))
        }
    }
}

/// The request that something be documented. It has a stream of its own: what others do with a thread is no part of its
/// history, and takes no version of it.
fn docs_sync(author: &Author<'_>, thread: &Thread, trigger: SyncTrigger, cause: &str) -> NewEvent {
    let request = DocsSyncRequested { trigger, title: thread.title.clone(), ticket: thread.ticket.clone() };
    NewEvent {
        event_id: author.ids.next(Kind::Event),
        event_type: types::DOCS_SYNC_REQUESTED,
        stream: format!("docs_sync/{}", thread.thread_id),
        version: None,
        scope: author.scope.clone(),
        ticket: Some(thread.ticket.clone()),
        run_id: thread.run_id.clone(),
        thread_id: Some(thread.thread_id.clone()),
        session_id: thread.session_id.clone(),
        agent_name: thread.agent_name.clone(),
        causation_id: Some(cause.to_owned()),
        payload: serde_json::to_string(&request).unwrap_or_default(),
    }
}

fn new_event(scope: &Scope, thread: &Thread, event: &ThreadEvent, event_id: String, cause: Option<String>) -> NewEvent {
    NewEvent {
        event_id,
        event_type: event.event_type(),
        stream: thread_stream(&thread.thread_id),
        version: Some(thread.version),
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
        ThreadEvent::Opened(opened) => (&opened.post_id, PostKind::Message, opened.body.clone(), None),
        ThreadEvent::PostAdded(post) => (&post.post_id, post.kind, post.body.clone(), post.option.clone()),
        ThreadEvent::Signalled(signal) => {
            let option = match &signal.control {
                ControlPayload::GuidanceAnswer(answer) => answer.option.clone(),
                _ => None,
            };
            (&signal.post_id, signal.kind, signal.control.text(), option)
        }
        _ => return None,
    };
    let params = vec![
        post_id.clone().into(),
        scope.team_id.clone().into(),
        scope.project_id.clone().into(),
        thread_id.to_owned().into(),
        kind.as_str().into(),
        body.into(),
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
        nullable(thread.request_id),
        nullable(thread.asked_at.map(|time| time.0)),
        nullable(thread.guidance_status.map(Word::as_str)),
        nullable(thread.answer.map(|answer| serde_json::to_string(&answer).unwrap_or_default())),
        thread.opened_at.0.into(),
        thread.updated_at.0.into(),
        nullable(thread.closed_at.map(|time| time.0)),
        nullable(thread.escalated_at.map(|time| time.0)),
        thread.version.into(),
    ];
    Statement::new(include_str!("sql/upsert_thread.sql"), params)
}
