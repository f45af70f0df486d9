//! Sessions: loading what a decision needs, storing what it decided. Their events are written by the database.

mod coalescing;
pub mod inbox;
mod list;
pub mod silent;
mod starts;
mod view;

use serde_json::json;

use super::aggregate::{Aggregate, Author, Change};
use super::commands::AppliedTo;
use super::jobs::NewJob;
use super::statement::{Guard, Statement, Value, nullable};
use super::{Reader, Row, StoreError};
use crate::domain::job::JobPayload;
use crate::domain::session::{Detecting, Probed, Session, SessionEvent, SessionPlace};
use crate::value::{Actor, JobKind, Scope, SessionState, Word};

pub use coalescing::{last_report, news};
pub use list::{SessionFilter, SessionRow, find, list, newest_of, of_branch, of_run, unknown};
pub use starts::{SessionStart, SessionStarts};
pub use view::{DetectingView, ProbeView, SessionPr, SessionView};

/// Sessions, as reports about them see them.
pub struct Sessions;

impl Aggregate for Sessions {
    type State = Option<Session>;
    type Event = SessionEvent;

    fn reads(scope: &Scope, id: &str, _command_id: &str) -> Vec<Statement> {
        vec![read(scope, &[id], None)]
    }

    fn state(rows: Vec<Vec<Row>>) -> Result<Option<Session>, StoreError> {
        rows.into_iter().flatten().next().map(session).transpose()
    }

    fn change(author: &Author<'_>, id: &str, _state: Option<Session>, events: &[SessionEvent]) -> Change {
        changed(author, id, events)
    }
}

/// What events of a session that is there lead to.
fn changed(author: &Author<'_>, id: &str, events: &[SessionEvent]) -> Change {
    let mut change = Change::default();
    let ignored = events.iter().any(|event| matches!(event, SessionEvent::Ignored));
    let session_id = match events.first() {
        Some(SessionEvent::Started(session) | SessionEvent::Changed(session)) => session.session_id.clone(),
        _ => id.to_owned(),
    };
    let created = matches!(events.first(), Some(SessionEvent::Started(_)));
    change.applied_to = Some(AppliedTo::Session { session_id, created, ignored });
    for event in events {
        if let SessionEvent::Started(session) | SessionEvent::Changed(session) = event {
            change.statements.extend(store(author, session));
            if session.state == SessionState::Done {
                change.statements.push(summed_up(author, session));
            }
        }
    }
    change
}

/// The statement that queues the job which sums up a session that ended well; there is one for good (SPEC SESSION-19).
fn summed_up(author: &Author<'_>, session: &Session) -> Statement {
    let payload = JobPayload { session_id: Some(session.session_id.clone()), ..JobPayload::default() };
    let job = NewJob {
        scope: author.scope,
        kind: JobKind::Summary,
        source_type: "session",
        source_id: &session.session_id,
        session_id: Some(session.session_id.clone()),
        payload,
        enabled: author.generates,
        origin: author.origin,
    };
    job.insert()
}

/// The statement that reads sessions by their ids, and those that a command names.
pub(super) fn read(scope: &Scope, ids: &[&str], command_id: Option<&str>) -> Statement {
    let mut params = tenant(scope);
    params.extend([json!(ids).to_string().into(), nullable(command_id.map(str::to_owned))]);
    Statement::new(include_str!("sql/read_sessions.sql"), params)
}

fn tenant(scope: &Scope) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into()]
}

/// One session as it is stored.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn get(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Option<Session>, StoreError> {
    let Statement { sql, params, .. } = read(scope, &[session_id], None);
    reader.row(sql, params)?.map(session).transpose()
}

/// A session from a row of `read_sessions.sql`.
pub(super) fn session(row: Row) -> Result<Session, StoreError> {
    let mut columns = row.columns();
    let id = columns.integer()?;
    let _project = columns.text()?;
    let session_id = columns.text()?;
    let place = SessionPlace {
        ticket: columns.optional_text()?,
        run_id: columns.optional_text()?,
        agent_name: columns.optional_text()?,
        kind: columns.word()?,
        harness: columns.optional_text()?,
        external_session_id: columns.optional_text()?,
        prompt: columns.optional_text()?,
        repository: columns.optional_text()?,
        branch: columns.optional_text()?,
        workspace_path: columns.optional_text()?,
        workspace_dirty: columns.optional_integer()?.map(|dirty| dirty != 0),
        runtime_name: columns.optional_text()?,
        runtime_handle_id: columns.optional_text()?,
        agent_session_id: columns.optional_text()?,
        launch_id: columns.optional_text()?,
    };
    let started_by = Actor { actor_type: columns.word()?, actor_name: columns.text()? };
    let (state, state_since) = (columns.word()?, columns.time()?);
    let (termination_reason, end_reason) = (columns.optional_word()?, columns.optional_text()?);
    let is_alive = columns.integer()? != 0;
    let (activity, activity_at) = (columns.optional_word()?, columns.optional_time()?);
    let (activity_source, activity_command) = (columns.optional_text()?, columns.optional_text()?);
    let progress_at = columns.time()?;
    let (attempts, since, hash) = (columns.optional_integer()?, columns.optional_time()?, columns.optional_text()?);
    let detecting = match (attempts, since, hash) {
        (Some(attempts), Some(since), Some(evidence_hash)) => {
            Some(Detecting { attempts: u32::try_from(attempts).unwrap_or(u32::MAX), since, evidence_hash })
        }
        _ => None,
    };
    let (runtime, process, at) = (columns.optional_word()?, columns.optional_word()?, columns.optional_time()?);
    let probe = match (runtime, process, at) {
        (Some(runtime), Some(process), Some(at)) => Some(Probed { runtime, process, at }),
        _ => None,
    };
    Ok(Session {
        session_id,
        id,
        place,
        started_by,
        state,
        state_since,
        termination_reason,
        end_reason,
        is_alive,
        activity,
        activity_at,
        activity_source,
        activity_command,
        progress_at,
        detecting,
        probe,
        launched_at: columns.time()?,
        inbox_pos: columns.integer()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        version: columns.integer()?,
    })
}

/// The statements that store a session, if it is still the version that was read.
pub(super) fn store(author: &Author<'_>, session: &Session) -> [Statement; 2] {
    let place = session.place.clone();
    let repository_key = place.repository_key();
    let detecting = session.detecting.as_ref();
    let mut params = tenant(author.scope);
    params.extend([
        session.session_id.clone().into(),
        nullable(place.ticket),
        nullable(place.run_id),
        nullable(place.agent_name),
        place.kind.as_str().into(),
        nullable(place.harness),
        nullable(place.external_session_id),
        nullable(place.prompt),
        nullable(place.repository),
        nullable(repository_key),
        nullable(place.branch),
        nullable(place.workspace_path),
        nullable(place.workspace_dirty.map(i64::from)),
        nullable(place.runtime_name),
        nullable(place.runtime_handle_id),
        nullable(place.agent_session_id),
        nullable(place.launch_id),
        session.started_by.actor_name.clone().into(),
        session.started_by.actor_type.as_str().into(),
        session.state.as_str().into(),
        session.state_since.0.into(),
        nullable(session.termination_reason.map(Word::as_str)),
        nullable(session.end_reason.clone()),
        i64::from(session.is_alive).into(),
        nullable(session.activity.map(Word::as_str)),
        nullable(session.activity_at.map(|at| at.0)),
        nullable(session.activity_source.clone()),
        nullable(session.activity_command.clone()),
        session.progress_at.0.into(),
        nullable(detecting.map(|detecting| i64::from(detecting.attempts))),
        nullable(detecting.map(|detecting| detecting.since.0)),
        nullable(detecting.map(|detecting| detecting.evidence_hash.clone())),
        nullable(session.probe.map(|probe| probe.runtime.as_str())),
        nullable(session.probe.map(|probe| probe.process.as_str())),
        nullable(session.probe.map(|probe| probe.at.0)),
        session.launched_at.0.into(),
        session.version.into(),
        session.inbox_pos.into(),
        session.created_at.0.into(),
        author.now.0.into(),
    ]);
    let upsert = Statement::new(include_str!("sql/upsert_session.sql"), params);
    [upsert, Statement::changed_one_row(Guard::DecidedOn)]
}
