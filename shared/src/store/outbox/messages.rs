//! The messages that claimed rows stand for: each row names an event, a command or a redriven dead letter.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{About, ClaimedRow};
use crate::clock::Time;
use crate::message::envelope::CloudEvent;
use crate::store::connection::Row;
use crate::store::{Store, StoreError, events};

/// The texts of the messages of claimed rows, in their order. A row whose subject is gone has none.
///
/// # Errors
/// When the store fails.
pub async fn messages(store: &Store, rows: &[ClaimedRow]) -> Result<Vec<Option<Arc<str>>>, StoreError> {
    let positions = list(rows, |about| if let About::Pos(pos) = about { Some(*pos) } else { None });
    let sequences = list(rows, |about| if let About::Seq(seq) = about { Some(*seq) } else { None });
    let letters = list(rows, |about| if let About::DeadLetter(id) = about { Some(id.clone()) } else { None });
    let (mut subjects, letters) = store
        .read(move |reader| {
            let mut subjects = HashMap::new();
            if let Some(positions) = positions {
                for row in reader.rows(include_str!("../sql/read_outbox_events.sql"), vec![positions.into()])? {
                    let event = events::event(row)?;
                    subjects.insert(About::Pos(event.pos), Subject::from(event));
                }
            }
            if let Some(sequences) = sequences {
                for row in reader.rows(include_str!("../sql/read_outbox_commands.sql"), vec![sequences.into()])? {
                    let (seq, subject) = command_subject(row)?;
                    subjects.insert(About::Seq(seq), subject);
                }
            }
            let mut kept = HashMap::new();
            if let Some(letters) = letters {
                const SQL: &str = "SELECT id, payload FROM dead_letters WHERE id IN (SELECT value FROM json_each(?1))";
                for row in reader.rows(SQL, vec![letters.into()])? {
                    let mut columns = row.columns();
                    kept.insert(About::DeadLetter(columns.text()?), Arc::<str>::from(columns.text()?));
                }
            }
            Ok((subjects, kept))
        })
        .await?;
    let text = |row: &ClaimedRow| match &row.about {
        about @ About::DeadLetter(_) => letters.get(about).cloned(),
        about => subjects.remove(about).map(|subject| text_of(&subject.envelope(row))),
    };
    Ok(rows.iter().map(text).collect())
}

fn text_of(envelope: &CloudEvent) -> Arc<str> {
    serde_json::to_string(envelope).unwrap_or_default().into()
}

/// What `pick` finds in the rows, as a JSON list; nothing if that is none.
fn list<T: Serialize>(rows: &[ClaimedRow], pick: fn(&About) -> Option<T>) -> Option<String> {
    let picked: Vec<T> = rows.iter().filter_map(|row| pick(&row.about)).collect();
    (!picked.is_empty()).then(|| serde_json::to_string(&picked).unwrap_or_default())
}

/// What an envelope says about its row.
struct Subject {
    name: String,
    stream: String,
    correlation_id: String,
    causation_id: Option<String>,
    traceparent: Option<String>,
    time: Time,
    data: Box<RawValue>,
}

impl From<crate::message::event::LogEvent> for Subject {
    fn from(event: crate::message::event::LogEvent) -> Self {
        Self {
            name: event.event_type,
            stream: event.stream,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            traceparent: event.traceparent,
            time: event.occurred_at,
            data: event.payload,
        }
    }
}

fn command_subject(row: Row) -> Result<(i64, Subject), StoreError> {
    let mut columns = row.columns();
    let seq = columns.integer()?;
    let subject = Subject {
        name: columns.text()?,
        stream: columns.text()?,
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        time: columns.time()?,
        data: RawValue::from_string(columns.text()?).map_err(|error| StoreError::Row(error.to_string()))?,
    };
    Ok((seq, subject))
}

impl Subject {
    fn envelope(self, row: &ClaimedRow) -> CloudEvent {
        let (sequence, reference) = match &row.about {
            About::Pos(pos) => (*pos, format!("events/{pos}")),
            About::Seq(seq) => (*seq, format!("commands/{seq}")),
            About::DeadLetter(id) => (0, format!("dead-letters/{id}")),
        };
        let envelope = CloudEvent {
            specversion: "1.0".to_owned(),
            id: row.message_id.clone(),
            source: CloudEvent::source_of(&row.scope),
            message_type: self.name,
            subject: self.stream,
            time: self.time.to_string(),
            sequence,
            correlationid: self.correlation_id,
            causationid: self.causation_id,
            traceparent: self.traceparent,
            dataref: None,
            data: None,
        };
        envelope.carrying(self.data, reference)
    }
}
