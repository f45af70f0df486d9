//! What agents say that they did. Private text is removed here, before anything of it is stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::Check;
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::id::{Kind, fingerprint};
use crate::value::Scope;
use crate::value::privacy::{value_without_private, without_private};

/// Most events of one command.
const EVENTS_MAX: usize = 500;
/// Largest payload of one event, in bytes of JSON.
const PAYLOAD_MAX: usize = 256 * 1024;

/// Stores agent events, and the job that makes observations of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestAgentEvents {
    /// 1 to 500 events.
    pub events: Vec<NewAgentEvent>,
    /// Whether observations are made of them.
    #[serde(default = "yes")]
    #[schema(ignore)]
    pub generate: bool,
    /// Whether the event came alone, not as a batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(ignore)]
    pub alone: bool,
    /// The sessions that the events name; whatever is given is replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(ignore)]
    pub sessions: Vec<String>,
}

fn yes() -> bool {
    true
}

/// One thing that an agent did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgentEvent {
    /// What happened, 1 to 128 characters, such as `tool_use`.
    pub event_type: String,
    /// When, RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// What there is to say of it: any JSON, at most 256 KiB. Text between `<private>` and `</private>` is never stored.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// What sends it, such as the name of a harness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_adapter: Option<String>,
    /// The sender's own id of it: sent again, it is the same event, whatever else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_event_id: Option<String>,
    /// The session in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

impl NewAgentEvent {
    fn checked(self, check: &mut Check, index: usize) -> Self {
        let field = |name: &str| format!("events/{index}/{name}");
        // Cleaned before it is compared with anything: a control character must not hide a tag.
        let open = |text: Option<String>| text.map(|text| without_private(&text));
        let payload = value_without_private(self.payload);
        if payload.is_null() {
            check.complain(&field("payload"), "is required");
        }
        let length = serde_json::to_string(&payload).map_or(0, |text| text.len());
        if length > PAYLOAD_MAX {
            check.complain(&field("payload"), format!("must have at most {PAYLOAD_MAX} bytes, has {length}"));
        }
        let (adapter, source) = (open(self.source_adapter), open(self.source_event_id));
        let session_id = open(self.session_id);
        Self {
            event_type: check.name(&field("event_type"), &without_private(&self.event_type), 128),
            occurred_at: self.occurred_at,
            payload,
            source_adapter: check.optional_name(&field("source_adapter"), adapter.as_deref()),
            source_event_id: check.optional_line(&field("source_event_id"), source.as_deref(), 255),
            session_id: check.optional_name(&field("session_id"), session_id.as_deref()),
        }
    }

    /// What makes it the same event however often it is sent: the sender's id, or all that is said of it. The members of an
    /// object have no order: they are kept sorted.
    fn key(&self, scope: &Scope) -> String {
        let adapter = self.source_adapter.as_deref().unwrap_or_default();
        let Scope { team_id, project_id } = scope;
        if let Some(source_event_id) = &self.source_event_id {
            let parts = ["source", team_id.as_str(), project_id.as_str(), adapter, source_event_id.as_str()];
            return fingerprint(&parts.map(str::as_bytes));
        }
        let session_id = self.session_id.as_deref().unwrap_or_default();
        let (at, payload) = (self.occurred_at.0.to_string(), self.payload.to_string());
        let tenant = ["content", team_id.as_str(), project_id.as_str(), adapter, session_id];
        let said = [self.event_type.as_str(), at.as_str(), payload.as_str()];
        let parts: Vec<_> = tenant.into_iter().chain(said).map(str::as_bytes).collect();
        fingerprint(&parts)
    }
}

impl IngestAgentEvents {
    /// What makes each of its events the same however often it is sent, in their order.
    #[must_use]
    pub fn keys(&self, scope: &Scope) -> Vec<String> {
        self.events.iter().map(|event| event.key(scope)).collect()
    }
}

impl Command for IngestAgentEvents {
    const NAME: &'static str = "ingest_agent_events";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        if !(1..=EVENTS_MAX).contains(&self.events.len()) {
            check.complain("events", format!("must have 1 to {EVENTS_MAX} entries, has {}", self.events.len()));
            return check.done(self);
        }
        let events = self.events.into_iter().enumerate();
        let events: Vec<_> = events.map(|(index, event)| event.checked(&mut check, index)).collect();
        let sessions: BTreeSet<_> = events.iter().filter_map(|event| event.session_id.clone()).collect();
        check.done(Self { events, sessions: sessions.into_iter().collect(), ..self })
    }

    fn subject(&self, _scope: &Scope, command: Uuid) -> Subject {
        Subject::Batch(Kind::Batch.with(command))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(payload: Value, source: Option<&str>) -> NewAgentEvent {
        NewAgentEvent {
            event_type: "note".to_owned(),
            occurred_at: Time(5),
            payload,
            source_adapter: None,
            source_event_id: source.map(str::to_owned),
            session_id: None,
        }
    }

    fn batch(events: Vec<NewAgentEvent>) -> Result<IngestAgentEvents, Vec<FieldError>> {
        IngestAgentEvents { events, generate: true, alone: false, sessions: Vec::new() }.normalise(Time(0))
    }

    // MEMORY-2
    #[test]
    fn an_event_is_the_same_by_its_senders_id_or_by_all_that_is_said_whatever_the_order() {
        let scope = |project: &str| Scope { team_id: "t".to_owned(), project_id: project.to_owned() };
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let one = event(parsed(r#"{"a":1,"b":{"c":[1],"d":2}}"#), None);
        let other = event(parsed(r#"{"b":{"d":2,"c":[1]},"a":1}"#), None);
        assert_eq!(one.key(&scope("p")), other.key(&scope("p")));
        assert_ne!(one.key(&scope("p")), one.key(&scope("q")));
        assert_ne!(one.key(&scope("p")), event(json!({ "a": 2 }), None).key(&scope("p")));
        let named = |payload| event(payload, Some("e-1")).key(&scope("p"));
        assert_eq!(named(json!(1)), named(json!(2)));
        assert_ne!(named(json!(1)), event(json!(1), Some("e-2")).key(&scope("p")));
    }

    // MEMORY-3, HTTP-4
    #[test]
    fn a_batch_has_bounds_and_each_complaint_its_place() {
        assert_eq!(batch(Vec::new()).expect_err("none")[0].pointer, "/events");
        assert!(batch(vec![event(json!(1), None); 501]).is_err());
        assert!(batch(vec![event(json!(1), None); 500]).is_ok());
        let large = batch(vec![event(json!(1), None), event(json!("x".repeat(PAYLOAD_MAX)), None)]);
        assert_eq!(large.expect_err("too large")[0].pointer, "/events/1/payload");
        let nameless = NewAgentEvent { event_type: " ".to_owned(), ..event(json!(1), None) };
        assert_eq!(batch(vec![nameless]).expect_err("no type")[0].pointer, "/events/0/event_type");
    }

    // MEMORY-21
    #[test]
    fn private_text_does_not_get_past_the_door() {
        let secret = NewAgentEvent {
            event_type: "note<private>s3cret</private>".to_owned(),
            source_event_id: Some("<private>s3cret</private>id".to_owned()),
            ..event(json!({ "text": ["<PRIVATE>s3cret"] }), None)
        };
        let stored = serde_json::to_string(&batch(vec![secret]).expect("a batch")).expect("JSON");
        assert!(!stored.contains("s3cret"), "{stored}");
    }
}
