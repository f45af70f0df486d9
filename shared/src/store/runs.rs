//! The command side's runs: loading what a decision needs, storing what it decided.

use super::aggregate::{Aggregate, Author, Change};
use super::events::NewEvent;
use super::statement::{Guard, Statement, Value, nullable};
use super::{Reader, Row, StoreError, controls, threads};
use crate::domain::run::{Run, RunStanding, RunStateChanged};
use crate::domain::thread::{Closed, Thread, ThreadEvent};
use crate::id::Kind;
use crate::message::command::run_stream;
use crate::message::event::types;
use crate::value::{Actor, RunState, Scope, Word};

/// Runs, as their commands see them.
pub struct Runs;

/// What a decision about a run looks at, and what its close ends.
#[derive(Clone, Debug, Default)]
pub struct RunAndThreads {
    /// The run and what its agents signalled.
    pub standing: RunStanding,
    /// Its control threads that are open.
    threads: Vec<Thread>,
}

pub(super) fn key(scope: &Scope, run_id: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), run_id.to_owned().into()]
}

/// Fails unless the run is there and not closed.
pub(super) fn still_open(scope: &Scope, run_id: &str) -> Statement {
    const SQL: &str = "INSERT INTO guard (holds) SELECT count(*) FROM runs WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3 AND state <> ?4";
    let mut params = key(scope, run_id);
    params.push(RunState::Closed.as_str().into());
    Statement::new(SQL, params).guarded(Guard::DecidedOn)
}

/// A run, what its agents signalled, and whose session failed.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn standing(reader: &mut Reader<'_>, scope: &Scope, run_id: &str) -> Result<RunStanding, StoreError> {
    let run = reader.row(include_str!("sql/read_run.sql"), key(scope, run_id))?.map(run).transpose()?;
    let controls = controls::of_run(reader, scope, run_id)?;
    let failed_agents = names(reader.rows(include_str!("sql/list_failed_agents.sql"), key(scope, run_id))?)?;
    Ok(RunStanding { run, controls, failed_agents })
}

/// The statements that fail if, since the run was read, an agent has joined it, or the session of another has failed or of
/// one that failed was opened again.
fn agents_unchanged(scope: &Scope, run_id: &str, standing: &RunStanding) -> [Statement; 2] {
    const JOINED: &str = "INSERT INTO guard (holds) SELECT count(*) = ?4 FROM run_agents WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3";
    const FAILED: &str = concat!(
        "INSERT INTO guard (holds) SELECT count(*) = ?4 FROM (",
        include_str!("sql/list_failed_agents.sql"),
        ")"
    );
    let agents = standing.run.as_ref().map_or(0, |run| run.agents.len());
    let seen = |sql, count: usize| {
        let mut params = key(scope, run_id);
        params.push(i64::try_from(count).unwrap_or(i64::MAX).into());
        Statement::new(sql, params).guarded(Guard::DecidedOn)
    };
    [seen(JOINED, agents), seen(FAILED, standing.failed_agents.len())]
}

fn names(rows: Vec<Row>) -> Result<Vec<String>, StoreError> {
    rows.into_iter().map(|row| Ok(row.columns().text()?)).collect()
}

impl Aggregate for Runs {
    type State = RunAndThreads;
    type Event = RunStateChanged;

    fn reads(scope: &Scope, id: &str, _command_id: &str) -> Vec<Statement> {
        vec![
            Statement::new(include_str!("sql/read_run.sql"), key(scope, id)),
            controls::read(scope, id),
            Statement::new(include_str!("sql/list_failed_agents.sql"), key(scope, id)),
            Statement::new(include_str!("sql/read_control_threads_of_run.sql"), key(scope, id)),
        ]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<RunAndThreads, StoreError> {
        let mut rows = rows.into_iter();
        let mut next = || rows.next().unwrap_or_default();
        let run = next().into_iter().next().map(run).transpose()?;
        let standing = RunStanding { run, controls: controls::controls(next())?, failed_agents: names(next())? };
        let threads = next().into_iter().map(threads::thread).collect::<Result<_, _>>()?;
        Ok(RunAndThreads { standing, threads })
    }

    fn change(author: &Author<'_>, id: &str, state: RunAndThreads, events: &[RunStateChanged]) -> Change {
        let mut change = Change::default();
        if events.is_empty() {
            return change;
        }
        let RunAndThreads { standing, threads } = state;
        let begins = standing.run.is_none();
        change.statements.push(controls::unchanged(author.scope, id, &standing.controls));
        // Nobody joins a run that is not there.
        if !begins {
            change.statements.extend(agents_unchanged(author.scope, id, &standing));
        }
        let mut current = standing.run;
        let mut appends = Vec::new();
        let mut cause = None;
        for event in events {
            let next = match current.take() {
                None => Run::begin(id.to_owned(), event, author.actor, author.now),
                Some(mut run) => {
                    run.apply(event, author.now);
                    run
                }
            };
            let first = author.first_event_id.filter(|_| appends.is_empty());
            let event_id = first.map_or_else(|| author.ids.next(Kind::Event), str::to_owned);
            let append = new_event(author.scope, &next, event, event_id, cause.take());
            cause = Some(append.event_id.clone());
            change.appended.push(append.event_type);
            appends.push(append.append());
            current = Some(next);
        }
        let Some(run) = current else { return change };
        if events.iter().any(RunStateChanged::begins_anew) {
            let anew = include_str!("sql/update_controls_of_next_attempt.sql");
            change.statements.push(Statement::new(anew, key(author.scope, id)));
        }
        let (agents, closed) = (begins.then(|| join(author, &run)), run.state == RunState::Closed);
        change.statements.push(store(author.scope, run));
        change.statements.extend(agents);
        change.statements.extend(appends);
        for thread in threads.into_iter().filter(|_| closed) {
            let id = thread.thread_id.clone();
            let end = ThreadEvent::Closed(Closed { from: thread.state, reason: Some("the run closed".to_owned()) });
            change.add(threads::change(&author.for_another(), Some(thread), &id, &[end]));
        }
        change
    }
}

/// A run from a row of `read_run.sql`.
fn run(row: Row) -> Result<Run, StoreError> {
    let mut columns = row.columns();
    Ok(Run {
        run_id: columns.text()?,
        title: columns.text()?,
        tickets: columns.json()?,
        mode: columns.word()?,
        state: columns.word()?,
        brief: columns.optional_json()?,
        agents: columns.json()?,
        started_by: Actor { actor_type: columns.word()?, actor_name: columns.text()? },
        created_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.integer()?,
    })
}

fn new_event(scope: &Scope, run: &Run, event: &RunStateChanged, event_id: String, cause: Option<String>) -> NewEvent {
    NewEvent {
        event_id,
        event_type: types::RUN_STATE_CHANGED,
        stream: run_stream(&run.run_id),
        version: Some(run.version),
        scope: scope.clone(),
        ticket: run.tickets.first().cloned(),
        run_id: Some(run.run_id.clone()),
        thread_id: None,
        session_id: None,
        agent_name: None,
        causation_id: cause,
        payload: serde_json::to_string(event).unwrap_or_default(),
    }
}

/// The agents that a run starts with.
fn join(author: &Author<'_>, run: &Run) -> Statement {
    let mut params = key(author.scope, &run.run_id);
    params.extend([serde_json::to_string(&run.agents).unwrap_or_default().into(), author.now.0.into()]);
    Statement::new(include_str!("sql/insert_run_agents.sql"), params)
}

fn store(scope: &Scope, run: Run) -> Statement {
    let mut params = key(scope, &run.run_id);
    params.extend([
        run.title.into(),
        serde_json::to_string(&run.tickets).unwrap_or_default().into(),
        run.mode.as_str().into(),
        run.state.as_str().into(),
        nullable(run.brief.map(|brief| serde_json::to_string(&brief).unwrap_or_default())),
        run.started_by.actor_name.into(),
        run.started_by.actor_type.as_str().into(),
        run.created_at.0.into(),
        run.updated_at.0.into(),
        run.version.into(),
    ]);
    Statement::new(include_str!("sql/upsert_run.sql"), params)
}
