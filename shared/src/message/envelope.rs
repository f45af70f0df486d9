//! The queue message: a CloudEvents 1.0 JSON envelope, so that outside consumers can read the topics too. For our own
//! functions it is a doorbell: they read the row it names and trust nothing else in it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::value::Scope;

/// Above this many bytes of data the envelope carries only a reference to the row.
pub const DATA_MAX_BYTES: usize = 200 * 1024;

/// A CloudEvents 1.0 envelope in structured JSON form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// `msg_` id; equal ids are the same message.
    pub id: String,
    /// `/teams/{team}/projects/{project}`.
    pub source: String,
    /// Event type or command name.
    #[serde(rename = "type")]
    pub message_type: String,
    /// The stream the row belongs to.
    pub subject: String,
    /// RFC 3339 time of the row.
    pub time: String,
    /// Position of the event in the log; commands carry their `seq`.
    pub sequence: i64,
    /// Ties together everything one request caused.
    pub correlationid: String,
    /// What caused this row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    /// W3C trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Where to read the data when it is too large to travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataref: Option<String>,
    /// Payload of the event or command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl CloudEvent {
    /// The `source` of a tenant.
    #[must_use]
    pub fn source_of(scope: &Scope) -> String {
        format!("/teams/{}/projects/{}", scope.team_id, scope.project_id)
    }

    /// The tenant that `source` names.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        let (team, project) = self.source.strip_prefix("/teams/")?.split_once("/projects/")?;
        let named = !team.is_empty() && !project.is_empty() && !project.contains('/');
        named.then(|| Scope { team_id: team.to_owned(), project_id: project.to_owned() })
    }

    /// Puts `data` into the envelope, or the reference when it is over [`DATA_MAX_BYTES`].
    #[must_use]
    pub fn carrying(mut self, data: Box<RawValue>, reference: String) -> Self {
        if data.get().len() > DATA_MAX_BYTES {
            self.dataref = Some(reference);
        } else {
            self.data = Some(data);
        }
        self
    }
}

/// What a schedule sends to its function: nothing but the ring itself.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Tick {}
