//! The start of a session: its number, the run it joins, and the session that is known already.

use super::{changed, read, session, tenant};
use crate::domain::session::{Session, SessionEvent};
use crate::store::aggregate::{Aggregate, Author, Change};
use crate::store::runs;
use crate::store::statement::{Guard, Statement};
use crate::store::{Row, StoreError};
use crate::value::{RunState, Scope};

/// The aggregate.
pub struct SessionStarts;

/// What the start of a session is decided on.
#[derive(Clone, Debug, Default)]
pub struct SessionStart {
    /// The session that is to be restored, or that the launcher's id names.
    pub known: Option<Session>,
    /// The project.
    pub project_id: String,
    /// The number of the next session.
    pub next: i64,
    /// The run's state and first ticket, if the start names a run that is there.
    pub run: Option<(RunState, String)>,
    /// Up to where the agent's earlier sessions in the run have read.
    pub inbox_pos: i64,
}

impl Aggregate for SessionStarts {
    type State = SessionStart;
    type Event = SessionEvent;

    fn reads(scope: &Scope, _id: &str, command_id: &str) -> Vec<Statement> {
        let mut params = tenant(scope);
        params.push(command_id.to_owned().into());
        vec![read(scope, &[], Some(command_id)), Statement::new(include_str!("../sql/read_session_start.sql"), params)]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<SessionStart, StoreError> {
        let mut rows = rows.into_iter();
        let known = rows.next().into_iter().flatten().next().map(session).transpose()?;
        let Some(row) = rows.next().into_iter().flatten().next() else {
            return Ok(SessionStart { known, ..SessionStart::default() });
        };
        let mut columns = row.columns();
        let (project_id, next) = (columns.text()?, columns.integer()?);
        let run = columns.optional_word()?.zip(columns.optional_text()?);
        Ok(SessionStart { known, project_id, next, run, inbox_pos: columns.integer()? })
    }

    fn change(author: &Author<'_>, id: &str, state: SessionStart, events: &[SessionEvent]) -> Change {
        let known = state.known.as_ref().map_or(id, |known| known.session_id.as_str());
        let mut change = changed(author, known, events);
        let Some(SessionEvent::Started(started)) = events.first() else { return change };
        let mut first = tenant(author.scope);
        first.push(state.next.into());
        let mut statements = vec![
            Statement::new(include_str!("../sql/use_session_number.sql"), first),
            Statement::changed_one_row(Guard::DecidedOn),
        ];
        if let (Some(run_id), Some(agent)) = (&started.place.run_id, &started.place.agent_name) {
            statements.push(runs::still_open(author.scope, run_id));
            let mut params = runs::key(author.scope, run_id);
            params.extend([agent.clone().into(), author.now.0.into()]);
            statements.push(Statement::new(include_str!("../sql/insert_run_agent.sql"), params));
        }
        statements.append(&mut change.statements);
        change.statements = statements;
        change
    }
}
