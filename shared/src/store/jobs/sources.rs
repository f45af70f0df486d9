//! What jobs are about, read for the provider: never more than fits into memory or a prompt.

use super::JobRow;
use crate::clock::Time;
use crate::domain::job::JobPayload;
use crate::generation::{GenerationError, Known, Material, PullRequestFact, SessionFacts, SourceEvent};
use crate::store::statement::Value;
use crate::store::{Reader, StoreError};
use crate::value::{ErrorClass, JobKind, Scope};

/// Agent events of a session that a summary looks at: its newest.
const EVENTS_MAX: i64 = 2000;
/// Bytes of their payloads, likewise.
const EVENTS_BYTES_MAX: i64 = 8 << 20;
/// Observations of a session that a summary looks at: its newest.
const OBSERVATIONS_MAX: i64 = 200;
/// Pull requests of a session that a summary looks at: its newest.
const PULL_REQUESTS_MAX: i64 = 50;

/// What a job works on.
#[derive(Clone, Debug)]
pub enum Source {
    /// Something that observations are made of.
    Material(Box<Material>),
    /// Observations whose index entries are built again, or the error that stands in the way.
    Index(JobPayload),
    /// Nothing can come of it.
    Refused(GenerationError),
}

/// Whether a key still works.
///
/// # Errors
/// When the read fails.
pub fn key_works(reader: &mut Reader<'_>, team_id: &str, key_id: &str, now: Time) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM api_keys WHERE key_id = ?1 AND team_id = ?2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)";
    let params = vec![key_id.to_owned().into(), team_id.to_owned().into(), now.0.into()];
    Ok(reader.row(SQL, params)?.is_some())
}

/// What a claimed job works on, after everything that must hold before the provider may be asked: what it carries is
/// readable and names its own tenant, its key works, its source is there.
///
/// # Errors
/// When a read fails.
pub fn load(reader: &mut Reader<'_>, job: &JobRow, now: Time) -> Result<Source, StoreError> {
    let refused = |class, detail: &str| Ok(Source::Refused(GenerationError::new(class, detail)));
    let Ok(payload) = serde_json::from_str::<JobPayload>(&job.payload) else {
        return refused(ErrorClass::Unrecoverable, "what the job carries cannot be read");
    };
    if (payload.team_id.as_str(), payload.project_id.as_str()) != (&job.scope.team_id, &job.scope.project_id)
        || payload.generation_job_id != job.job_id
    {
        return refused(ErrorClass::Scope, "the job names another tenant than its row");
    }
    if let Some(key_id) = &job.key_id
        && !key_works(reader, &job.scope.team_id, key_id, now)?
    {
        return refused(ErrorClass::Revoked, "the key that caused the job works no more");
    }
    if job.kind == JobKind::Reindex {
        return Ok(Source::Index(payload));
    }
    let material = match job.kind {
        JobKind::Summary => summary(reader, &job.scope, &job.source_id)?,
        _ => of_events(reader, job, &payload)?,
    };
    material.map_or_else(
        || refused(ErrorClass::Unrecoverable, "what the job is about is not there"),
        |material| Ok(Source::Material(Box::new(material))),
    )
}

fn key(scope: &Scope, id: &str) -> Vec<Value> {
    vec![scope.team_id.clone().into(), scope.project_id.clone().into(), id.to_owned().into()]
}

fn of_events(reader: &mut Reader<'_>, job: &JobRow, payload: &JobPayload) -> Result<Option<Material>, StoreError> {
    let ids: Vec<&String> = payload.agent_event_id.iter().chain(&payload.agent_event_ids).collect();
    let params = key(&job.scope, &serde_json::to_string(&ids).unwrap_or_default());
    let events = events(reader, include_str!("../sql/list_agent_events_of_job.sql"), params)?;
    if events.is_empty() {
        return Ok(None);
    }
    let session = match &job.session_id {
        Some(session_id) => session(reader, &job.scope, session_id)?,
        None => None,
    };
    let (observations, pull_requests) = (Vec::new(), Vec::new());
    Ok(Some(Material { kind: job.kind, session, events, observations, pull_requests, truncated: false }))
}

fn summary(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Option<Material>, StoreError> {
    const EVENTS: &str = "SELECT count(*) FROM (SELECT 1 FROM agent_events WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 LIMIT ?4 + 0)";
    const PULL_REQUESTS: &str = "SELECT url, title, state, ci FROM pull_requests WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 ORDER BY id DESC LIMIT ?4 + 0";
    const OBSERVATIONS: &str = "SELECT kind, title, body FROM observations WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3 AND kind <> 'summary' ORDER BY id DESC LIMIT ?4 + 0";
    let Some(facts) = session(reader, scope, session_id)? else { return Ok(None) };
    let limited = |limit: i64| {
        let mut params = key(scope, session_id);
        params.push(limit.into());
        params
    };
    let mut params = limited(EVENTS_MAX);
    params.push(EVENTS_BYTES_MAX.into());
    let mut all = events(reader, include_str!("../sql/list_agent_events_of_session.sql"), params)?;
    let told = reader.row(EVENTS, limited(EVENTS_MAX + 1))?.map_or(Ok(0), |row| row.columns().integer())?;
    let truncated = usize::try_from(told).unwrap_or(usize::MAX) > all.len();
    // Read newest first, told oldest first.
    all.sort_by_key(|event| event.occurred_at);
    let mut observations = Vec::new();
    for row in reader.rows(OBSERVATIONS, limited(OBSERVATIONS_MAX))?.into_iter().rev() {
        let mut columns = row.columns();
        observations.push(Known { kind: columns.word()?, title: columns.text()?, body: columns.text()? });
    }
    let mut pull_requests = Vec::new();
    for row in reader.rows(PULL_REQUESTS, limited(PULL_REQUESTS_MAX))?.into_iter().rev() {
        let mut columns = row.columns();
        pull_requests.push(PullRequestFact {
            url: columns.text()?,
            title: columns.optional_text()?,
            state: columns.text()?,
            ci: columns.text()?,
        });
    }
    let session = Some(facts);
    Ok(Some(Material { kind: JobKind::Summary, session, events: all, observations, pull_requests, truncated }))
}

fn events(reader: &mut Reader<'_>, sql: &'static str, params: Vec<Value>) -> Result<Vec<SourceEvent>, StoreError> {
    let rows = reader.rows(sql, params)?.into_iter();
    let events = rows.map(|row| {
        let mut columns = row.columns();
        Ok(SourceEvent {
            agent_event_id: columns.text()?,
            event_type: columns.text()?,
            occurred_at: columns.time()?,
            payload: columns.json()?,
        })
    });
    events.collect()
}

fn session(reader: &mut Reader<'_>, scope: &Scope, session_id: &str) -> Result<Option<SessionFacts>, StoreError> {
    let Some(row) = reader.row(include_str!("../sql/read_session_facts.sql"), key(scope, session_id))? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(SessionFacts {
        session_id: columns.text()?,
        ticket: columns.optional_text()?,
        run_id: columns.optional_text()?,
        agent_name: columns.optional_text()?,
        branch: columns.optional_text()?,
        prompt: columns.optional_text()?,
        outcome: columns.optional_text()?,
        end_reason: columns.optional_text()?,
        started_at: columns.optional_time()?,
        ended_at: columns.optional_time()?,
    }))
}
