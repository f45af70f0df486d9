//! Teams and their projects.

use serde::Serialize;
use utoipa::ToSchema;

use super::statement::{Guard, Statement, Value, nullable};
use super::{Reader, Row, StoreError};
use crate::clock::Time;
use crate::value::Scope;

/// How many projects may share one name without being told apart by the one who makes them.
const NAMESAKES: usize = 999;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Project {
    /// Its slug, unique in the whole database.
    pub project_id: String,
    /// Team it belongs to.
    pub team_id: String,
    /// What it is called.
    pub name: String,
    /// When it was made, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was archived, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Time>,
}

/// The statements that make a team and its project unless they are there.
#[must_use]
pub fn ensure(scope: &Scope) -> [Statement; 2] {
    let team = Statement::new(
        "INSERT INTO teams (team_id, created_at) SELECT ?1, c.now FROM commit_context AS c WHERE true ON CONFLICT DO NOTHING",
        vec![scope.team_id.clone().into()],
    );
    let project = Statement::new(
        include_str!("sql/ensure_project.sql"),
        vec![scope.project_id.clone().into(), scope.team_id.clone().into()],
    );
    [team, project]
}

/// The statement that makes a project of a team that is there; it fails with [`Guard::DecidedOn`] where the id is taken,
/// by whichever team.
#[must_use]
pub fn insert(scope: &Scope, name: &str) -> Statement {
    const SQL: &str = "INSERT INTO projects (project_id, team_id, name, created_at)
        SELECT ?2, ?1, ?3, c.now FROM commit_context AS c";
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), name.to_owned().into()];
    Statement::new(SQL, params).guarded(Guard::DecidedOn)
}

/// The first of `wanted`, `wanted-2`, `wanted-3`.. that no project of any team has; `None` when there are too many.
///
/// # Errors
/// When the read fails.
pub fn free_id(reader: &mut Reader<'_>, wanted: &str) -> Result<Option<String>, StoreError> {
    // Of the signs of an id only the dash stands before the dot: this is the id itself and whatever continues it so.
    const SQL: &str = "SELECT project_id FROM projects WHERE project_id >= ?1 AND project_id < ?1 || '.'";
    let rows = reader.rows(SQL, vec![wanted.to_owned().into()])?;
    let taken = rows.into_iter().map(|row| Ok(row.columns().text()?)).collect::<Result<Vec<_>, StoreError>>()?;
    let named = |n| if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
    Ok((1..=NAMESAKES).map(named).find(|id| !taken.contains(id)))
}

/// The statements that archive a project, guarded on there being one to archive.
#[must_use]
pub fn archive(scope: &Scope) -> [Statement; 2] {
    const SQL: &str = "UPDATE projects SET archived_at = (SELECT now FROM commit_context)
        WHERE team_id = ?1 AND project_id = ?2 AND archived_at IS NULL";
    [Statement::new(SQL, tenant(scope)), Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statement that reads whether a project is archived.
#[must_use]
pub fn read_archival(scope: &Scope) -> Statement {
    const SQL: &str = "SELECT archived_at IS NOT NULL FROM projects WHERE team_id = ?1 AND project_id = ?2";
    Statement::new(SQL, tenant(scope))
}

/// Whether a project is archived, from the rows of [`read_archival`].
///
/// # Errors
/// When the row is damaged.
pub fn is_archived(rows: Vec<Row>) -> Result<bool, StoreError> {
    rows.into_iter().next().map_or(Ok(false), |row| Ok(row.columns().integer()? != 0))
}

/// Fails with [`Guard::DecidedOn`] once the project is archived.
#[must_use]
pub fn still_open(scope: &Scope) -> Statement {
    const SQL: &str = "INSERT INTO guard (holds)
        SELECT archived_at IS NULL FROM projects WHERE team_id = ?1 AND project_id = ?2";
    Statement::new(SQL, tenant(scope)).guarded(Guard::DecidedOn)
}

fn tenant(scope: &Scope) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into()]
}

/// Up to `limit` projects of a team, or its one project, by their ids after `after`; archived ones only if asked for.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    archived: bool,
    (after, limit): (&str, u32),
) -> Result<Vec<Project>, StoreError> {
    let params = vec![
        team_id.to_owned().into(),
        nullable(project_id.map(str::to_owned)),
        i64::from(archived).into(),
        after.to_owned().into(),
        i64::from(limit).into(),
    ];
    reader.rows(include_str!("sql/list_projects.sql"), params)?.into_iter().map(project).collect()
}

/// A project of a team by its id, archived or not.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(reader: &mut Reader<'_>, scope: &Scope) -> Result<Option<Project>, StoreError> {
    let one = list(reader, (&scope.team_id, Some(&scope.project_id)), true, ("", 1))?;
    Ok(one.into_iter().next())
}

fn project(row: Row) -> Result<Project, StoreError> {
    let mut columns = row.columns();
    Ok(Project {
        project_id: columns.text()?,
        team_id: columns.text()?,
        name: columns.text()?,
        created_at: columns.time()?,
        archived_at: columns.optional_time()?,
    })
}

/// The team that owns a project; `None` when there is no such project.
///
/// # Errors
/// When the read fails.
pub fn team_of(reader: &mut Reader<'_>, project_id: &str) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT team_id FROM projects WHERE project_id = ?1";
    reader.row(SQL, vec![project_id.to_owned().into()])?.map(|row| Ok(row.columns().text()?)).transpose()
}

/// The projects of a team.
///
/// # Errors
/// When the read fails.
pub fn projects_of(reader: &mut Reader<'_>, team_id: &str) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT project_id FROM projects WHERE team_id = ?1 ORDER BY project_id";
    let rows = reader.rows(SQL, vec![team_id.to_owned().into()])?;
    rows.into_iter().map(|row| Ok(row.columns().text()?)).collect()
}
