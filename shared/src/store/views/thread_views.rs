//! `view_thread_views`: one row per thread, as lists and details show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::domain::thread::{Answer, ThreadEvent};
use crate::message::event::LogEvent;
use crate::store::connection::Row;
use crate::store::projections::{Projection, ViewTable};
use crate::store::statement::{Statement, Value, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, StoreError};
use crate::value::{ActorType, GuidanceStatus, PostKind, Priority, ThreadKind, ThreadState, Word};

/// The projection.
pub static PROJECTION: Projection = Projection {
    name: "thread-views",
    apply,
    tables: &[ViewTable {
        name: "view_thread_views",
        key: &["team_id", "project_id", "thread_id"],
        page: include_str!("../sql/list_generation_of_thread_views.sql"),
        delete: include_str!("../sql/delete_thread_views.sql"),
    }],
};

/// A thread as shown (SPEC FORUM-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThreadView {
    /// Identity.
    pub thread_id: String,
    /// What it is for.
    pub kind: ThreadKind,
    /// Project.
    pub project_id: String,
    /// Ticket.
    pub ticket: String,
    /// Run, if any.
    pub run_id: Option<String>,
    /// Session, if any.
    pub session_id: Option<String>,
    /// Agent that asks, if any.
    pub agent_name: Option<String>,
    /// Title.
    pub title: String,
    /// Where it stands.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// Who should answer.
    pub assignee: Option<String>,
    /// Who opened it.
    pub opened_by: String,
    /// What kind of actor opened it.
    pub opened_by_type: ActorType,
    /// Number of posts.
    pub posts_count: i64,
    /// Time of the newest post, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub last_post_at: Time,
    /// Author of the newest post.
    pub last_post_by: String,
    /// Position of its newest event in the log.
    pub last_event_pos: i64,
    /// What kind of actor caused that event.
    pub last_actor_type: ActorType,
    /// Whether the reader has not seen the newest event.
    pub is_unseen: bool,
    /// Whether an agent had the last word in a thread that waits.
    pub is_unanswered: bool,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    pub default: Option<String>,
    /// Until when an answer is wanted, RFC 3339 UTC.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// Whether the question has its answer.
    pub guidance_status: Option<GuidanceStatus>,
    /// The answer in force.
    pub answer: Option<Answer>,
    /// When it was opened, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it last changed, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When it was closed, RFC 3339 UTC.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Time>,
}

/// What `event` does to the read model of `generation`.
///
/// # Errors
/// When the payload is not what the type says: the projection stops there.
pub fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(change) = ThreadEvent::read(&event.event_type, event.payload.get())? else { return Ok(Vec::new()) };
    let Some(thread_id) = event.thread_id.clone() else { return Ok(Vec::new()) };
    let mut params: Vec<Value> =
        vec![generation.into(), event.team_id.clone().into(), event.project_id.clone().into(), thread_id.into()];
    let actor_type = || Value::from(event.actor_type.as_str());
    // Common to every update: when, at which position, by whom.
    let touch = |params: &mut Vec<Value>| {
        params.extend([event.recorded_at.0.into(), event.pos.into(), event.actor_name.clone().into(), actor_type()]);
    };
    let statement = match change {
        ThreadEvent::Opened(opened) => {
            params.extend([
                opened.kind.as_str().into(),
                event.ticket.clone().unwrap_or_default().into(),
                nullable(event.run_id.clone()),
                nullable(event.session_id.clone()),
                nullable(event.agent_name.clone()),
                opened.title.into(),
                opened.state.as_str().into(),
                opened.priority.as_str().into(),
                nullable(opened.assignee),
                event.actor_name.clone().into(),
                actor_type(),
                event.recorded_at.0.into(),
                event.pos.into(),
                serde_json::to_string(&opened.options)?.into(),
                nullable(opened.default),
                nullable(opened.deadline.map(|deadline| deadline.0)),
                nullable((opened.kind == ThreadKind::Question).then_some("pending")),
            ]);
            Statement::new(include_str!("../sql/insert_thread_view.sql"), params)
        }
        ThreadEvent::PostAdded(post) => {
            touch(&mut params);
            let answer = (post.kind == PostKind::GuidanceAnswer).then(|| Answer {
                answer: post.body,
                option: post.option,
                answered_by: event.actor_name.clone(),
                answered_by_type: event.actor_type,
                answered_at: event.recorded_at,
                auto: event.actor_type == ActorType::System,
            });
            params.push(nullable(answer.map(|answer| serde_json::to_string(&answer)).transpose()?));
            Statement::new(include_str!("../sql/post_to_thread_view.sql"), params)
        }
        ThreadEvent::StateChanged(change) => {
            touch(&mut params);
            params.push(change.to.as_str().into());
            Statement::new(include_str!("../sql/move_thread_view.sql"), params)
        }
        ThreadEvent::Closed(_) => {
            touch(&mut params);
            params.push(ThreadState::Closed.as_str().into());
            Statement::new(include_str!("../sql/move_thread_view.sql"), params)
        }
    };
    Ok(vec![statement])
}

/// One thread, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    thread_id: &str,
) -> Result<Option<ThreadView>, StoreError> {
    let params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), thread_id.to_owned().into()];
    let row = reader.row(include_str!("../sql/read_thread_view.sql"), params)?;
    row.map(|row| view(row).map(|(view, _)| view)).transpose()
}

/// What a list shows: all that is given must match.
#[derive(Clone, Debug, Default)]
pub struct ThreadFilter {
    /// Ticket.
    pub ticket: Option<String>,
    /// Run.
    pub run_id: Option<String>,
    /// Session.
    pub session_id: Option<String>,
    /// Agent.
    pub agent_name: Option<String>,
    /// State.
    pub state: Option<ThreadState>,
    /// Priority.
    pub priority: Option<Priority>,
    /// Assignee.
    pub assignee: Option<String>,
    /// Kind.
    pub kind: Option<ThreadKind>,
}

/// A place in the list's order: everything after it comes on the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Rank of the priority, urgent 3 .. low 0.
    pub priority_rank: i64,
    /// Position of the thread's newest event.
    pub last_event_pos: i64,
}

impl Place {
    /// Before every row.
    pub const START: Self = Self { priority_rank: i64::MAX, last_event_pos: i64::MAX };
}

/// One page of threads of a project, or of a whole team: urgent first, then the newest event, after `after`.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    filter: &ThreadFilter,
    after: Place,
    limit: u32,
) -> Result<Vec<(ThreadView, Place)>, StoreError> {
    if let Some(project_id) = project_id {
        return list_project(reader, team_id, project_id, filter, after, limit);
    }
    // Each project's page comes from its index; together they hold the team's page.
    let mut rows = Vec::new();
    for project_id in projects_of(reader, team_id)? {
        rows.extend(list_project(reader, team_id, &project_id, filter, after, limit)?);
    }
    rows.sort_unstable_by_key(|(_, place)| std::cmp::Reverse(*place));
    rows.truncate(limit as usize);
    Ok(rows)
}

fn list_project(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: &str,
    filter: &ThreadFilter,
    after: Place,
    limit: u32,
) -> Result<Vec<(ThreadView, Place)>, StoreError> {
    let mut params = vec![
        team_id.to_owned().into(),
        project_id.to_owned().into(),
        nullable(filter.run_id.clone()),
        nullable(filter.session_id.clone()),
        nullable(filter.agent_name.clone()),
        nullable(filter.state.map(Word::as_str)),
        nullable(filter.priority.map(Word::as_str)),
        nullable(filter.assignee.clone()),
        nullable(filter.kind.map(Word::as_str)),
        after.priority_rank.into(),
        after.last_event_pos.into(),
        i64::from(limit).into(),
    ];
    let sql = match &filter.ticket {
        None => include_str!("../sql/list_thread_views.sql"),
        Some(ticket) => {
            params.push(ticket.clone().into());
            include_str!("../sql/list_thread_views_of_ticket.sql")
        }
    };
    reader.rows(sql, params)?.into_iter().map(view).collect()
}

fn view(row: Row) -> Result<(ThreadView, Place), StoreError> {
    let mut columns = row.columns();
    let (thread_id, kind, project_id) = (columns.text()?, columns.word()?, columns.text()?);
    let (ticket, run_id, session_id) = (columns.text()?, columns.optional_text()?, columns.optional_text()?);
    let (agent_name, title, state) = (columns.optional_text()?, columns.text()?, columns.word()?);
    let (priority, assignee, opened_by) = (columns.word()?, columns.optional_text()?, columns.text()?);
    let (opened_by_type, posts_count) = (columns.word()?, columns.integer()?);
    let (last_post_at, last_post_by) = (columns.time()?, columns.text()?);
    let (last_event_pos, last_actor_type, last_voice) = (columns.integer()?, columns.word()?, columns.optional_text()?);
    let view = ThreadView {
        thread_id,
        kind,
        project_id,
        ticket,
        run_id,
        session_id,
        agent_name,
        title,
        state,
        priority,
        assignee,
        opened_by,
        opened_by_type,
        posts_count,
        last_post_at,
        last_post_by,
        last_event_pos,
        last_actor_type,
        // No reader has marked anything as seen yet: marks come with the queues.
        is_unseen: true,
        is_unanswered: last_voice.as_deref() == Some(ActorType::Agent.as_str())
            && matches!(state, ThreadState::New | ThreadState::WaitingHuman | ThreadState::WaitingOperator),
        options: columns.json()?,
        default: columns.optional_text()?,
        deadline: columns.optional_time()?,
        guidance_status: columns.optional_text()?.and_then(|word| GuidanceStatus::parse(&word).ok()),
        answer: columns.optional_json()?,
        opened_at: columns.time()?,
        updated_at: columns.time()?,
        closed_at: columns.optional_time()?,
    };
    Ok((view, Place { priority_rank: columns.integer()?, last_event_pos }))
}
