//! Turns what happens to sessions, pull requests and threads into nudges to agents and notifications to people, with
//! brakes. What it does follows from where things stand; the events only say where to look.
//!
//! Wakes on: forum.events.*, forum.integration.*
//! Reads: events, projection_checkpoints, sessions, pull_requests, pr_checks, pr_comments, control_threads, threads, reactions, notifications
//! Writes: commands, notifications, reactions, projection_checkpoints, events
//! Emits: forum.commands.send_nudge, notification.created, notification.resolved

mod threads;

use std::collections::BTreeMap;

use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::nudging::{self, Look};
use shared::function::reaction::{self, Reacted, Reaction};
use shared::function::{Function, Trigger};
use shared::message::envelope::CloudEvent;
use shared::message::event::{LogEvent, types};
use shared::store::{StoreError, sessions};
use shared::value::Scope;

/// The function.
pub struct ReactNudges;

impl Function for ReactNudges {
    const NAME: &'static str = "react-nudges";
    const TRIGGER: Trigger = Trigger::Reaction(Self::NAME);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        reaction::handle::<Self>(ctx, &message).await
    }
}

impl Reaction for ReactNudges {
    async fn react(ctx: &Ctx, events: &[LogEvent]) -> Result<Reacted, StoreError> {
        // Of several events of one session the last speaks for all: what is looked at is where it stands now.
        let mut touched = BTreeMap::new();
        for event in events {
            for session_id in named(ctx, event).await? {
                touched.insert((event.team_id.clone(), event.project_id.clone(), session_id), event);
            }
        }
        let looks = touched.into_iter().map(|((team_id, project_id, session_id), event)| Look {
            scope: Scope { team_id, project_id },
            session_id,
            key: format!("{}:{}", Self::NAME, event.pos),
            event: Some(event),
        });
        let mut reacted = nudging::react(ctx, looks.collect()).await?;
        reacted.statements.extend(threads::settle(ctx, events).await?);
        Ok(reacted)
    }
}

/// The sessions that an event is about.
async fn named(ctx: &Ctx, event: &LogEvent) -> Result<Vec<String>, StoreError> {
    match event.event_type.as_str() {
        types::SESSION_CREATED
        | types::SESSION_UPDATED
        | types::PR_CREATED
        | types::PR_UPDATED
        | types::PR_CHECK_RECORDED
        | types::PR_COMMENTS_CHANGED => Ok(event.session_id.iter().cloned().collect()),
        types::PR_SESSION_CHANGED => {
            let payload: serde_json::Value = serde_json::from_str(event.payload.get()).unwrap_or_default();
            let ends = ["from", "to"].into_iter().filter_map(|end| payload[end].as_str().map(str::to_owned));
            Ok(ends.collect())
        }
        // A signal may end what its agent's session was told.
        types::CONTROL_SIGNAL => {
            let (Some(run_id), Some(agent)) = (event.run_id.clone(), event.agent_name.clone()) else {
                return Ok(Vec::new());
            };
            let scope = Scope { team_id: event.team_id.clone(), project_id: event.project_id.clone() };
            let newest = ctx.store.read(move |reader| sessions::newest_of(reader, &scope, &run_id, &agent)).await?;
            Ok(newest.into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}
