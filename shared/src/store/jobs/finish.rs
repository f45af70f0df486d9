//! What a lane's work comes to, each in one commit: done with its observations, failed, or put back untried. Every statement
//! checks the fence: a worker that lost its job changes nothing.

use std::time::Duration;

use super::JobRow;
use crate::clock::Time;
use crate::domain::job::Fate;
use crate::generation::{GenerationError, Usage};
use crate::store::dead_letters::DeadLetter;
use crate::store::statement::{Guard, Statement, Value, nullable};
use crate::value::Word;

fn key(job: &JobRow) -> Vec<Value> {
    vec![
        job.scope.team_id.clone().into(),
        job.scope.project_id.clone().into(),
        job.job_id.clone().into(),
        job.fence.into(),
    ]
}

/// The statements that end a job whose work is `made` by other statements before them: its key still works
/// ([`Guard::DecidedOn`]) and it is still the one that was claimed ([`Guard::RowUnchanged`]).
#[must_use]
pub fn complete(job: &JobRow, made: Vec<Statement>, observations: usize, usage: &Usage) -> Vec<Statement> {
    let count = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let mut params = key(job);
    params.extend([
        i64::try_from(observations).unwrap_or(i64::MAX).into(),
        usage.provider.to_owned().into(),
        nullable(usage.model.clone()),
        count(usage.input_tokens),
        count(usage.output_tokens),
        count(usage.cost_microdollars),
    ]);
    let mut statements = Vec::with_capacity(made.len() + 3);
    if let Some(key_id) = &job.key_id {
        let params = vec![key_id.clone().into(), job.scope.team_id.clone().into()];
        let works = Statement::new(include_str!("../sql/write_guard_of_key.sql"), params);
        statements.push(works.guarded(Guard::DecidedOn));
    }
    statements.extend(made);
    statements.push(Statement::new(include_str!("../sql/finish_job.sql"), params));
    statements.push(Statement::changed_one_row(Guard::RowUnchanged));
    statements
}

/// The statements that end a failed attempt, and the job with it if it is given up: then with its dead letter.
#[must_use]
pub fn fail(job: &JobRow, error: &GenerationError, fate: Fate, letter: Option<DeadLetter>) -> Vec<Statement> {
    let again = match fate {
        Fate::Again(at) => Some(at.0),
        Fate::Failed => None,
    };
    let mut params = key(job);
    params.extend([nullable(again), error.class.as_str().into(), error.detail.clone().into()]);
    let mut statements = vec![
        Statement::new(include_str!("../sql/update_job_failed.sql"), params),
        Statement::changed_one_row(Guard::RowUnchanged),
    ];
    statements.extend(letter.map(DeadLetter::insert));
    statements
}

/// The statements that hold a claimed job longer, guarded on its being held.
#[must_use]
pub fn still_held(job: &JobRow, lease: Duration) -> [Statement; 2] {
    const SQL: &str = "UPDATE jobs SET locked_until = (SELECT now FROM commit_context) + ?5 WHERE team_id = ?1 AND project_id = ?2 AND job_id = ?3 AND fence = ?4 AND status = 'processing'";
    let mut params = key(job);
    params.push(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).into());
    [Statement::new(SQL, params), Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statements that put a job back that was claimed and not tried; it waits until this time.
#[must_use]
pub fn put_back(job: &JobRow, until: Time) -> Vec<Statement> {
    let mut params = key(job);
    params.push(until.0.into());
    vec![
        Statement::new(include_str!("../sql/release_job.sql"), params),
        Statement::changed_one_row(Guard::RowUnchanged),
    ]
}
