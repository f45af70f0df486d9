//! What must hold before a run closes, and who owes what is missing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RunStanding;
use crate::domain::control::Control;
use crate::error::{Code, Rejection};
use crate::value::{RunMode, ValidationStatus};

/// A gate, named by what is missing while it is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateName {
    /// The run has a brief.
    BriefMissing,
    /// The brief says when it is done.
    DoneCriteriaMissing,
    /// Nobody waits for guidance.
    GuidancePending,
    /// The agent said that it is done.
    CompletionMissing,
    /// The agent's work was found good.
    ValidationMissing,
    /// It was checked against the brief's criteria.
    DoneCriteriaMismatch,
}

/// One gate and whether it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gate {
    /// What is missing if it is shut.
    pub gate: GateName,
    /// The agent that owes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Whether it is open.
    pub ok: bool,
    /// How it stands, for a person.
    pub detail: String,
}

impl Gate {
    fn new(gate: GateName, ok: bool, open: &str, shut: impl Into<String>) -> Self {
        Self { gate, agent_name: None, ok, detail: if ok { open.to_owned() } else { shut.into() } }
    }

    fn of(mut self, agent_name: &str) -> Self {
        self.agent_name = Some(agent_name.to_owned());
        self
    }
}

impl RunStanding {
    /// Every gate of the run, open ones too (SPEC RUN-10, RUN-12).
    #[must_use]
    pub fn gates(&self) -> Vec<Gate> {
        let Some(run) = &self.run else { return Vec::new() };
        let bootstrap = run.mode == RunMode::Bootstrap;
        let mut gates = Vec::new();
        let criteria = run.brief.as_ref().and_then(|brief| brief.done_criteria.as_deref());
        if bootstrap {
            let brief =
                Gate::new(GateName::BriefMissing, run.brief.is_some(), "there is a brief", "the run has no brief");
            let shut = "the brief does not say when the run is done";
            gates.extend([
                brief,
                Gate::new(GateName::DoneCriteriaMissing, criteria.is_some(), "there are criteria", shut),
            ]);
        }
        gates.extend(self.guidance_gates());
        for agent in run.agents.iter().filter(|_| bootstrap) {
            let control = self.control(agent);
            gates.extend(proof_gates(control, criteria).map(|gate| gate.of(agent)));
        }
        gates
    }

    /// One shut gate per agent that waits, or the open one.
    fn guidance_gates(&self) -> Vec<Gate> {
        let waiting = self.controls.iter().filter_map(|control| Some((control.open_guidance()?, &control.agent_name)));
        let gates: Vec<_> = waiting
            .map(|(asked, agent)| {
                Gate::new(GateName::GuidancePending, false, "", format!("waits for an answer: {}", asked.question))
                    .of(agent)
            })
            .collect();
        if gates.is_empty() {
            return vec![Gate::new(GateName::GuidancePending, true, "nobody waits for guidance", "")];
        }
        gates
    }

    /// Checks that every gate is open.
    ///
    /// # Errors
    /// `gate_not_met` with every gate that is shut.
    pub fn expect_open_gates(&self) -> Result<(), Rejection> {
        let shut: Vec<_> = self.gates().into_iter().filter(|gate| !gate.ok).collect();
        if shut.is_empty() {
            return Ok(());
        }
        let detail = format!("{} of the run's gates are shut", shut.len());
        Err(Rejection::new(Code::GateNotMet, detail).with("gates", serde_json::to_value(shut).unwrap_or_default()))
    }
}

fn proof_gates(control: Option<&Control>, criteria: Option<&str>) -> [Gate; 3] {
    let validated = control.and_then(|control| control.validation.as_ref());
    let passed = validated.filter(|validated| validated.status == ValidationStatus::Passed);
    let agrees =
        validated.zip(criteria).is_some_and(|(validated, criteria)| validated.done_criteria.trim() == criteria.trim());
    let validation = match validated {
        None => "no validation was sent",
        Some(_) => "the latest validation failed",
    };
    let mismatch = if validated.is_some() { "validated against other criteria than the brief's" } else { validation };
    [
        Gate::new(
            GateName::CompletionMissing,
            control.is_some_and(|control| control.completion_pos.is_some()),
            "completion was sent",
            "no completion was sent",
        ),
        Gate::new(GateName::ValidationMissing, passed.is_some(), "validation passed", validation),
        Gate::new(GateName::DoneCriteriaMismatch, agrees, "the brief's criteria", mismatch),
    ]
}
