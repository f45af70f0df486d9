//! The agents of a run as its snapshot shows them: what each signalled, what its newest session in the run does, and what
//! it has not been told.

use std::collections::BTreeMap;

use super::{AgentLimits, AgentSnapshot, ProbeSnapshot, Wanted};
use crate::clock::Time;
use crate::domain::run::RunStanding;
use crate::domain::run::health;
use crate::domain::session::Session;
use crate::store::sessions::{self, SessionRow};
use crate::store::{Reader, StoreError, operator, reactions};
use crate::value::{PrState, Scope};

/// An agent of a run.
pub(super) struct Member {
    /// As it is shown.
    pub(super) shown: AgentSnapshot,
    /// Its newest session, if it has one.
    pub(super) session: Option<Session>,
}

impl Member {
    /// Its name, if somebody should look after it.
    pub(super) fn unhealthy(&self) -> Option<String> {
        self.shown.health.is_unhealthy().then(|| self.shown.name.clone())
    }
}

/// The agents of a run, by name; `heard` is when each last said something.
///
/// # Errors
/// When a read fails or a row is damaged.
pub(super) fn read(
    reader: &mut Reader<'_>,
    scope: &Scope,
    standing: &RunStanding,
    heard: &BTreeMap<String, Time>,
    wanted: &Wanted,
) -> Result<Vec<Member>, StoreError> {
    let Some(run) = &standing.run else { return Ok(Vec::new()) };
    let AgentLimits { status, health: limits, .. } = wanted.limits;
    let mut newest: BTreeMap<String, SessionRow> = BTreeMap::new();
    // The newest comes first.
    for row in sessions::of_run(reader, scope, &run.run_id, (status, wanted.now))? {
        if let Some(agent) = row.session.place.agent_name.clone() {
            newest.entry(agent).or_insert(row);
        }
    }
    let remindable = newest.values().filter(|row| is_remindable(row)).map(|row| row.session.session_id.as_str());
    let mut reminded = operator::reminded(reader, scope, &remindable.collect::<Vec<_>>())?;
    let mut members = Vec::new();
    for name in &run.agents {
        let row = newest.remove(name);
        let undelivered_comments = match &row {
            Some(row) => has_undelivered_comments(reader, scope, row, wanted)?,
            None => false,
        };
        let control = standing.control(name);
        let (session, prs) = row.map_or((None, Vec::new()), |row| (Some(row.session), row.prs));
        let heard = heard.get(name).copied();
        let (open, over): (Vec<_>, Vec<_>) = prs.iter().partition(|pr| pr.state.0.is_open());
        let drafts = open.iter().filter(|pr| pr.state.0 == PrState::Draft);
        let shown = AgentSnapshot {
            name: name.clone(),
            session_id: session.as_ref().map(|session| session.session_id.clone()),
            status: health::status(session.as_ref()),
            health: health::health(session.as_ref(), heard, limits, wanted.now),
            completion: control.is_some_and(|control| control.completion_pos.is_some()),
            validation: control.and_then(|control| control.validation.as_ref()).map(|validated| validated.status),
            guidance: control.and_then(|control| control.guidance.as_ref()).map(|asked| asked.status),
            last_activity_at: health::last_activity(session.as_ref(), heard),
            draft_prs: drafts.map(|pr| pr.url.clone()).collect(),
            prs: open.into_iter().chain(over).map(|pr| pr.url.clone()).collect(),
            workspace_dirty: session.as_ref().and_then(|session| session.place.workspace_dirty),
            undelivered_comments,
            reminded_of: session.as_ref().and_then(|one| reminded.remove(&one.session_id)).unwrap_or_default(),
            probe: session.as_ref().and_then(|session| session.probe).map(|probed| ProbeSnapshot {
                runtime: probed.runtime,
                process: probed.process,
                at: probed.at,
            }),
        };
        members.push(Member { shown, session });
    }
    Ok(members)
}

/// Whether there may be something that the operator reminds its agent of.
fn is_remindable(row: &SessionRow) -> bool {
    row.session.place.workspace_dirty == Some(true) || row.prs.iter().any(|pr| pr.state.0 == PrState::Draft)
}

/// Whether there are review comments that its agent was not told of. What was told is read only where there are comments.
fn has_undelivered_comments(
    reader: &mut Reader<'_>,
    scope: &Scope,
    row: &SessionRow,
    wanted: &Wanted,
) -> Result<bool, StoreError> {
    if !row.prs.iter().any(|pr| pr.state.0.is_open() && pr.unresolved.0 > 0) {
        return Ok(false);
    }
    let situation = reactions::situation(reader, scope, &row.session.session_id)?;
    Ok(situation.is_some_and(|situation| situation.has_undelivered_comments(wanted.limits.reactions)))
}
