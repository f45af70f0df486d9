//! Moves a run where its agents put it: their signals to `awaiting_guidance` and back, and to `completed`; a session that
//! failed to `failed`. The command it sends names no target: its handler derives it from the state it commits on.
//!
//! Wakes on: forum.events.*, forum.integration.*
//! Reads: events, projection_checkpoints, runs, run_agents, control_threads, sessions
//! Writes: commands, projection_checkpoints
//! Emits: forum.commands.change_run_state

use std::collections::BTreeMap;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::reaction::{self, Reacted, Reaction};
use shared::function::{Function, Trigger};
use shared::message::command::{ChangeRunState, Subject};
use shared::message::envelope::CloudEvent;
use shared::message::event::{LogEvent, types};
use shared::store::commands::Caused;
use shared::store::{StoreError, runs};
use shared::value::Scope;

/// The function.
pub struct ReactRunGates;

impl Function for ReactRunGates {
    const NAME: &'static str = "react-run-gates";
    const TRIGGER: Trigger = Trigger::Reaction(Self::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        reaction::handle::<Self>(ctx, &message).await
    }
}

impl Reaction for ReactRunGates {
    async fn react(ctx: &Ctx, events: &[LogEvent]) -> Result<Reacted, StoreError> {
        // Of several events of one run the last speaks for all: what is looked at is where the run stands now.
        let mut touched = BTreeMap::new();
        for event in events.iter().filter(|event| moves_runs(event)) {
            if let Some(run_id) = &event.run_id {
                let scope = Scope { team_id: event.team_id.clone(), project_id: event.project_id.clone() };
                touched.insert((scope.team_id.clone(), scope.project_id.clone(), run_id.clone()), (scope, event));
            }
        }
        if touched.is_empty() {
            return Ok(Reacted::default());
        }
        let wanted: Vec<_> =
            touched.iter().map(|((_, _, run_id), (scope, _))| (scope.clone(), run_id.clone())).collect();
        let moves = ctx
            .store
            .read(move |reader| {
                let standing = |(scope, run_id): &(Scope, String)| {
                    Ok(runs::standing(reader, scope, run_id)?.next_state().is_some())
                };
                wanted.iter().map(standing).collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        let moving = touched.into_iter().zip(moves).filter(|(_, moves)| *moves);
        let caused = moving.map(|(((_, _, run_id), (scope, event)), _)| {
            let payload = ChangeRunState { run_id: run_id.clone(), ..ChangeRunState::default() };
            let key = format!("{}:{}", Self::NAME, event.pos);
            Caused::new(&scope, &Subject::Run(run_id), &payload, key).by(event)
        });
        Ok(Reacted { commands: caused.collect(), ..Reacted::default() })
    }
}

/// Whether what happened may move a run: a signal, what became of a session, or a move that lets both count again.
fn moves_runs(event: &LogEvent) -> bool {
    matches!(
        event.event_type.as_str(),
        types::CONTROL_SIGNAL | types::RUN_STATE_CHANGED | types::SESSION_CREATED | types::SESSION_UPDATED
    )
}
