//! The one typed document of a run (SPEC RUN-15). Watching, operating and every text about a run come from it alone. What
//! is waited for and proved comes from the control state, what agents do from their sessions; the counts of threads come
//! from their view.

mod advice;
mod agents;
mod document;

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::domain::control::Control;
use crate::domain::reaction::ReactionLimits;
use crate::domain::run::health::HealthLimits;
use crate::domain::session::StatusLimits;
use crate::store::statement::nullable;
use crate::store::views::thread_views::{self, Viewer};
use crate::store::{Reader, StoreError, projections, runs};
use crate::value::{Scope, Word};

use agents::Member;
pub use document::{
    AgentSnapshot, Blocker, BlockerKind, Candidate, OpenGuidance, ProbeSnapshot, Snapshot, ThreadCounters, Waiting,
};

/// Escalation candidates shown at most.
const CANDIDATES: i64 = 100;

/// Which snapshot is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who looks.
    pub viewer: Option<Viewer>,
    /// The present.
    pub now: Time,
    /// A thread that was not touched since asks for attention.
    pub untouched: Time,
    /// What agents are judged by.
    pub limits: AgentLimits,
}

/// What the agents of a run are judged by.
#[derive(Clone, Copy, Debug)]
pub struct AgentLimits {
    /// Their sessions' statuses.
    pub status: StatusLimits,
    /// Their health.
    pub health: HealthLimits,
    /// What they are told.
    pub reactions: ReactionLimits,
}

/// The snapshot of `run`.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn snapshot(
    reader: &mut Reader<'_>,
    scope: &Scope,
    run_id: &str,
    wanted: &Wanted,
) -> Result<Option<Snapshot>, StoreError> {
    reader.snapshot(projections::POSITIONS, |reader| {
        let Some(run) = super::find(reader, &scope.team_id, Some(&scope.project_id), run_id)? else { return Ok(None) };
        let checkpoints = projections::all(reader)?;
        let views = [super::PROJECTION.name, thread_views::PROJECTION.name];
        let stands = checkpoints.iter().filter(|checkpoint| views.contains(&checkpoint.projection.as_str()));
        let as_of_pos = stands.map(|checkpoint| checkpoint.pos).min().unwrap_or(0);
        let standing = runs::standing(reader, scope, run_id)?;
        let heard = heard_of(reader, scope, run_id)?;
        let counters = counters(reader, scope, run_id, wanted)?;
        let escalation_candidates = candidates(reader, scope, run_id, wanted)?;
        let unresolved_guidance = unresolved(&standing.controls, wanted.now);
        let waiting = waiting(&unresolved_guidance);
        let members = agents::read(reader, scope, &standing, &heard, wanted)?;
        Ok(Some(Snapshot {
            as_of_pos,
            blockers: advice::blockers(&run, &standing.controls, &members),
            hints: advice::hints(&run, &standing, &unresolved_guidance, &members),
            gates: standing.gates(),
            run,
            unresolved_guidance,
            waiting,
            escalation_candidates,
            counters,
            unhealthy_agents: members.iter().filter_map(Member::unhealthy).collect(),
            agents: members.into_iter().map(|member| member.shown).collect(),
        }))
    })
}

fn heard_of(reader: &mut Reader<'_>, scope: &Scope, run_id: &str) -> Result<BTreeMap<String, Time>, StoreError> {
    let rows = reader.rows(include_str!("../../sql/list_run_snapshot_agents.sql"), runs::key(scope, run_id))?;
    let pairs = rows.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok((columns.text()?, columns.time()?))
    });
    pairs.collect()
}

fn counters(
    reader: &mut Reader<'_>,
    scope: &Scope,
    run_id: &str,
    wanted: &Wanted,
) -> Result<ThreadCounters, StoreError> {
    let viewer = wanted.viewer.as_ref();
    let mut params = runs::key(scope, run_id);
    params.push(nullable(viewer.map(|viewer| viewer.viewer_type.as_str())));
    params.push(nullable(viewer.map(|viewer| viewer.viewer_id.clone())));
    let row = reader.row(include_str!("../../sql/count_threads_of_run.sql"), params)?;
    let mut columns = row.ok_or_else(|| StoreError::Row("no counts".to_owned()))?.columns();
    Ok(ThreadCounters {
        open: columns.integer()?,
        unseen: columns.integer()?,
        unanswered: columns.integer()?,
        waiting_operator: columns.integer()?,
        waiting_human: columns.integer()?,
    })
}

fn candidates(
    reader: &mut Reader<'_>,
    scope: &Scope,
    run_id: &str,
    wanted: &Wanted,
) -> Result<Vec<Candidate>, StoreError> {
    let mut params = runs::key(scope, run_id);
    params.extend([wanted.untouched.0.into(), CANDIDATES.into()]);
    let rows = reader.rows(include_str!("../../sql/list_escalation_candidates.sql"), params)?;
    let candidates = rows.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok(Candidate {
            thread_id: columns.text()?,
            title: columns.text()?,
            state: columns.word()?,
            priority: columns.word()?,
            agent_name: columns.optional_text()?,
            untouched_seconds: wanted.now.since(columns.time()?).as_secs(),
        })
    });
    candidates.collect()
}

fn unresolved(controls: &[Control], now: Time) -> Vec<OpenGuidance> {
    let open = controls.iter().filter_map(|control| {
        let asked = control.open_guidance()?.clone();
        let waiting_seconds = now.since(asked.asked_at).as_secs();
        let (thread_id, agent_name) = (control.thread_id.clone(), control.agent_name.clone());
        Some(OpenGuidance { thread_id, agent_name, asked, waiting_seconds })
    });
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|open| open.asked.asked_at);
    open
}

fn waiting(open: &[OpenGuidance]) -> Waiting {
    let seconds = || open.iter().map(|open| open.waiting_seconds);
    Waiting {
        blocked_agents: open.len() as u64,
        blocked_agent_seconds: seconds().sum(),
        longest_seconds: seconds().max().unwrap_or(0),
    }
}
