//! Control threads, as a signal sees them: the thread if there is one, the run it belongs to, and the earlier request that
//! the signal names.

use super::{change, key, thread};
use crate::domain::thread::{EarlierRequest, Thread, ThreadEvent};
use crate::store::aggregate::{Aggregate, Author, Change};
use crate::store::connection::Row;
use crate::store::statement::{Statement, nullable};
use crate::store::{Reader, StoreError, runs};
use crate::value::{RunState, Scope};

/// The aggregate.
pub struct Signals;

/// What a signal is decided on.
#[derive(Clone, Debug, Default)]
pub struct SignalState {
    /// The control thread, once there is one.
    pub thread: Option<Thread>,
    /// The run's state and first ticket, if there is such a run.
    pub run: Option<(RunState, String)>,
    /// The earlier request that the signal names by its key or its id.
    pub earlier: Option<EarlierRequest>,
}

impl Aggregate for Signals {
    type State = SignalState;
    type Event = ThreadEvent;

    fn reads(scope: &Scope, id: &str, command_id: &str) -> Vec<Statement> {
        let with_command = |mut params: Vec<_>| {
            params.push(command_id.to_owned().into());
            params
        };
        let tenant = vec![scope.team_id.clone().into(), scope.project_id.clone().into()];
        vec![
            Statement::new(include_str!("../sql/read_thread.sql"), key(scope, id)),
            Statement::new(include_str!("../sql/read_run_of_signal.sql"), with_command(tenant)),
            Statement::new(include_str!("../sql/find_guidance_request.sql"), with_command(key(scope, id))),
        ]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<SignalState, StoreError> {
        let mut rows = rows.into_iter().map(|rows| rows.into_iter().next());
        let mut next = || rows.next().flatten();
        let thread = next().map(thread).transpose()?;
        let run = next().map(|row| {
            let mut columns = row.columns();
            Ok::<_, StoreError>((columns.word()?, columns.text()?))
        });
        Ok(SignalState { thread, run: run.transpose()?, earlier: next().map(request).transpose()? })
    }

    fn change(author: &Author<'_>, id: &str, state: SignalState, events: &[ThreadEvent]) -> Change {
        let run_id = state.thread.as_ref().and_then(|thread| thread.run_id.clone()).or_else(|| {
            events.iter().find_map(|event| match event {
                ThreadEvent::Opened(opened) => opened.place.run_id.clone(),
                _ => None,
            })
        });
        let mut change = change(author, state.thread, id, events);
        if !events.is_empty() {
            change.statements.insert(0, runs::still_open(author.scope, run_id.as_deref().unwrap_or_default()));
        }
        change
    }
}

fn request(row: Row) -> Result<EarlierRequest, StoreError> {
    let mut columns = row.columns();
    Ok(EarlierRequest {
        request_id: columns.text()?,
        client_key: columns.optional_text()?,
        status: columns.word()?,
        answer: columns.optional_json()?,
    })
}

/// A guidance request of a control thread: by the agent's own key of it, or by its id; without either the latest.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find_request(
    reader: &mut Reader<'_>,
    scope: &Scope,
    thread_id: &str,
    client_key: Option<&str>,
    request_id: Option<&str>,
) -> Result<Option<EarlierRequest>, StoreError> {
    let mut params = key(scope, thread_id);
    params.extend([client_key, request_id].map(|name| nullable(name.map(str::to_owned))));
    reader.row(include_str!("../sql/read_guidance_request.sql"), params)?.map(request).transpose()
}
