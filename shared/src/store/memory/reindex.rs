//! Building index entries of observations again, from the observations themselves.

use crate::store::statement::{Statement, Value};
use crate::store::{Reader, StoreError};
use crate::value::Scope;

/// Whose entries are built again.
#[derive(Clone, Copy, Debug)]
pub enum Reindexed<'a> {
    /// That of one observation.
    Observation(&'a str),
    /// Those of a session.
    Session(&'a str),
    /// Those of the whole project.
    Project,
}

/// Up to `limit` of these observations behind row `after`, in the order of their rows: row and identity.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn observations_of(
    reader: &mut Reader<'_>,
    scope: &Scope,
    what: Reindexed<'_>,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, String)>, StoreError> {
    const ONE: &str = "SELECT id, observation_id FROM observations WHERE team_id = ?1 AND project_id = ?2 AND observation_id = ?3 AND id > ?4 LIMIT ?5 + 0";
    const OF_SESSION: &str = "SELECT id, observation_id FROM observations WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 AND id > ?4 ORDER BY id LIMIT ?5 + 0";
    // Slice after slice along the rows: an index would have each slice sort all that the project has.
    const ALL: &str = "SELECT id, observation_id FROM observations NOT INDEXED WHERE team_id = ?1 AND project_id = ?2 AND id > ?3 ORDER BY id LIMIT ?4 + 0";
    let mut params = tenant(scope);
    let sql = match what {
        Reindexed::Observation(id) => {
            params.push(id.to_owned().into());
            ONE
        }
        Reindexed::Session(id) => {
            params.push(id.to_owned().into());
            OF_SESSION
        }
        Reindexed::Project => ALL,
    };
    params.extend([after.into(), i64::from(limit).into()]);
    let rows = reader.rows(sql, params)?.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok((columns.integer()?, columns.text()?))
    });
    rows.collect()
}

/// The statements that build the entries of these rows again, whether they are there or not.
#[must_use]
pub fn reindex(scope: &Scope, ids: &[i64]) -> Vec<Statement> {
    let mut params = tenant(scope);
    params.push(serde_json::to_string(ids).unwrap_or_default().into());
    vec![
        Statement::new(include_str!("../sql/delete_observation_words.sql"), params.clone()),
        Statement::new(include_str!("../sql/insert_observation_words.sql"), params),
    ]
}

fn tenant(scope: &Scope) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into()]
}
