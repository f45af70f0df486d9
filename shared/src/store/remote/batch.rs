//! A group of commits as one conditional batch, and what its results mean for each of them. Pure: the server is not asked.
//!
//! `BEGIN IMMEDIATE`; for each commit a savepoint, its statements, each on the condition that the one before went well, and a
//! release, or a rollback to the savepoint; `COMMIT`, or `ROLLBACK`.

use libsql_hrana::proto::{Batch, BatchCond, BatchCondList, BatchResult, BatchStep, Error, Stmt};

use super::{plain, values};
use crate::store::error::{CommitError, Failure, StoreError};
use crate::store::outbox::own;
use crate::store::statement::{Commit, Guard, Statement};
use crate::store::writer::Receipt;

/// That a commit's own outbox rows are claimed with it, for whoever publishes them right after: a deployed function.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Claims {
    /// How long the rows belong to the claimer, in milliseconds.
    pub(in crate::store) lease: i64,
    /// Most rows per commit.
    pub(in crate::store) limit: u32,
}

/// Where the parts of a group stand in its batch.
pub(super) struct Plan {
    pub(super) batch: Batch,
    members: Vec<Member>,
    head: Option<usize>,
    commit: usize,
}

/// One commit's place.
struct Member {
    /// Index of its savepoint; its statements follow.
    savepoint: usize,
    guards: Vec<Guard>,
    /// How many of its statements are its own; those behind them claim.
    own: usize,
}

/// What became of a group.
pub(super) struct Outcome {
    /// One per commit.
    pub(super) results: Vec<Result<Receipt, CommitError>>,
    /// What each commit's claiming statements gave, in the order of [`own::statements`].
    pub(super) claimed: Vec<own::Claimed>,
    /// The log's head, if it was asked for.
    pub(super) head: Option<i64>,
}

/// Why a group was not applied.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nothing was done; trying again may help.
    Busy,
    /// For all of its commits.
    Failed(StoreError),
}

#[derive(Default)]
struct Steps(Vec<BatchStep>);

impl Steps {
    fn push(&mut self, stmt: Stmt, condition: Option<BatchCond>) -> usize {
        self.0.push(BatchStep { condition, stmt });
        self.0.len() - 1
    }
}

fn ok(step: usize) -> BatchCond {
    BatchCond::Ok { step: u32::try_from(step).unwrap_or(u32::MAX) }
}

fn not(cond: BatchCond) -> BatchCond {
    BatchCond::Not { cond: Box::new(cond) }
}

fn and(conds: Vec<BatchCond>) -> BatchCond {
    BatchCond::And(BatchCondList { conds })
}

/// Within the transaction that step 0 began: after an error that made the database give it up, nothing may run outside it.
fn inside() -> BatchCond {
    and(vec![ok(0), not(BatchCond::IsAutocommit {})])
}

/// The batch of a group. A commit whose values cannot be sent fails alone.
pub(super) fn plan(commits: Vec<Commit>, claims: Option<Claims>) -> (Plan, Vec<Option<StoreError>>) {
    let mut steps = Steps::default();
    steps.push(plain("BEGIN IMMEDIATE"), None);
    let rings = commits.iter().any(|commit| commit.rings);
    let (mut members, mut unsendable) = (Vec::new(), Vec::new());
    for commit in commits {
        let own = commit.statements.len();
        let mut statements = commit.statements;
        if let (Some(claims), true) = (claims, commit.rings) {
            statements.extend(own::statements(claims.lease, claims.limit));
        }
        let guards = statements.iter().map(|statement| statement.guard).collect();
        match member(&mut steps, statements) {
            Ok(savepoint) => {
                members.push(Member { savepoint, guards, own });
                unsendable.push(None);
            }
            Err(error) => unsendable.push(Some(error)),
        }
    }
    let head = rings.then(|| steps.push(Stmt::new("SELECT coalesce(max(pos), 0) FROM events", true), Some(inside())));
    let commit = steps.push(plain("COMMIT"), Some(inside()));
    steps.push(plain("ROLLBACK"), Some(inside()));
    (Plan { batch: Batch { steps: steps.0, replication_index: None }, members, head, commit }, unsendable)
}

fn member(steps: &mut Steps, statements: Vec<Statement>) -> Result<usize, StoreError> {
    let statements: Vec<Stmt> = statements
        .into_iter()
        .map(|Statement { sql, params, .. }| values::statement(sql, params, true))
        .collect::<Result<_, _>>()?;
    let savepoint = steps.push(plain("SAVEPOINT member"), Some(inside()));
    let mut last = savepoint;
    for statement in statements {
        last = steps.push(statement, Some(ok(last)));
    }
    let release = steps.push(plain("RELEASE member"), Some(ok(last)));
    let undo = steps.push(plain("ROLLBACK TO member"), Some(and(vec![ok(savepoint), not(ok(release)), inside()])));
    steps.push(plain("RELEASE member"), Some(ok(undo)));
    Ok(savepoint)
}

impl Plan {
    /// Reads the batch's results.
    pub(super) fn read(&self, mut result: BatchResult) -> Result<Outcome, Refusal> {
        let error = |index: usize| result.step_errors.get(index).and_then(Option::as_ref);
        if let Some(begin) = error(0) {
            return Err(refusal(begin));
        }
        if result.step_results.get(self.commit).is_none_or(Option::is_none) {
            // A failed COMMIT was rolled back, by the database or by the step behind it; one that was not reached was
            // preceded by an error that gave up the transaction.
            let cause = error(self.commit).or_else(|| result.step_errors.iter().flatten().next());
            return Err(match cause.map(refusal) {
                Some(refusal) => refusal,
                None => Refusal::Failed(StoreError::UnknownOutcome("the server answered with half a batch".to_owned())),
            });
        }
        let mut outcome = Outcome { results: Vec::new(), claimed: Vec::new(), head: None };
        for member in &self.members {
            let (first, count) = (member.savepoint + 1, member.guards.len());
            let failed = (0..count).find_map(|index| Some((index, result.step_errors.get(first + index)?.as_ref()?)));
            if let Some((index, error)) = failed {
                outcome.results.push(Err(refused(index, member.guards[index], error)));
                continue;
            }
            let (mut receipt, mut claimed) = (Receipt::default(), Vec::new());
            let mut damaged = None;
            for index in 0..count {
                let step = result.step_results.get_mut(first + index).and_then(Option::take);
                match step.map_or_else(|| Ok(Vec::new()), values::rows) {
                    Ok(rows) if index >= member.own => claimed.push(rows),
                    Ok(rows) if rows.is_empty() => {}
                    Ok(rows) => receipt.rows.push((index, rows)),
                    Err(error) => damaged = Some(error),
                }
            }
            outcome.results.push(damaged.map_or(Ok(receipt), |error| Err(error.into())));
            if let Ok(rows) = <[_; own::STATEMENTS]>::try_from(claimed) {
                outcome.claimed.push(own::Claimed(rows));
            }
        }
        if let Some(step) = self.head {
            let rows = result.step_results.get_mut(step).and_then(Option::take).map(values::rows);
            outcome.head = rows.and_then(Result::ok).and_then(|rows| rows.into_iter().next()?.columns().integer().ok());
        }
        Ok(outcome)
    }
}

fn refused(index: usize, guard: Guard, error: &Error) -> CommitError {
    match Failure::of_code(&error.code) {
        Failure::Constraint if guard != Guard::Unguarded => CommitError::Guard(guard),
        Failure::Busy => StoreError::Busy.into(),
        Failure::Full => StoreError::Full.into(),
        Failure::Interrupted => StoreError::Interrupted.into(),
        Failure::Constraint | Failure::Other => StoreError::Statement { index, message: error.message.clone() }.into(),
    }
}

fn refusal(error: &Error) -> Refusal {
    match Failure::of_code(&error.code) {
        Failure::Busy => Refusal::Busy,
        Failure::Full => Refusal::Failed(StoreError::Full),
        _ => Refusal::Failed(StoreError::Statement { index: 0, message: error.message.clone() }),
    }
}
