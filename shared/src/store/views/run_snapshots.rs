//! `view_run_snapshots`: one row per run, as lists show it, and when its agents were last heard of. A snapshot puts the
//! control state and the sessions beside it, which no view has.

mod read;
mod snapshot;

use std::collections::BTreeSet;

use crate::domain::run::RunStateChanged;
use crate::message::event::{LogEvent, types};
use crate::store::projections::{Projection, ViewTable};
use crate::store::statement::{Statement, Value, nullable};
use crate::value::{ActorType, Word};

pub use read::{RunFilter, RunView, find, list};
pub use snapshot::{
    AgentLimits, AgentSnapshot, Blocker, BlockerKind, Candidate, OpenGuidance, ProbeSnapshot, Snapshot, ThreadCounters,
    Waiting, Wanted, snapshot,
};

/// The projection.
pub static PROJECTION: Projection = Projection {
    name: "run-snapshots",
    apply,
    tables: &[
        ViewTable {
            name: "view_run_snapshots",
            key: &["team_id", "project_id", "run_id"],
            page: include_str!("../sql/list_generation_of_run_snapshots.sql"),
            delete: include_str!("../sql/delete_run_snapshots.sql"),
        },
        ViewTable {
            name: "view_run_snapshots_agents",
            key: &["team_id", "project_id", "run_id", "agent_name"],
            page: include_str!("../sql/list_generation_of_run_snapshot_agents.sql"),
            delete: include_str!("../sql/delete_run_snapshot_agents.sql"),
        },
    ],
    indexes: &[],
};

/// Any event in a run touches it; its own moves it; the start of a session brings its agent; what an agent says shows that
/// the agent lives. What becomes of its session does not: a probe may tell of that, or whoever launches it.
fn apply(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    let Some(run_id) = event.run_id.clone() else { return Ok(Vec::new()) };
    let with = |more: Vec<Value>| -> Vec<Value> {
        let (team_id, project_id) = (event.team_id.clone(), event.project_id.clone());
        let key = [generation.into(), team_id.into(), project_id.into(), run_id.clone().into()];
        key.into_iter().chain(more).collect()
    };
    let (at, pos) = (event.recorded_at.0, event.pos);
    if event.event_type == types::RUN_STATE_CHANGED {
        let moved: RunStateChanged = serde_json::from_str(event.payload.get())?;
        let brief = moved.brief.as_ref().map(serde_json::to_string).transpose()?;
        let (state, reason) = (Value::from(moved.to.as_str()), nullable(moved.reason));
        if moved.from.is_some() {
            let agents = serde_json::to_string(&moved.agents)?;
            let params = with(vec![state, reason, at.into(), nullable(brief), pos.into(), agents.into()]);
            return Ok(vec![Statement::new(include_str!("../sql/move_run_snapshot.sql"), params)]);
        }
        let agents: BTreeSet<_> = moved.agents.iter().collect();
        let params = with(vec![
            moved.title.into(),
            serde_json::to_string(&moved.tickets)?.into(),
            moved.mode.as_str().into(),
            state,
            reason,
            at.into(),
            nullable(brief),
            serde_json::to_string(&agents)?.into(),
            event.actor_name.clone().into(),
            event.actor_type.as_str().into(),
            pos.into(),
        ]);
        return Ok(vec![Statement::new(include_str!("../sql/insert_run_snapshot.sql"), params)]);
    }
    let joined = event.agent_name.as_ref().filter(|_| event.event_type == types::SESSION_CREATED);
    let touched = match joined {
        Some(agent) => Statement::new(
            include_str!("../sql/update_run_snapshot_agents.sql"),
            with(vec![at.into(), pos.into(), serde_json::to_string(&[agent])?.into()]),
        ),
        None => {
            Statement::new(include_str!("../sql/update_run_snapshot_touched.sql"), with(vec![at.into(), pos.into()]))
        }
    };
    // Who acted: in a thread of one agent another may speak.
    let speaks = event.actor_type == ActorType::Agent && event.event_type.starts_with("forum.");
    let active = speaks.then(|| {
        let params = with(vec![event.actor_name.clone().into(), at.into()]);
        Statement::new(include_str!("../sql/upsert_run_snapshot_agent.sql"), params)
    });
    Ok(std::iter::once(touched).chain(active).collect())
}
