//! A run: what the command side knows of it, how it moves, and what moves it by itself.

pub mod gates;
pub mod health;
pub mod operator;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::control::Control;
use crate::clock::Time;
use crate::error::{Code, Rejection};
use crate::message::command::Brief;
use crate::value::{Actor, RunMode, RunState, Word};

/// A run as the command side keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Identity.
    pub run_id: String,
    /// Title.
    pub title: String,
    /// What it works on; the first stands in its events' envelopes.
    pub tickets: Vec<String>,
    /// What closing it takes.
    pub mode: RunMode,
    /// Where it stands.
    pub state: RunState,
    /// What it is for.
    pub brief: Option<Brief>,
    /// Who works on it.
    pub agents: Vec<String>,
    /// Who started it.
    pub started_by: Actor,
    /// When it was started.
    pub created_at: Time,
    /// When it last moved.
    pub updated_at: Time,
    /// Number of events in its stream.
    pub version: i64,
}

/// A run and all that decisions about it look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunStanding {
    /// The run, if there is one.
    pub run: Option<Run>,
    /// Its control threads, by agent.
    pub controls: Vec<Control>,
    /// Agents whose newest session failed in the present attempt, by name.
    pub failed_agents: Vec<String>,
}

/// Payload of `run.state.changed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunStateChanged {
    /// State before; none at first.
    pub from: Option<RunState>,
    /// State after.
    pub to: RunState,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Title.
    pub title: String,
    /// Tickets.
    pub tickets: Vec<String>,
    /// What closing it takes.
    pub mode: RunMode,
    /// Who works on it.
    pub agents: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
}

impl RunStateChanged {
    /// Whether it begins another attempt: proofs given before it count no more (SPEC RUN-9).
    #[must_use]
    pub fn begins_anew(&self) -> bool {
        self.to == RunState::Running && self.from.is_some_and(RunState::is_attempt_over)
    }
}

impl Run {
    /// The run that its first event begins, at version 1.
    #[must_use]
    pub fn begin(run_id: String, event: &RunStateChanged, actor: &Actor, at: Time) -> Self {
        Self {
            run_id,
            title: event.title.clone(),
            tickets: event.tickets.clone(),
            mode: event.mode,
            state: event.to,
            brief: event.brief.clone(),
            agents: event.agents.clone(),
            started_by: actor.clone(),
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    /// What a move does to the run.
    pub fn apply(&mut self, event: &RunStateChanged, at: Time) {
        self.state = event.to;
        self.brief.clone_from(&event.brief);
        self.updated_at = at;
        self.version += 1;
    }

    /// The event of its move to `to`, whatever the rules say.
    #[must_use]
    pub fn moved(&self, to: RunState, reason: Option<String>) -> RunStateChanged {
        RunStateChanged {
            from: Some(self.state),
            to,
            reason,
            title: self.title.clone(),
            tickets: self.tickets.clone(),
            mode: self.mode,
            agents: self.agents.clone(),
            brief: self.brief.clone(),
        }
    }

    /// Checks that it may move to another state.
    ///
    /// # Errors
    /// `illegal_transition` with `from` and `to`.
    pub fn expect_move(&self, to: RunState) -> Result<(), Rejection> {
        if self.state.may_become(to) {
            return Ok(());
        }
        Err(self.refused_move(to, &format!("a run does not move from {} to {}", self.state.as_str(), to.as_str())))
    }

    /// The refusal of a move.
    #[must_use]
    pub fn refused_move(&self, to: RunState, detail: &str) -> Rejection {
        Rejection::new(Code::IllegalTransition, detail).with("from", self.state.as_str()).with("to", to.as_str())
    }
}

impl RunStanding {
    /// The run, which must be there.
    ///
    /// # Errors
    /// `not_found`.
    pub fn expect(&self) -> Result<&Run, Rejection> {
        self.run.as_ref().ok_or_else(|| Rejection::new(Code::NotFound, "no such run"))
    }

    /// What was folded for an agent.
    #[must_use]
    pub fn control(&self, agent_name: &str) -> Option<&Control> {
        self.controls.iter().find(|control| control.agent_name == agent_name)
    }

    /// Whether any agent waits for guidance.
    #[must_use]
    pub fn has_open_guidance(&self) -> bool {
        self.controls.iter().any(|control| control.open_guidance().is_some())
    }

    /// Where the run moves by itself, from what its agents signalled and how their sessions ended (SPEC RUN-2 to RUN-5).
    #[must_use]
    pub fn next_state(&self) -> Option<RunState> {
        let run = self.run.as_ref()?;
        let has_failed = !self.failed_agents.is_empty();
        match run.state {
            RunState::Running | RunState::AwaitingGuidance if has_failed => Some(RunState::Failed),
            RunState::Running if self.has_open_guidance() => Some(RunState::AwaitingGuidance),
            RunState::AwaitingGuidance if !self.has_open_guidance() => Some(RunState::Running),
            RunState::Running => {
                let proved = |agent: &String| self.control(agent).is_some_and(Control::is_proved);
                (!run.agents.is_empty() && run.agents.iter().all(proved)).then_some(RunState::Completed)
            }
            _ => None,
        }
    }
}

/// Names in one line: at most three, and how many more there are.
#[must_use]
pub fn few<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_cut_short() {
        let names: Vec<String> = ["ada", "bob", "cyd", "dan", "eve"].map(str::to_owned).into();
        assert_eq!(few(&names[..1]), "ada");
        assert_eq!(few(&names[..3]), "ada, bob, cyd");
        assert_eq!(few(&names), "ada, bob, cyd and 2 more");
    }
}
