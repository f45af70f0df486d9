//! `view_thread_stats`: how many threads there are by ticket, run, state and priority.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::thread::ThreadEvent;
use crate::message::event::LogEvent;
use crate::store::projections::{Projection, ViewTable};
use crate::store::statement::{Statement, Value, nullable};
use crate::store::{Reader, StoreError};
use crate::value::{Priority, ThreadState, Word};

/// The projection.
pub static PROJECTION: Projection = Projection {
    name: "thread-stats",
    apply,
    tables: &[
        ViewTable {
            name: "view_thread_stats",
            key: &["team_id", "project_id", "ticket", "run_id", "state", "priority"],
            page: include_str!("../sql/list_generation_of_thread_stats.sql"),
            delete: include_str!("../sql/delete_thread_stats.sql"),
        },
        ViewTable {
            name: "view_thread_stats_threads",
            key: &["team_id", "project_id", "thread_id"],
            page: include_str!("../sql/list_generation_of_counted_threads.sql"),
            delete: include_str!("../sql/delete_counted_threads.sql"),
        },
    ],
    indexes: &[],
};

/// How many threads of one kind there are (SPEC FORUM-22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThreadCount {
    /// Project.
    pub project_id: String,
    /// Ticket.
    pub ticket: String,
    /// Run; absent for threads outside of runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// State.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// Number of threads, at least 1.
    pub count: i64,
}

fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(change) = ThreadEvent::read(&event.event_type, event.payload.get())? else { return Ok(Vec::new()) };
    let Some(thread_id) = event.thread_id.clone() else { return Ok(Vec::new()) };
    let key = || -> Vec<Value> {
        vec![generation.into(), event.team_id.clone().into(), event.project_id.clone().into(), thread_id.clone().into()]
    };
    let count = || Statement::new(include_str!("../sql/count_thread.sql"), key());
    let (state, priority) = match change {
        ThreadEvent::Opened(opened) => {
            let mut params = key();
            params.extend([
                event.ticket.clone().unwrap_or_default().into(),
                event.run_id.clone().unwrap_or_default().into(),
                opened.state.as_str().into(),
                opened.priority.as_str().into(),
            ]);
            return Ok(vec![Statement::new(include_str!("../sql/insert_counted_thread.sql"), params), count()]);
        }
        ThreadEvent::StateChanged(change) => (Some(change.to), None),
        ThreadEvent::Closed(_) => (Some(ThreadState::Closed), None),
        ThreadEvent::PriorityChanged(change) => (None, Some(change.to)),
        ThreadEvent::Signalled(signal) => match signal.moves_to() {
            Some(state) => (Some(state), None),
            None => return Ok(Vec::new()),
        },
        ThreadEvent::PostAdded(_) | ThreadEvent::Assigned(_) | ThreadEvent::Escalated(_) => return Ok(Vec::new()),
    };
    let mut moved = key();
    moved.extend([nullable(state.map(Word::as_str)), nullable(priority.map(Word::as_str))]);
    Ok(vec![
        Statement::new(include_str!("../sql/release_counted_thread.sql"), key()),
        Statement::new(include_str!("../sql/move_counted_thread.sql"), moved),
        count(),
    ])
}

/// The counts of a project, or of a whole team.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    ticket: Option<&str>,
    run_id: Option<&str>,
) -> Result<Vec<ThreadCount>, StoreError> {
    let text = |value: Option<&str>| nullable(value.map(str::to_owned));
    let params = vec![team_id.to_owned().into(), text(project_id), text(ticket), text(run_id)];
    let mut counts = Vec::new();
    for row in reader.rows(include_str!("../sql/list_thread_stats.sql"), params)? {
        let mut columns = row.columns();
        counts.push(ThreadCount {
            project_id: columns.text()?,
            ticket: columns.text()?,
            run_id: Some(columns.text()?).filter(|run| !run.is_empty()),
            state: columns.word()?,
            priority: columns.word()?,
            count: columns.integer()?,
        });
    }
    Ok(counts)
}
