//! What tests of memory do: send events, let lanes work, look at jobs.

use serde_json::{Value, json};
use shared::clock::Time;
use shared::ctx::Ctx;
use shared::error::HandlerError;
use shared::function::lane::{self, Lane, Made};
use shared::function::{Function, Trigger};
use shared::generation::{Draft, GenerationError};
use shared::message::command::{IngestAgentEvents, NewAgentEvent};
use shared::message::envelope::CloudEvent;
use shared::store::jobs::{JobRow, Source};
use shared::value::{ErrorClass, JobKind, ObservationKind, Word};
use tests::fixture::Fixture;
use tests::system::NOON;

/// An event that says `payload`.
pub fn event(payload: Value) -> NewAgentEvent {
    NewAgentEvent {
        event_type: "note".to_owned(),
        occurred_at: Time(NOON),
        payload,
        source_adapter: Some("test".to_owned()),
        source_event_id: None,
        session_id: None,
    }
}

/// A decision, which every provider finds worth keeping.
pub fn decision(text: &str) -> NewAgentEvent {
    let payload = json!({ "text": format!("We decided to use {text} because it is simple.") });
    NewAgentEvent { event_type: "decision".to_owned(), ..event(payload) }
}

/// An event that came alone.
pub fn alone(event: NewAgentEvent) -> IngestAgentEvents {
    IngestAgentEvents { events: vec![event], generate: true, alone: true, sessions: Vec::new() }
}

/// A batch.
pub fn batch(events: Vec<NewAgentEvent>) -> IngestAgentEvents {
    IngestAgentEvents { events, generate: true, alone: false, sessions: Vec::new() }
}

/// Stores events, and publishes what that rings for; no lane works.
pub async fn stored(fixture: &Fixture, events: IngestAgentEvents) {
    fixture.accept(events).await;
    fixture.settle_commands().await;
}

/// The types of a job's lifecycle, in order.
pub async fn lifecycle(fixture: &Fixture) -> Vec<String> {
    fixture.texts("SELECT substr(type, 5) FROM events WHERE type GLOB 'job.*' ORDER BY pos").await
}

/// Status and attempts of the only job.
pub async fn job(fixture: &Fixture) -> (String, i64) {
    let rows = fixture.rows("SELECT status, attempts FROM jobs").await;
    assert_eq!(rows.len(), 1, "one job");
    (rows[0][0].as_str().expect("a status").to_owned(), rows[0][1].as_i64().expect("attempts"))
}

/// `job-event` as the event's payload wants it: it fails with the class `fail`, panics for `panic`, and otherwise makes one
/// observation.
pub struct Obedient;

impl Function for Obedient {
    const NAME: &'static str = "job-event";
    const TRIGGER: Trigger = Trigger::Job(JobKind::Event);
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, _doorbell: CloudEvent) -> Result<(), HandlerError> {
        lane::handle::<Self>(ctx).await
    }
}

impl Lane for Obedient {
    const LANE: JobKind = JobKind::Event;

    async fn work(_ctx: &Ctx, _job: &JobRow, source: Source) -> Result<Made, GenerationError> {
        let material = match source {
            Source::Material(material) => material,
            Source::Refused(error) => return Err(error),
            Source::Index(_) => unreachable!("no reindex comes to this lane"),
        };
        let wish = &material.events[0].payload;
        assert!(wish["panic"].is_null(), "as it was told to");
        if let Some(class) = wish["fail"].as_str() {
            let class = ErrorClass::parse(class).expect("a class");
            let retry_after = wish["retry_after"].as_u64().map(std::time::Duration::from_secs);
            return Err(GenerationError { class, detail: "as it was told to".to_owned(), retry_after });
        }
        let draft = Draft {
            kind: ObservationKind::Note,
            title: wish["text"].as_str().unwrap_or("a note").to_owned(),
            body: String::new(),
            sources: Vec::new(),
        };
        Ok(Made { drafts: vec![draft], ..Made::default() })
    }
}
