//! What is said to the agent of a session on its control thread, decided on the session as it stands in that very commit.

use serde_json::json;

use super::{change, key, thread};
use crate::domain::session::Session;
use crate::domain::thread::{Thread, ThreadEvent};
use crate::store::aggregate::{Aggregate, Author, Change, Noted, NudgeResult};
use crate::store::connection::Row;
use crate::store::statement::{Guard, Statement, nullable};
use crate::store::{StoreError, runs, sessions};
use crate::value::{RunState, Scope};

/// The aggregate.
pub struct Nudges;

/// What is looked at before something is said.
#[derive(Clone, Debug, Default)]
pub struct NudgeState {
    /// The control thread, once there is one.
    pub thread: Option<Thread>,
    /// The session.
    pub session: Option<Session>,
    /// What of it was said before: subjects and what they cover.
    pub told: Vec<String>,
    /// Whether the session's run is closed.
    pub run_is_closed: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Nudged {
    /// It is said.
    Said(Box<Said>),
    /// The agent could not heed it. It does not count as said, and is said when it can. With the reason of the nudge.
    Held(&'static str),
    /// All of it was said before.
    Repeated(&'static str),
}

/// What is said.
#[derive(Clone, Debug)]
pub struct Said {
    /// What happens to the thread.
    pub events: Vec<ThreadEvent>,
    /// The session it was decided on.
    pub session: Session,
    /// What it counts as: none for a person's message.
    pub counts: Option<Counted>,
}

/// What a nudge counts as.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Why.
    pub key: &'static str,
    /// About what.
    pub subject: String,
    /// What it tells of.
    pub covers: Vec<String>,
    /// When a person is to be told if it lasts.
    pub escalate_at: Option<crate::clock::Time>,
}

impl Aggregate for Nudges {
    type State = NudgeState;
    type Event = Nudged;

    fn reads(scope: &Scope, id: &str, command_id: &str) -> Vec<Statement> {
        let command = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), command_id.to_owned().into()];
        vec![
            Statement::new(include_str!("../sql/read_thread.sql"), key(scope, id)),
            sessions::read(scope, &[], Some(command_id)),
            Statement::new(include_str!("../sql/read_told_subjects.sql"), command.clone()),
            Statement::new(include_str!("../sql/read_run_of_nudge.sql"), command),
        ]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<NudgeState, StoreError> {
        let mut rows = rows.into_iter();
        let mut next = || rows.next().unwrap_or_default().into_iter();
        let thread = next().next().map(thread).transpose()?;
        let session = next().next().map(sessions::session).transpose()?;
        let told = next().map(|row| Ok(row.columns().text()?)).collect::<Result<_, StoreError>>()?;
        let run: Option<RunState> = next().next().map(|row| row.columns().word()).transpose()?;
        Ok(NudgeState { thread, session, told, run_is_closed: run == Some(RunState::Closed) })
    }

    fn change(author: &Author<'_>, id: &str, state: NudgeState, events: &[Nudged]) -> Change {
        let noted = |key, result| Change { outcomes: vec![Noted::Nudged(key, result)], ..Change::default() };
        let said = match events.first() {
            None => return Change::default(),
            Some(Nudged::Held(key)) => return noted(key, NudgeResult::Held),
            Some(Nudged::Repeated(key)) => return noted(key, NudgeResult::Repeated),
            Some(Nudged::Said(said)) => said,
        };
        let mut told = change(author, state.thread, id, &said.events);
        told.statements.insert(0, unchanged(author.scope, &said.session));
        if let Some(run_id) = &said.session.place.run_id {
            told.statements.insert(0, runs::still_open(author.scope, run_id));
        }
        if let Some(counts) = &said.counts {
            told.outcomes.push(Noted::Nudged(counts.key, NudgeResult::Sent));
            told.statements.push(remember(author, &said.session.session_id, counts));
        }
        told
    }
}

/// Fails if the session has changed since it was read.
fn unchanged(scope: &Scope, session: &Session) -> Statement {
    const SQL: &str = "INSERT INTO guard (holds) SELECT count(*) FROM sessions WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 AND version = ?4";
    let mut params = key(scope, &session.session_id);
    params.push(session.version.into());
    Statement::new(SQL, params).guarded(Guard::DecidedOn)
}

fn remember(author: &Author<'_>, session_id: &str, counts: &Counted) -> Statement {
    let subjects: Vec<&String> = std::iter::once(&counts.subject).chain(&counts.covers).collect();
    let mut params = key(author.scope, session_id);
    params.extend([
        counts.key.to_owned().into(),
        json!(subjects).to_string().into(),
        author.now.0.into(),
        nullable(counts.escalate_at.map(|at| at.0)),
    ]);
    Statement::new(include_str!("../sql/upsert_reactions.sql"), params)
}
