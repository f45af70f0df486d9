//! What an operator does next about a run: the first rule that holds, decided from the snapshot and from what earlier
//! intervals saw.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::few;
use crate::clock::Time;
use crate::value::{ProbeResult, RunState, Word};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Call a person's attention to an open question.
    EscalateGuidance,
    /// Stop a run in which nothing happens and nobody will do anything.
    StopStale,
    /// Start an agent again.
    Restart,
    /// Call a person's attention to an agent that restarts did not help.
    EscalateBlocked,
    /// Remind an agent to commit what it left.
    CommitReady,
    /// Remind an agent that its pull request is still a draft.
    PrReady,
    /// Tell an agent of the review comments that it was not told of.
    ReviewDispatch,
    /// Nothing.
    Noop,
}

/// What intervals before this one saw and did. It is stored, so that a restart of the server forgets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counters {
    /// Intervals in a row that saw an unhealthy agent.
    pub confirmations: u32,
    /// Restarts used of the run's budget.
    pub restarts: u32,
    /// When the last of them was, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_restart_at: Option<Time>,
}

/// What the rules count with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Intervals in a row that must agree before something is done.
    pub confirmations: u32,
    /// Restarts a run may use.
    pub restarts: u32,
    /// Pause between two restarts.
    pub cooldown: Duration,
    /// How long a run with unhealthy agents may go untouched.
    pub stale: Duration,
}

/// An agent that is stalled or dead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unhealthy {
    /// Its name.
    pub agent_name: String,
    /// What the last probe found of its runtime and of its process; none if it was never probed.
    pub probe: Option<(ProbeResult, ProbeResult)>,
    /// When it last did anything that was noted.
    pub last_activity_at: Option<Time>,
}

/// A pull request that is still a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose it is.
    pub agent_name: String,
    /// Its address.
    pub url: String,
}

/// What the snapshot says, as far as the rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Where the run stands.
    pub state: RunState,
    /// When anything last happened in it.
    pub touched_at: Time,
    /// The agent that has waited longest for guidance.
    pub waiting: Option<String>,
    /// Agents that are stalled or dead and still owe work.
    pub unhealthy: Vec<Unhealthy>,
    /// An agent whose directory holds what is not committed, and that was not reminded of it.
    pub uncommitted: Option<String>,
    /// A draft of which its agent was not reminded.
    pub draft: Option<Draft>,
    /// An agent that was not told of all review comments.
    pub comments: Option<String>,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub intent: Intent,
    /// Why: which rule, or what keeps it from acting.
    pub reason: String,
    /// About which agent.
    pub agent_name: Option<String>,
    /// About which pull request.
    pub url: Option<String>,
    /// The counters after this interval, had nothing been executed.
    pub counters: Counters,
}

impl Unhealthy {
    /// Whether its last probe tells that it does nothing. A probe that failed or does not know tells nothing, and neither
    /// does none (SPEC RUN-19).
    fn is_inactive(&self, stale: Duration, now: Time) -> bool {
        let tells = |fact| matches!(fact, ProbeResult::Alive | ProbeResult::Dead);
        let probed = self.probe.is_some_and(|(runtime, process)| tells(runtime) && tells(process));
        probed && self.last_activity_at.is_none_or(|at| now.since(at) >= stale)
    }
}

impl Observed {
    /// Agents to look after. In a run that is halted or over nobody is expected to work.
    #[must_use]
    pub fn to_look_after(&self) -> &[Unhealthy] {
        use RunState::{AwaitingGuidance, Created, Failed, Planning, Running};
        if matches!(self.state, Created | Planning | Running | AwaitingGuidance | Failed) {
            &self.unhealthy
        } else {
            &[]
        }
    }

    /// Why the run is stale, if it is.
    fn staleness(&self, limits: Limits, now: Time) -> Option<String> {
        let agents = self.to_look_after();
        let untouched = now.since(self.touched_at);
        let is_stale = !agents.is_empty()
            && untouched >= limits.stale
            && agents.iter().all(|agent| agent.is_inactive(limits.stale, now));
        let names = few(agents.iter().map(|agent| &agent.agent_name));
        is_stale.then(|| format!("untouched for {} s, and probes show no activity of {names}", untouched.as_secs()))
    }

    /// What becomes of an unhealthy agent, or what keeps anything from being done.
    fn mend(&self, counters: &Counters, limits: Limits, now: Time) -> (Intent, String) {
        let Some(agent) = self.to_look_after().first().map(|agent| &agent.agent_name) else {
            let reason = if self.unhealthy.is_empty() {
                "healthy".to_owned()
            } else {
                format!("nobody is expected to work: the run is {}", self.state.as_str())
            };
            return (Intent::Noop, reason);
        };
        let Counters { confirmations, restarts, last_restart_at } = counters;
        if *confirmations < limits.confirmations {
            return (Intent::Noop, format!("waiting {confirmations}/{}", limits.confirmations));
        }
        if *restarts >= limits.restarts {
            return (Intent::EscalateBlocked, format!("{agent} is unhealthy and {restarts} restarts are used"));
        }
        if last_restart_at.is_some_and(|last| now.since(last) < limits.cooldown) {
            return (Intent::Noop, "cooldown".to_owned());
        }
        (Intent::Restart, format!("{agent} is unhealthy in {confirmations} intervals running"))
    }
}

/// One interval (SPEC RUN-18, RUN-20). The first rule that holds wins.
#[must_use]
pub fn decide(observed: &Observed, before: &Counters, limits: Limits, now: Time) -> Decision {
    let unhealthy = observed.to_look_after();
    let confirmations = if unhealthy.is_empty() { 0 } else { before.confirmations.saturating_add(1) };
    let counters = Counters { confirmations, ..before.clone() };
    let decision = |intent, reason: String, agent: Option<&String>| Decision {
        intent,
        reason,
        agent_name: agent.cloned(),
        url: None,
        counters: counters.clone(),
    };
    if let Some(agent) = &observed.waiting {
        return decision(Intent::EscalateGuidance, format!("{agent} waits for guidance"), Some(agent));
    }
    if let Some(reason) = observed.staleness(limits, now) {
        return decision(Intent::StopStale, reason, None);
    }
    let (intent, reason) = observed.mend(&counters, limits, now);
    let ailing = unhealthy.first().map(|agent| &agent.agent_name);
    if intent != Intent::Noop {
        return decision(intent, reason, ailing);
    }
    let is_completed = observed.state == RunState::Completed;
    if let Some(agent) = observed.uncommitted.as_ref().filter(|_| is_completed) {
        return decision(Intent::CommitReady, format!("{agent} left what is not committed"), Some(agent));
    }
    if let Some(Draft { agent_name, url }) = observed.draft.as_ref().filter(|_| is_completed) {
        let told = decision(Intent::PrReady, format!("a pull request is still a draft: {url}"), Some(agent_name));
        return Decision { url: Some(url.clone()), ..told };
    }
    // Who works on a closed run reads its thread no more.
    let is_closed = matches!(observed.state, RunState::Closing | RunState::Closed);
    if let Some(agent) = observed.comments.as_ref().filter(|_| !is_closed) {
        return decision(Intent::ReviewDispatch, format!("{agent} was not told of review comments"), Some(agent));
    }
    decision(Intent::Noop, reason, ailing)
}

#[cfg(test)]
mod tests;
