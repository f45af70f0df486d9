//! Reading threads as people and agents see them: one, a list, a queue.

use super::ThreadView;
use crate::store::connection::Row;
use crate::store::statement::{Value, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, StoreError};
use crate::value::{ActorType, Priority, ThreadKind, ThreadState, ViewerType, Word};

/// Who looks: what they have seen decides what is unseen. Without a viewer everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Kind of viewer.
    pub viewer_type: ViewerType,
    /// Their name.
    pub viewer_id: String,
}

fn viewer_params(viewer: Option<&Viewer>) -> [Value; 2] {
    [
        nullable(viewer.map(|viewer| viewer.viewer_type.as_str())),
        nullable(viewer.map(|viewer| viewer.viewer_id.clone())),
    ]
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
    viewer: Option<&Viewer>,
) -> Result<Option<ThreadView>, StoreError> {
    let mut params =
        vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), thread_id.to_owned().into()];
    params.extend(viewer_params(viewer));
    let row = reader.row(include_str!("../../sql/read_thread_view.sql"), params)?;
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

impl ThreadFilter {
    /// What every list's statement is given first: tenant, filters, viewer.
    fn params(&self, team_id: &str, project_id: &str, viewer: Option<&Viewer>) -> Vec<Value> {
        let mut params = vec![
            team_id.to_owned().into(),
            project_id.to_owned().into(),
            nullable(self.run_id.clone()),
            nullable(self.session_id.clone()),
            nullable(self.agent_name.clone()),
            nullable(self.state.map(Word::as_str)),
            nullable(self.priority.map(Word::as_str)),
            nullable(self.assignee.clone()),
            nullable(self.kind.map(Word::as_str)),
            nullable(self.ticket.clone()),
        ];
        params.extend(viewer_params(viewer));
        params
    }
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

/// Which threads a page is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// All of them.
    All,
    /// Those with something that the viewer has not seen.
    Unseen,
    /// Those that wait and in which an agent had the last word.
    Unanswered,
}

/// One page of threads of a project, or of a whole team: urgent first, then the newest event, after `after`.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    queue: Queue,
    filter: &ThreadFilter,
    viewer: Option<&Viewer>,
    (after, limit): (Place, u32),
) -> Result<Vec<(ThreadView, Place)>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    let sql = match (queue, &filter.ticket) {
        (Queue::All, None) => include_str!("../../sql/list_thread_views.sql"),
        (Queue::All, Some(_)) => include_str!("../../sql/list_thread_views_of_ticket.sql"),
        (Queue::Unseen, _) => include_str!("../../sql/list_unseen_thread_views.sql"),
        (Queue::Unanswered, _) => include_str!("../../sql/list_unanswered_thread_views.sql"),
    };
    // Each project's page comes from its index; together they hold the team's page.
    let mut rows = Vec::new();
    for project_id in projects {
        let mut params = filter.params(team_id, &project_id, viewer);
        params.extend([after.priority_rank.into(), after.last_event_pos.into(), i64::from(limit).into()]);
        for row in reader.rows(sql, params)? {
            rows.push(view(row)?);
        }
    }
    rows.sort_unstable_by_key(|(_, place)| std::cmp::Reverse(*place));
    rows.truncate(limit as usize);
    Ok(rows)
}

/// Those of the wanted threads of a project that match, in the order in which they are wanted.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn by_id(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, &str),
    filter: &ThreadFilter,
    viewer: Option<&Viewer>,
    wanted: &[&str],
) -> Result<Vec<ThreadView>, StoreError> {
    let mut params = filter.params(team_id, project_id, viewer);
    params.push(serde_json::to_string(wanted).unwrap_or_default().into());
    let rows = reader.rows(include_str!("../../sql/list_thread_views_by_id.sql"), params)?;
    rows.into_iter().map(|row| view(row).map(|(view, _)| view)).collect()
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
    let mut view = ThreadView {
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
        is_unseen: true,
        is_unanswered: last_voice.as_deref() == Some(ActorType::Agent.as_str())
            && matches!(state, ThreadState::New | ThreadState::WaitingHuman | ThreadState::WaitingOperator),
        options: columns.json()?,
        default: columns.optional_text()?,
        deadline: columns.optional_time()?,
        guidance_status: columns.optional_word()?,
        answer: columns.optional_json()?,
        opened_at: columns.time()?,
        updated_at: columns.time()?,
        closed_at: columns.optional_time()?,
    };
    let priority_rank = columns.integer()?;
    view.is_unseen = last_event_pos > columns.integer()?;
    Ok((view, Place { priority_rank, last_event_pos }))
}
