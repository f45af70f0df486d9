//! What an operator does next about a run: the first rule that holds, decided from the snapshot and from what earlier
//! intervals saw.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Call a person's attention to an open question.
    EscalateGuidance,
    /// Start an agent again.
    Restart,
    /// Call a person's attention to an agent that restarts did not help.
    EscalateBlocked,
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
}

/// What the snapshot says, as far as the rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The agent that has waited longest for guidance.
    pub waiting: Option<String>,
    /// Agents that are stalled or dead.
    pub unhealthy: Vec<String>,
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
    /// The counters after this interval, had nothing been executed.
    pub counters: Counters,
}

/// One interval (SPEC RUN-18, RUN-20). The first rule that holds wins.
#[must_use]
pub fn decide(observed: &Observed, before: &Counters, limits: Limits, now: Time) -> Decision {
    let confirmations = if observed.unhealthy.is_empty() { 0 } else { before.confirmations.saturating_add(1) };
    let counters = Counters { confirmations, ..before.clone() };
    let decision = |intent, reason: String, agent: Option<&String>| Decision {
        intent,
        reason,
        agent_name: agent.cloned(),
        counters: counters.clone(),
    };
    if let Some(agent) = &observed.waiting {
        return decision(Intent::EscalateGuidance, format!("{agent} waits for guidance"), Some(agent));
    }
    let Some(agent) = observed.unhealthy.first() else {
        return decision(Intent::Noop, "healthy".to_owned(), None);
    };
    if confirmations < limits.confirmations {
        return decision(Intent::Noop, format!("waiting {confirmations}/{}", limits.confirmations), Some(agent));
    }
    if before.restarts >= limits.restarts {
        let reason = format!("{agent} is unhealthy and {} restarts are used", before.restarts);
        return decision(Intent::EscalateBlocked, reason, Some(agent));
    }
    if before.last_restart_at.is_some_and(|last| now.since(last) < limits.cooldown) {
        return decision(Intent::Noop, "cooldown".to_owned(), Some(agent));
    }
    decision(Intent::Restart, format!("{agent} is unhealthy in {confirmations} intervals running"), Some(agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { confirmations: 2, restarts: 3, cooldown: Duration::from_secs(60) };

    fn unhealthy() -> Observed {
        Observed { waiting: None, unhealthy: vec!["ada".to_owned()] }
    }

    // RUN-18
    #[test]
    fn an_open_question_comes_before_everything_else() {
        let observed = Observed { waiting: Some("bob".to_owned()), ..unhealthy() };
        let decision = decide(&observed, &Counters::default(), LIMITS, Time(0));
        assert_eq!((decision.intent, decision.agent_name.as_deref()), (Intent::EscalateGuidance, Some("bob")));
        assert_eq!(decision.counters.confirmations, 1, "the interval saw the unhealthy one all the same");
    }

    // RUN-18, RUN-20
    #[test]
    fn restarts_need_two_intervals_keep_their_pause_and_end_with_their_budget() {
        let (mut counters, mut now, mut said) = (Counters::default(), 0, Vec::new());
        for _ in 0..14 {
            let decision = decide(&unhealthy(), &counters, LIMITS, Time(now));
            said.push(match decision.intent {
                Intent::Noop => decision.reason.clone(),
                other => format!("{other:?}"),
            });
            counters = decision.counters;
            // What was decided is carried out at once.
            if decision.intent == Intent::Restart {
                counters.restarts += 1;
                counters.last_restart_at = Some(Time(now));
            }
            now += 15_000;
        }
        let cool = ["cooldown"; 3];
        let expected: Vec<&str> = ["waiting 1/2", "Restart"]
            .into_iter()
            .chain(cool)
            .chain(["Restart"])
            .chain(cool)
            .chain(["Restart", "EscalateBlocked", "EscalateBlocked", "EscalateBlocked", "EscalateBlocked"])
            .collect();
        assert_eq!(said, expected);
    }

    // RUN-20
    #[test]
    fn a_healthy_interval_starts_the_confirmations_over() {
        let seen = Counters { confirmations: 5, restarts: 1, last_restart_at: None };
        let decision = decide(&Observed::default(), &seen, LIMITS, Time(0));
        assert_eq!((decision.intent, decision.reason.as_str()), (Intent::Noop, "healthy"));
        assert_eq!((decision.counters.confirmations, decision.counters.restarts), (0, 1));
        let decision = decide(&unhealthy(), &decision.counters, LIMITS, Time(0));
        assert_eq!(decision.reason, "waiting 1/2");
    }
}
