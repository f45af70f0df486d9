//! What can happen to a thread, as the log keeps it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::message::command::{ControlPayload, EscalationReason};
use crate::message::event::types;
use crate::value::{Actor, ActorType, GuidanceStatus, OnTimeout, PostKind, Priority, ThreadKind, ThreadState};

use super::{Facts, Place, SyncTrigger};

/// The answer in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The text.
    pub answer: String,
    /// The option chosen, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Who answered.
    pub answered_by: String,
    /// What kind of actor answered.
    pub answered_by_type: ActorType,
    /// When, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub answered_at: Time,
    /// Whether the system answered because a deadline passed.
    pub auto: bool,
}

impl Answer {
    /// Whether a person gave it.
    #[must_use]
    pub fn by_a_person(&self) -> bool {
        matches!(self.answered_by_type, ActorType::Human | ActorType::Operator)
    }
}

/// Payload of `forum.thread.opened`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Opened {
    /// Title.
    pub title: String,
    /// Body of the first post.
    pub body: String,
    /// Id of the first post.
    pub post_id: String,
    /// What the thread is for.
    pub kind: ThreadKind,
    /// Initial state.
    pub state: ThreadState,
    /// Urgency.
    pub priority: Priority,
    /// Who should answer.
    pub assignee: Option<String>,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    pub default: Option<String>,
    /// Until when an answer is wanted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// What the deadline does.
    pub on_timeout: OnTimeout,
    /// Where it stands in the fleet. The event's envelope says so, not its payload.
    #[serde(skip)]
    pub place: Place,
}

impl Opened {
    /// A control thread. It waits for nobody until its agent asks.
    #[must_use]
    pub fn control(whose: &str, place: Place, facts: &Facts) -> Self {
        let body = match &place.run_id {
            Some(run_id) => format!("Signals of {whose} in {run_id}, and what they are answered."),
            None => format!("What is said to {whose}."),
        };
        Self {
            title: format!("Control of {whose}").chars().take(200).collect(),
            body,
            post_id: facts.opening_post_id.clone(),
            kind: ThreadKind::Control,
            state: ThreadState::Triaged,
            priority: Priority::Normal,
            assignee: None,
            options: Vec::new(),
            default: None,
            deadline: None,
            on_timeout: OnTimeout::Wait,
            place,
        }
    }
}

/// Payload of `forum.post.added`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostAdded {
    /// Id of the post.
    pub post_id: String,
    /// What the post is.
    pub kind: PostKind,
    /// Text.
    pub body: String,
    /// The option chosen, on an answer.
    pub option: Option<String>,
}

/// Payload of `forum.control.signal`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signalled {
    /// Id of the post.
    pub post_id: String,
    /// What the post is.
    pub kind: PostKind,
    /// What was said.
    pub control: ControlPayload,
    /// The guidance request that it made or answers.
    pub request_id: Option<String>,
    /// Whether the system said it because a deadline passed.
    pub auto: bool,
    /// Whether it changed where the guidance or the work stands. An answer to a request that was superseded does not.
    pub counts: bool,
}

/// Payload of `forum.sla.escalation_requested`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Escalated {
    /// Why.
    pub why: EscalationReason,
    /// How long it has waited, in whole seconds.
    pub waiting_seconds: u64,
    /// `no_answer`, when the deadline ended the waiting for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance_status: Option<GuidanceStatus>,
    /// The question that has no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Payload of `forum.state.changed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StateChanged {
    /// State before.
    pub from: ThreadState,
    /// State after.
    pub to: ThreadState,
}

/// Payload of `forum.assigned`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Assigned {
    /// Who should have answered until now.
    pub from: Option<String>,
    /// Who should answer from now on; nobody in particular if absent.
    pub to: Option<String>,
}

/// Payload of `forum.priority.changed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriorityChanged {
    /// Urgency before.
    pub from: Priority,
    /// Urgency after.
    pub to: Priority,
}

/// Payload of `forum.thread.closed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Closed {
    /// State before.
    pub from: ThreadState,
    /// Why.
    pub reason: Option<String>,
}

/// What can happen to a thread. Serialises to the payload alone; the type stands beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ThreadEvent {
    /// It began.
    Opened(Opened),
    /// Somebody wrote.
    PostAdded(PostAdded),
    /// An agent, or whoever answers it, said something that decisions read.
    Signalled(Signalled),
    /// Somebody else should answer.
    Assigned(Assigned),
    /// It became more or less urgent.
    PriorityChanged(PriorityChanged),
    /// It moved.
    StateChanged(StateChanged),
    /// It ended.
    Closed(Closed),
    /// It wants attention.
    Escalated(Escalated),
}

impl ThreadEvent {
    /// The event's type in the log.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Opened(_) => types::THREAD_OPENED,
            Self::PostAdded(_) => types::POST_ADDED,
            Self::Signalled(_) => types::CONTROL_SIGNAL,
            Self::Assigned(_) => types::ASSIGNED,
            Self::PriorityChanged(_) => types::PRIORITY_CHANGED,
            Self::StateChanged(_) => types::STATE_CHANGED,
            Self::Closed(_) => types::THREAD_CLOSED,
            Self::Escalated(_) => types::ESCALATION_REQUESTED,
        }
    }

    /// Reads an event of the log back; `None` for a type that is not a thread's.
    ///
    /// # Errors
    /// When the payload is not what its type says.
    pub fn read(event_type: &str, payload: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(Some(match event_type {
            types::THREAD_OPENED => Self::Opened(serde_json::from_str(payload)?),
            types::POST_ADDED => Self::PostAdded(serde_json::from_str(payload)?),
            types::CONTROL_SIGNAL => Self::Signalled(serde_json::from_str(payload)?),
            types::ASSIGNED => Self::Assigned(serde_json::from_str(payload)?),
            types::PRIORITY_CHANGED => Self::PriorityChanged(serde_json::from_str(payload)?),
            types::STATE_CHANGED => Self::StateChanged(serde_json::from_str(payload)?),
            types::THREAD_CLOSED => Self::Closed(serde_json::from_str(payload)?),
            types::ESCALATION_REQUESTED => Self::Escalated(serde_json::from_str(payload)?),
            _ => return Ok(None),
        }))
    }
}

impl Signalled {
    /// The state that the thread moves to by it; none when it stays.
    #[must_use]
    pub fn moves_to(&self) -> Option<ThreadState> {
        match self.control {
            ControlPayload::GuidanceRequest(_) => Some(ThreadState::WaitingHuman),
            ControlPayload::GuidanceAnswer(_) => self.counts.then_some(ThreadState::Answered),
            ControlPayload::Completion(_) | ControlPayload::Validation(_) => None,
        }
    }

    /// Where the guidance stands by it; none when it stands where it stood.
    #[must_use]
    pub fn guidance_status(&self) -> Option<GuidanceStatus> {
        match self.control {
            ControlPayload::GuidanceRequest(_) => Some(GuidanceStatus::Pending),
            ControlPayload::GuidanceAnswer(_) if self.counts && self.auto => Some(GuidanceStatus::AutoAnswered),
            ControlPayload::GuidanceAnswer(_) if self.counts => Some(GuidanceStatus::Answered),
            _ => None,
        }
    }
}

impl ThreadEvent {
    /// The answer that it puts in force, given by `actor` at `at`.
    #[must_use]
    pub fn answer(&self, actor: &Actor, at: Time) -> Option<Answer> {
        let (answer, option) = match self {
            Self::PostAdded(post) if post.kind == PostKind::GuidanceAnswer => (&post.body, &post.option),
            Self::Signalled(Signalled { control: ControlPayload::GuidanceAnswer(given), counts: true, .. }) => {
                (&given.answer, &given.option)
            }
            _ => return None,
        };
        Some(Answer {
            answer: answer.clone(),
            option: option.clone(),
            answered_by: actor.actor_name.clone(),
            answered_by_type: actor.actor_type,
            answered_at: at,
            auto: actor.actor_type == ActorType::System,
        })
    }

    /// Whether what happened should find its way into the documentation.
    #[must_use]
    pub fn sync_trigger(&self) -> Option<SyncTrigger> {
        match self {
            Self::PostAdded(post) if post.kind == PostKind::GuidanceAnswer => Some(SyncTrigger::Answered),
            Self::Closed(_) => Some(SyncTrigger::Closed),
            _ => None,
        }
    }
}
