//! Control signals: what an agent of a run says in a form that decisions read, and what a person answers.

mod payload;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::{Code, FieldError, Rejection};
use crate::id::fingerprint;
use crate::value::{Actor, ActorType, Scope};

pub use payload::{Completion, ControlPayload, GuidanceAnswer, GuidanceRequest, Validation};

/// Sends a control signal on the one control thread of a (run, agent).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlSignal {
    /// The run.
    pub run_id: String,
    /// The agent of the run.
    pub agent_name: String,
    /// The run's first ticket unless given; only the first signal's counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What is said.
    pub payload: ControlPayload,
}

/// The id of the control thread of a (run, agent): the same whoever asks first.
#[must_use]
pub fn control_thread_id(scope: &Scope, run_id: &str, agent_name: &str) -> String {
    let parts = [&scope.team_id, &scope.project_id, run_id, agent_name].map(str::as_bytes);
    format!("ctl_{}", fingerprint(&parts))
}

impl Command for ControlSignal {
    const NAME: &'static str = "control_signal";

    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let (run_id, agent_name) =
            (check.name("run_id", &self.run_id, 128), check.name("agent_name", &self.agent_name, 128));
        let ticket = check.optional_name("ticket", self.ticket.as_deref());
        check.within("payload");
        let payload = self.payload.normalise(&mut check, now);
        check.done(Self { run_id, agent_name, ticket, payload })
    }

    fn permit(&self, actor: &Actor) -> Result<(), Rejection> {
        let (_, run_id, agent_name) = self.payload.header();
        if (run_id, agent_name) != (self.run_id.as_str(), self.agent_name.as_str()) {
            let detail = "the payload's run_id and agent_name must equal the request's";
            return Err(Rejection::new(Code::ControlMismatch, detail));
        }
        if matches!(self.payload, ControlPayload::GuidanceAnswer(_)) && actor.actor_type == ActorType::Agent {
            return Err(Rejection::new(Code::InvalidActor, "guidance is answered by a person, not by an agent"));
        }
        Ok(())
    }

    fn subject(&self, scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(control_thread_id(scope, &self.run_id, &self.agent_name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::value::Word;

    fn signal(payload: &Value) -> Result<ControlSignal, String> {
        let body = json!({ "run_id": "run_1", "agent_name": "ada", "payload": payload });
        let parsed: ControlSignal = serde_json::from_value(body).map_err(|error| error.to_string())?;
        parsed
            .normalise(Time(0))
            .map_err(|errors| errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>().join(" "))
    }

    fn with(mut payload: Value, field: &str, value: Value) -> Value {
        payload[field] = value;
        payload
    }

    fn request() -> Value {
        json!({ "schema_version": 1, "type": "guidance_request", "run_id": "run_1", "agent_name": "ada",
            "question": "Which?" })
    }

    // SIGNAL-1, SIGNAL-2
    #[test]
    fn payloads_are_one_of_four_and_have_no_field_too_many() {
        assert!(signal(&request()).is_ok());
        let unknown = signal(&with(request(), "type", json!("guess"))).err().unwrap_or_default();
        assert!(unknown.contains("unknown variant `guess`"), "{unknown}");
        let field = signal(&with(request(), "colour", json!("red"))).err().unwrap_or_default();
        assert!(field.contains("unknown field `colour`"), "{field}");
        assert_eq!(
            signal(&with(request(), "schema_version", json!(2))).err().as_deref(),
            Some("/payload/schema_version")
        );
        assert_eq!(signal(&with(request(), "question", json!("  "))).err().as_deref(), Some("/payload/question"));
        let validation = json!({ "schema_version": 1, "type": "validation", "run_id": "run_1", "agent_name": "ada",
            "status": "passed", "done_criteria": "tests pass" });
        assert!(signal(&validation).is_ok());
        assert_eq!(
            signal(&with(validation.clone(), "done_criteria", json!(" "))).err().as_deref(),
            Some("/payload/done_criteria")
        );
        assert!(signal(&with(validation, "status", json!("perfect"))).is_err());
    }

    // SIGNAL-10
    #[test]
    fn a_request_whose_deadline_acts_has_what_it_needs() {
        let parking = with(request(), "on_timeout", json!("park"));
        assert_eq!(signal(&parking).err().as_deref(), Some("/payload/deadline"));
        let late = with(parking, "deadline", json!("1969-12-31T23:00:00Z"));
        assert_eq!(signal(&late).err().as_deref(), Some("/payload/deadline"));
        let defaulting =
            with(with(request(), "on_timeout", json!("default")), "deadline", json!("2030-01-01T00:00:00Z"));
        assert_eq!(signal(&defaulting).err().as_deref(), Some("/payload/default"));
        let foreign = with(with(defaulting, "default", json!("c")), "options", json!(["a", "b"]));
        assert_eq!(signal(&foreign).err().as_deref(), Some("/payload/default"));
    }

    // SIGNAL-3, SIGNAL-9
    #[test]
    fn a_payload_for_another_agent_and_an_agent_that_answers_itself_are_refused() {
        let actor = |word: &str| Actor {
            actor_type: ActorType::parse(word).unwrap_or_else(|error| panic!("{error}")),
            actor_name: "x".to_owned(),
        };
        let code = |payload: &Value, by: &str| {
            let signal = signal(payload).unwrap_or_else(|error| panic!("{error}"));
            signal.permit(&actor(by)).err().map(|rejection| rejection.code)
        };
        assert_eq!(code(&request(), "agent"), None);
        assert_eq!(code(&with(request(), "agent_name", json!("bob")), "agent"), Some(Code::ControlMismatch));
        assert_eq!(code(&with(request(), "run_id", json!("run_2")), "agent"), Some(Code::ControlMismatch));
        let answer = json!({ "schema_version": 1, "type": "guidance_answer", "run_id": "run_1", "agent_name": "ada",
            "answer": "this" });
        assert_eq!(code(&answer, "agent"), Some(Code::InvalidActor));
        assert_eq!(code(&answer, "operator"), None);
    }

    // SIGNAL-4
    #[test]
    fn names_that_differ_in_case_or_punctuation_have_threads_of_their_own() {
        let scope = Scope { team_id: "t".to_owned(), project_id: "p".to_owned() };
        let id = |agent: &str| control_thread_id(&scope, "run_1", agent);
        assert_eq!(id("ada"), id("ada"));
        assert_ne!(id("ada"), id("Ada"));
        assert_ne!(id("ada-1"), id("ada_1"));
        assert_eq!(id("ada").len(), "ctl_".len() + 64);
    }
}
