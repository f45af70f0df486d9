//! Teams, projects, and the audit trail of what was written directly.

use super::statement::{Statement, nullable};
use super::{Reader, StoreError};
use crate::value::Scope;

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

/// One entry of the audit trail; actor and time come from the commit's context.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// Team.
    pub team_id: &'a str,
    /// Project, if one is concerned.
    pub project_id: Option<&'a str>,
    /// Credential.
    pub key_id: Option<&'a str>,
    /// What was done.
    pub action: &'static str,
    /// To what.
    pub subject: &'a str,
    /// On whose request.
    pub request_id: &'a str,
    /// `ok` or a code.
    pub outcome: &'a str,
    /// Why, where that is asked for.
    pub reason: Option<&'a str>,
}

impl AuditEntry<'_> {
    /// The statement that stores it.
    #[must_use]
    pub fn insert(&self) -> Statement {
        let params = vec![
            self.team_id.to_owned().into(),
            nullable(self.project_id.map(str::to_owned)),
            nullable(self.key_id.map(str::to_owned)),
            self.action.to_owned().into(),
            self.subject.to_owned().into(),
            self.request_id.to_owned().into(),
            self.outcome.to_owned().into(),
            nullable(self.reason.map(str::to_owned)),
        ];
        Statement::new(include_str!("sql/insert_audit.sql"), params)
    }
}
