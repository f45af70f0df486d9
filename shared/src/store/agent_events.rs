//! What agents said that they did: storing a batch with the job that it causes, in one commit.

mod read;

use serde_json::json;

use super::aggregate::{Aggregate, Author, Change};
use super::jobs::NewJob;
use super::statement::{Statement, nullable};
use super::{Row, StoreError};
use crate::domain::job::JobPayload;
use crate::id::Kind;
use crate::message::command::{IngestAgentEvents, NewAgentEvent};
use crate::value::{JobKind, Scope};

pub use read::*;

/// Batches of agent events.
pub struct Batches;

/// What a batch is decided on: the sessions it names that are not there.
#[derive(Clone, Debug, Default)]
pub struct BatchState {
    /// Their ids.
    pub unknown_sessions: Vec<String>,
}

impl Aggregate for Batches {
    type State = BatchState;
    /// The events to be stored, unless they are known already.
    type Event = IngestAgentEvents;

    fn reads(scope: &Scope, _id: &str, command_id: &str) -> Vec<Statement> {
        let params = vec![scope.team_id.clone().into(), scope.project_id.clone().into(), command_id.to_owned().into()];
        vec![Statement::new(include_str!("sql/find_unknown_sessions.sql"), params)]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<BatchState, StoreError> {
        let rows = rows.into_iter().flatten();
        let unknown_sessions = rows.map(|row| Ok::<_, StoreError>(row.columns().text()?)).collect::<Result<_, _>>()?;
        Ok(BatchState { unknown_sessions })
    }

    fn change(author: &Author<'_>, id: &str, _state: BatchState, events: &[IngestAgentEvents]) -> Change {
        let mut change = Change::default();
        for batch in events {
            change.statements.extend(store(author, id, batch));
        }
        change
    }
}

/// The statements that store a batch: its events as far as they are new, and one job for those.
fn store(author: &Author<'_>, batch_id: &str, batch: &IngestAgentEvents) -> Vec<Statement> {
    let scope = author.scope;
    let ids: Vec<_> = batch.events.iter().map(|_| author.ids.next(Kind::AgentEvent)).collect();
    let (kind, source_type, source_id) = match ids.first() {
        Some(only) if batch.alone => (JobKind::Event, "agent_event", only.as_str()),
        _ => (JobKind::EventBatch, "agent_event_batch", batch_id),
    };
    let sessions: &[String] = &batch.sessions;
    let payload = JobPayload {
        agent_event_id: ids.first().filter(|_| batch.alone).cloned(),
        session_id: sessions.first().filter(|_| sessions.len() == 1).cloned(),
        ..JobPayload::default()
    };
    let job = NewJob {
        scope,
        kind,
        source_type,
        source_id,
        session_id: payload.session_id.clone(),
        payload,
        enabled: author.generates,
        origin: author.origin,
    };
    let job_id = batch.generate.then(|| job.job_id());
    let keys = batch.keys(scope);
    let events = batch.events.iter().zip(&ids).zip(keys);
    let mut statements: Vec<_> =
        events.map(|((event, id), key)| insert(author, event, (id, batch_id), key, job_id.as_deref())).collect();
    if batch.generate {
        statements.push(job.insert_for_new(&json!(ids).to_string()));
    }
    statements
}

fn insert(
    author: &Author<'_>,
    event: &NewAgentEvent,
    (id, batch_id): (&str, &str),
    key: String,
    job_id: Option<&str>,
) -> Statement {
    let params = vec![
        author.scope.team_id.clone().into(),
        author.scope.project_id.clone().into(),
        id.to_owned().into(),
        batch_id.to_owned().into(),
        key.into(),
        nullable(event.source_adapter.clone()),
        nullable(event.source_event_id.clone()),
        nullable(event.session_id.clone()),
        event.event_type.clone().into(),
        event.occurred_at.0.into(),
        event.payload.to_string().into(),
        nullable(job_id.map(str::to_owned)),
    ];
    Statement::new(include_str!("sql/insert_agent_event.sql"), params)
}
