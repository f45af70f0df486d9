//! The commands on runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::id::Kind;
use crate::value::{RunMode, RunState, Scope};

/// Longest text of a brief, in characters.
const TEXT_MAX: usize = 16_000;

/// What a run is for, and when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Brief {
    /// What is to be achieved, at most 16 000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// What belongs to it and what does not, at most 16 000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What must hold in the end, at most 16 000 characters; validations name the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_criteria: Option<String>,
    /// What must be respected on the way, at most 16 000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<String>,
}

impl Brief {
    /// The brief in its normal form; one that says nothing is none.
    fn normalise(of: Option<Self>, check: &mut Check) -> Option<Self> {
        let of = of?;
        check.within("brief");
        let brief = Self {
            goal: check.optional_text("goal", of.goal.as_deref(), TEXT_MAX),
            scope: check.optional_text("scope", of.scope.as_deref(), TEXT_MAX),
            done_criteria: check.optional_text("done_criteria", of.done_criteria.as_deref(), TEXT_MAX),
            constraints: check.optional_text("constraints", of.constraints.as_deref(), TEXT_MAX),
        };
        check.within("");
        (brief != Self::default()).then_some(brief)
    }
}

/// Starts a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartRun {
    /// What it works on: 1 to 50 distinct tickets of 1 to 128 characters.
    #[schema(required = true, min_items = 1, max_items = 50)]
    pub tickets: Vec<String>,
    /// At most 200 characters; the tickets unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What closing it takes; default `standard`.
    pub mode: RunMode,
    /// Who works on it: at most 200 distinct names of 1 to 128 characters. Agents that start a session in it join them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub agents: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
    /// The state to start in: `created`, `planning` or `running`, which is the default.
    pub until: RunState,
}

impl Command for StartRun {
    const NAME: &'static str = "start_run";
    const OPENS: bool = true;

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let tickets = check.names("tickets", &self.tickets, 50);
        if tickets.is_empty() {
            check.complain("tickets", "needs at least one");
        }
        if !matches!(self.until, RunState::Created | RunState::Planning | RunState::Running) {
            check.complain("until", "must be one of created, planning, running");
        }
        let title = check.optional_text("title", self.title.as_deref(), 200);
        let title = title.or_else(|| Some(tickets.join(", ").chars().take(200).collect()));
        let agents = check.names("agents", &self.agents, 200);
        let brief = Brief::normalise(self.brief, &mut check);
        check.done(Self { tickets, title, mode: self.mode, agents, brief, until: self.until })
    }

    fn subject(&self, _scope: &Scope, command: Uuid) -> Subject {
        Subject::Run(Kind::Run.with(command))
    }
}

/// Moves a run to another state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeRunState {
    /// Taken from the path.
    #[schema(ignore)]
    pub run_id: String,
    /// The state to move to. Closing a run is a command of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, nullable = false)]
    pub state: Option<RunState>,
    /// Why, at most 2 000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is for from now on; only towards `planning` or `running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
}

impl Command for ChangeRunState {
    const NAME: &'static str = "change_run_state";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        match self.state {
            None => check.complain("state", "is required"),
            Some(state) if self.brief.is_some() && !matches!(state, RunState::Planning | RunState::Running) => {
                check.complain("brief", "goes with planning or running only");
            }
            Some(_) => {}
        }
        let reason = check.optional_text("reason", self.reason.as_deref(), 2000);
        let brief = Brief::normalise(self.brief, &mut check);
        check.done(Self { run_id: self.run_id, state: self.state, reason, brief })
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Run(self.run_id.clone())
    }
}

/// Closes a run, for good, if every gate holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseRun {
    /// Taken from the path.
    #[schema(ignore)]
    pub run_id: String,
}

impl Command for CloseRun {
    const NAME: &'static str = "close_run";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        Ok(self)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Run(self.run_id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_needs_a_ticket_and_is_named_after_it() {
        let pointers = |run: StartRun| {
            let errors = run.normalise(Time(0)).err().unwrap_or_default();
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers(StartRun::default()), ["/tickets"]);
        let twice =
            StartRun { agents: vec!["ada".into(), " ada ".into()], until: RunState::Closed, ..StartRun::default() };
        assert_eq!(pointers(twice), ["/tickets", "/until", "/agents"]);
        let run = StartRun { tickets: vec![" T-1 ".into(), "T-2".into()], ..StartRun::default() };
        assert_eq!(run.normalise(Time(0)).ok().and_then(|run| run.title).as_deref(), Some("T-1, T-2"));
    }

    #[test]
    fn a_brief_goes_with_planning_or_running_only_and_blank_is_none() {
        let blank = Some(Brief { goal: Some(" ".into()), ..Brief::default() });
        let change = |state, brief| ChangeRunState { state: Some(state), brief, ..ChangeRunState::default() };
        assert!(change(RunState::Paused, blank.clone()).normalise(Time(0)).is_err());
        let running = change(RunState::Running, blank).normalise(Time(0));
        assert_eq!(running.map(|change| change.brief), Ok(None));
        assert!(ChangeRunState::default().normalise(Time(0)).is_err());
    }
}
