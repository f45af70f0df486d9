//! Events of the one ordered log, as stored and as shown.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::clock::Time;
use crate::value::ActorType;

/// Event types of the present release.
pub mod types {
    /// A thread began.
    pub const THREAD_OPENED: &str = "forum.thread.opened";
    /// A post was added to a thread.
    pub const POST_ADDED: &str = "forum.post.added";
    /// Somebody else should answer a thread.
    pub const ASSIGNED: &str = "forum.assigned";
    /// A thread became more or less urgent.
    pub const PRIORITY_CHANGED: &str = "forum.priority.changed";
    /// A thread moved to another state.
    pub const STATE_CHANGED: &str = "forum.state.changed";
    /// A thread was closed.
    pub const THREAD_CLOSED: &str = "forum.thread.closed";
    /// A control signal was sent.
    pub const CONTROL_SIGNAL: &str = "forum.control.signal";
    /// A thread waits too long, or is too urgent to wait.
    pub const ESCALATION_REQUESTED: &str = "forum.sla.escalation_requested";
    /// A run moved to another state.
    pub const RUN_STATE_CHANGED: &str = "run.state.changed";
    /// A session began.
    pub const SESSION_CREATED: &str = "session_created";
    /// A session's state, its end, its life or its activity changed.
    pub const SESSION_UPDATED: &str = "session_updated";
    /// A pull request was first observed.
    pub const PR_CREATED: &str = "pr_created";
    /// A pull request's state, checks, review or mergeability changed.
    pub const PR_UPDATED: &str = "pr_updated";
    /// A check of one commit stands otherwise.
    pub const PR_CHECK_RECORDED: &str = "pr_check_recorded";
    /// A pull request belongs to another session.
    pub const PR_SESSION_CHANGED: &str = "pr_session_changed";
    /// A pull request's comments changed.
    pub const PR_COMMENTS_CHANGED: &str = "pr_comments_changed";
    /// A person is told of something.
    pub const NOTIFICATION_CREATED: &str = "notification.created";
    /// What a person was told of is no longer so.
    pub const NOTIFICATION_RESOLVED: &str = "notification.resolved";
    /// An agent said what it did.
    pub const AGENT_EVENT_RECEIVED: &str = "agent_event.received";
    /// A job waits, for the first time or again.
    pub const JOB_QUEUED: &str = "job.queued";
    /// A job is in its lane's hands.
    pub const JOB_ENQUEUED: &str = "job.enqueued";
    /// A job is worked on.
    pub const JOB_PROCESSING: &str = "job.processing";
    /// A job failed and is tried again.
    pub const JOB_RETRY_SCHEDULED: &str = "job.retry_scheduled";
    /// A job is done.
    pub const JOB_COMPLETED: &str = "job.completed";
    /// A job was given up; or, with the source `publish`, its doorbell could not be rung.
    pub const JOB_FAILED: &str = "job.failed";
    /// A job was called off.
    pub const JOB_CANCELLED: &str = "job.cancelled";
    /// Something is remembered.
    pub const OBSERVATION_CREATED: &str = "observation.created";
    /// An observation's index entry was built again.
    pub const OBSERVATION_REINDEXED: &str = "observation.reindexed";
    /// What a thread came to should find its way into the documentation.
    pub const DOCS_SYNC_REQUESTED: &str = "forum.integration.docs_sync.requested";
    /// Every type, in the order of the vocabulary.
    pub const ALL: &[&str] = &[
        THREAD_OPENED,
        POST_ADDED,
        CONTROL_SIGNAL,
        ASSIGNED,
        PRIORITY_CHANGED,
        STATE_CHANGED,
        THREAD_CLOSED,
        ESCALATION_REQUESTED,
        DOCS_SYNC_REQUESTED,
        RUN_STATE_CHANGED,
        SESSION_CREATED,
        SESSION_UPDATED,
        PR_CREATED,
        PR_UPDATED,
        PR_CHECK_RECORDED,
        PR_SESSION_CHANGED,
        PR_COMMENTS_CHANGED,
        AGENT_EVENT_RECEIVED,
        JOB_QUEUED,
        JOB_ENQUEUED,
        JOB_PROCESSING,
        JOB_RETRY_SCHEDULED,
        JOB_COMPLETED,
        JOB_FAILED,
        JOB_CANCELLED,
        OBSERVATION_CREATED,
        OBSERVATION_REINDEXED,
        NOTIFICATION_CREATED,
        NOTIFICATION_RESOLVED,
    ];
}

/// The queue topic of an event type.
#[must_use]
pub fn topic_of(event_type: &str) -> String {
    if event_type.starts_with("forum.integration.") {
        return event_type.to_owned();
    }
    format!("forum.events.{}", event_type.strip_prefix("forum.").unwrap_or(event_type))
}

/// One row of the log (SPEC LOG-2).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogEvent {
    /// Position: 1, 2, 3, .. in the order of commits, without gaps.
    pub pos: i64,
    /// Identity.
    pub event_id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Version of the payload's shape.
    pub schema_version: i64,
    /// The stream it belongs to, such as `thread/thr_...`.
    pub stream: String,
    /// 1, 2, 3, .. within the stream.
    pub version: i64,
    /// Tenant.
    pub team_id: String,
    /// Tenant.
    pub project_id: String,
    /// Ticket, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Run, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Thread, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Session, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Agent, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Kind of actor who caused it.
    pub actor_type: ActorType,
    /// Who caused it.
    pub actor_name: String,
    /// Ties together everything one request caused.
    pub correlation_id: String,
    /// The event or command that caused this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// When it happened, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Time,
    /// When it was committed, RFC 3339 UTC; never decreases along `pos`.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Time,
    /// What the type says it carries.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_follow_from_types() {
        assert_eq!(topic_of(types::THREAD_OPENED), "forum.events.thread.opened");
        assert_eq!(topic_of("run.state.changed"), "forum.events.run.state.changed");
        assert_eq!(topic_of("forum.integration.docs_sync.requested"), "forum.integration.docs_sync.requested");
    }
}
