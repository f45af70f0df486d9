//! What is worth remembering: storing what a job made.

mod read;

use super::jobs::JobRow;
use super::statement::{Statement, nullable};
use crate::clock::Time;
use crate::generation::Draft;
use crate::id::{Ids, Kind, fingerprint};
use crate::value::{Scope, Word};

pub use read::*;

/// The statements that store what a job made. What it made before, under the same id, is there once.
#[must_use]
pub fn insert(job: &JobRow, drafts: &[Draft], times: impl Fn(&[String]) -> Time, ids: &Ids) -> Vec<Statement> {
    let mut statements = Vec::with_capacity(drafts.len() * 2);
    for (index, draft) in drafts.iter().enumerate() {
        let Draft { kind, title, body, sources } = draft;
        let content = [kind.as_str(), title.as_str(), body.as_str()];
        let content = fingerprint(&content.map(str::as_bytes));
        let place = index.to_string();
        let key = fingerprint(&[job.job_id.as_bytes(), place.as_bytes(), content.as_bytes()]);
        let id = ids.next(Kind::Observation);
        let (team_id, project_id) = (job.scope.team_id.clone(), job.scope.project_id.clone());
        let observation = vec![
            team_id.clone().into(),
            project_id.clone().into(),
            id.clone().into(),
            key.into(),
            job.job_id.clone().into(),
            nullable(job.session_id.clone()),
            kind.as_str().into(),
            title.clone().into(),
            body.clone().into(),
            times(sources).0.into(),
        ];
        statements.push(Statement::new(include_str!("sql/insert_observation.sql"), observation));
        if !sources.is_empty() {
            let of = serde_json::to_string(sources).unwrap_or_default();
            let params = vec![team_id.into(), project_id.into(), id.into(), of.into()];
            statements.push(Statement::new(include_str!("sql/insert_observation_sources.sql"), params));
        }
    }
    statements
}

/// The statement that says in the log that an observation's index entry was built again.
#[must_use]
pub fn reindexed(scope: &Scope, observation_id: &str) -> Statement {
    let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), observation_id.to_owned().into()];
    Statement::new(include_str!("sql/insert_reindexed_note.sql"), params)
}
