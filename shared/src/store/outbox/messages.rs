//! The messages that claimed rows stand for: each row names an event, a command, a job or a redriven dead letter.

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
    let jobs = list(rows, |about| if let About::Job(id) = about { Some(id.clone()) } else { None });
    let letters = list(rows, |about| if let About::DeadLetter(id) = about { Some(id.clone()) } else { None });
    let mut subjects = store
        .read(move |reader| {
            let mut subjects = Subjects::default();
            if let Some(positions) = positions {
                subjects
                    .add_events(reader.rows(include_str!("../sql/read_outbox_events.sql"), vec![positions.into()])?)?;
            }
            if let Some(sequences) = sequences {
                const SQL: &str = include_str!("../sql/read_outbox_commands.sql");
                subjects.add_commands(reader.rows(SQL, vec![sequences.into()])?)?;
            }
            if let Some(jobs) = jobs {
                subjects.add_jobs(reader.rows(include_str!("../sql/read_outbox_jobs.sql"), vec![jobs.into()])?)?;
            }
            if let Some(letters) = letters {
                const SQL: &str = "SELECT id, payload FROM dead_letters WHERE id IN (SELECT value FROM json_each(?1))";
                subjects.add_letters(reader.rows(SQL, vec![letters.into()])?)?;
            }
            Ok(subjects)
        })
        .await?;
    Ok(rows.iter().map(|row| subjects.text(row)).collect())
}

/// What messages are about, and what they say of it.
#[derive(Default)]
pub(super) struct Subjects {
    rows: HashMap<About, Subject>,
    /// Texts that dead letters kept.
    letters: HashMap<About, Arc<str>>,
}

impl Subjects {
    pub(super) fn add_events(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            let event = events::event(row)?;
            self.rows.insert(About::Pos(event.pos), Subject::from(event));
        }
        Ok(())
    }

    pub(super) fn add_commands(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            let (seq, subject) = command_subject(row)?;
            self.rows.insert(About::Seq(seq), subject);
        }
        Ok(())
    }

    pub(super) fn add_jobs(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            let (job_id, subject) = job_subject(row)?;
            self.rows.insert(About::Job(job_id), subject);
        }
        Ok(())
    }

    fn add_letters(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            let mut columns = row.columns();
            self.letters.insert(About::DeadLetter(columns.text()?), Arc::from(columns.text()?));
        }
        Ok(())
    }

    /// The message of a row; none if its subject is gone.
    pub(super) fn text(&mut self, row: &ClaimedRow) -> Option<Arc<str>> {
        match &row.about {
            about @ About::DeadLetter(_) => self.letters.get(about).cloned(),
            about => {
                let envelope = self.rows.remove(about)?.envelope(row);
                Some(serde_json::to_string(&envelope).unwrap_or_default().into())
            }
        }
    }
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

/// A job says by its topic which lane it is for; its subject is its stream.
fn job_subject(row: Row) -> Result<(String, Subject), StoreError> {
    let mut columns = row.columns();
    let (job_id, kind) = (columns.text()?, columns.text()?);
    let subject = Subject {
        name: format!("job.{kind}"),
        stream: format!("job/{job_id}"),
        correlation_id: columns.text()?,
        causation_id: columns.optional_text()?,
        traceparent: columns.optional_text()?,
        time: columns.time()?,
        data: RawValue::from_string(columns.text()?).map_err(|error| StoreError::Row(error.to_string()))?,
    };
    Ok((job_id, subject))
}

impl Subject {
    fn envelope(self, row: &ClaimedRow) -> CloudEvent {
        let (sequence, reference) = match &row.about {
            About::Pos(pos) => (*pos, format!("events/{pos}")),
            About::Seq(seq) => (*seq, format!("commands/{seq}")),
            About::Job(id) => (0, format!("jobs/{id}")),
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
