//! Reading runs as lists show them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::message::command::Brief;
use crate::store::connection::Row;
use crate::store::statement::{Value, nullable};
use crate::store::tenants::projects_of;
use crate::store::{Reader, StoreError};
use crate::value::{ActorType, RunMode, RunState, Word};

/// A run as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Identity.
    pub run_id: String,
    /// Project.
    pub project_id: String,
    /// Title.
    pub title: String,
    /// What it works on.
    pub tickets: Vec<String>,
    /// What closing it takes.
    pub mode: RunMode,
    /// Where it stands.
    pub state: RunState,
    /// Why it stands there, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Time,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
    /// Who works on it.
    pub agents: Vec<String>,
    /// Who started it.
    pub started_by: String,
    /// What kind of actor started it.
    pub started_by_type: ActorType,
    /// When it was started, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When anything last happened in it, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// Position of that event.
    pub last_event_pos: i64,
}

/// What a list shows: all that is given must match.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// One of these states; all when empty.
    pub states: Vec<RunState>,
    /// One of its tickets.
    pub ticket: Option<String>,
}

/// One run, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    run_id: &str,
) -> Result<Option<RunView>, StoreError> {
    let params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), run_id.to_owned().into()];
    let row = reader.row(include_str!("../../sql/read_run_snapshot.sql"), params)?;
    row.map(|row| view(row).map(|(view, _)| view)).transpose()
}

/// One page of the runs of a project, or of a whole team, newest first: those that started before position `before`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    filter: &RunFilter,
    (before, limit): (i64, u32),
) -> Result<Vec<(RunView, i64)>, StoreError> {
    let projects = match project_id {
        Some(project_id) => vec![project_id.to_owned()],
        None => projects_of(reader, team_id)?,
    };
    // Each page comes from an index; together they hold the wanted one.
    let mut runs = Vec::new();
    for project_id in projects {
        let params: Vec<Value> = vec![
            team_id.to_owned().into(),
            project_id.into(),
            nullable(filter.ticket.clone()),
            before.into(),
            i64::from(limit).into(),
        ];
        let mut pages = Vec::new();
        if filter.states.is_empty() {
            pages.push((include_str!("../../sql/list_run_snapshots.sql"), params));
        } else {
            for state in &filter.states {
                let mut params = params.clone();
                params.push(state.as_str().into());
                pages.push((include_str!("../../sql/list_run_snapshots_of_state.sql"), params));
            }
        }
        for (sql, params) in pages {
            for row in reader.rows(sql, params)? {
                runs.push(view(row)?);
            }
        }
    }
    runs.sort_unstable_by_key(|(_, started)| std::cmp::Reverse(*started));
    runs.truncate(limit as usize);
    Ok(runs)
}

fn view(row: Row) -> Result<(RunView, i64), StoreError> {
    let mut columns = row.columns();
    let view = RunView {
        run_id: columns.text()?,
        project_id: columns.text()?,
        title: columns.text()?,
        tickets: columns.json()?,
        mode: columns.word()?,
        state: columns.word()?,
        reason: columns.optional_text()?,
        state_since: columns.time()?,
        brief: columns.optional_json()?,
        agents: columns.json()?,
        started_by: columns.text()?,
        started_by_type: columns.word()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        last_event_pos: columns.integer()?,
    };
    Ok((view, columns.integer()?))
}
