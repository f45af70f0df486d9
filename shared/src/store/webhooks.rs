//! What webhooks of a project are signed with.

use super::statement::Statement;
use super::{Reader, StoreError};
use crate::value::Scope;

/// How many projects have a secret of their own, in all teams.
///
/// # Errors
/// When the read fails.
pub fn count(reader: &mut Reader<'_>) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM webhook_secrets";
    let row = reader.row(SQL, Vec::new())?.ok_or_else(|| StoreError::Row("no count".to_owned()))?;
    Ok(row.columns().integer()?)
}

/// The tenant that a project is, and its own secret if it has one; `None` for a project that is unknown or archived.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn secret(reader: &mut Reader<'_>, project_id: &str) -> Result<Option<(Scope, Option<String>)>, StoreError> {
    const SQL: &str = "SELECT p.team_id, w.secret FROM projects AS p
        LEFT JOIN webhook_secrets AS w ON w.team_id = p.team_id AND w.project_id = p.project_id
        WHERE p.project_id = ?1 AND p.archived_at IS NULL";
    let row = reader.row(SQL, vec![project_id.to_owned().into()])?;
    let found = row.map(|row| {
        let mut columns = row.columns();
        let scope = Scope { team_id: columns.text()?, project_id: project_id.to_owned() };
        Ok((scope, columns.optional_text()?))
    });
    found.transpose()
}

/// The statement that makes this the project's secret, in place of the one before.
#[must_use]
pub fn store_secret(scope: &Scope, secret: &str) -> Statement {
    const SQL: &str = "INSERT INTO webhook_secrets (team_id, project_id, secret, created_at)
        SELECT ?1, ?2, ?3, c.now FROM commit_context AS c WHERE true
        ON CONFLICT (team_id, project_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at";
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), secret.to_owned().into()];
    Statement::new(SQL, params)
}
