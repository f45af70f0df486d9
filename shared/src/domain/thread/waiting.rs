//! A thread that waits: answering it, and what becomes of it when nobody does.

use std::time::Duration;

use super::{Answer, Escalated, Facts, PostAdded, Signalled, StateChanged, Thread, ThreadEvent};
use crate::clock::Time;
use crate::error::{Code, Rejection};
use crate::message::command::{ControlPayload, EscalationReason, GuidanceAnswer};
use crate::value::{ActorType, GuidanceStatus, OnTimeout, PostKind, Priority, ThreadKind, ThreadState};

/// An answer as it is given, by whatever way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text.
    pub answer: String,
    /// The option chosen, if one was.
    pub option: Option<String>,
    /// Whether it may take the place of a person's answer.
    pub amend: bool,
}

/// An earlier guidance request of a control thread, as far as an answer to it must know.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierRequest {
    /// Its post.
    pub request_id: String,
    /// The agent's own name of it.
    pub client_key: Option<String>,
    /// What became of it.
    pub status: GuidanceStatus,
    /// Its answer.
    pub answer: Option<Answer>,
}

impl Thread {
    /// What answering the thread's present question leads to: a post, and the thread is answered, in one.
    ///
    /// # Errors
    /// `unknown_option`, `already_answered` with the winning answer, `invalid_actor`, `illegal_transition`.
    pub fn answered(&self, given: Given, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
        self.expect_option(given.option.as_ref())?;
        if self.kind == ThreadKind::Control {
            return self.answered_by_signal(given, self.request_id.clone(), facts);
        }
        if let Some(standing) = self.standing(given.amend).filter(|_| self.state == ThreadState::Answered) {
            return Err(already_answered(standing));
        }
        let post = ThreadEvent::PostAdded(PostAdded {
            post_id: facts.post_id.clone(),
            kind: PostKind::GuidanceAnswer,
            body: given.answer,
            option: given.option,
        });
        let (from, to) = (self.state, ThreadState::Answered);
        if from == to {
            return Ok(vec![post]);
        }
        self.expect_move(to)?;
        Ok(vec![post, ThreadEvent::StateChanged(StateChanged { from, to })])
    }

    /// The answer of a control thread, to its present request or to `request_id`, which is none or another.
    ///
    /// # Errors
    /// `already_answered` with the winning answer, `invalid_actor`.
    pub fn answered_by_signal(
        &self,
        given: Given,
        request_id: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<ThreadEvent>, Rejection> {
        let (Some(run_id), Some(agent_name)) = (self.run_id.clone(), self.agent_name.clone()) else {
            return Err(Rejection::new(Code::NotFound, "the control thread belongs to no agent of a run"));
        };
        if facts.actor.actor_type == ActorType::Agent {
            return Err(Rejection::new(Code::InvalidActor, "guidance is answered by a person, not by an agent"));
        }
        let counts = request_id.is_some() && request_id == self.request_id;
        if let Some(standing) = self.standing(given.amend).filter(|_| counts) {
            return Err(already_answered(standing));
        }
        let control = ControlPayload::GuidanceAnswer(GuidanceAnswer {
            schema_version: 1,
            run_id,
            agent_name,
            answer: given.answer,
            option: given.option,
            request_id: request_id.clone(),
        });
        Ok(vec![ThreadEvent::Signalled(Signalled {
            post_id: facts.post_id.clone(),
            kind: control.kind(),
            control,
            request_id,
            auto: facts.actor.actor_type == ActorType::System,
            counts,
        })])
    }

    /// The answer in force, if a person gave it and it may not be amended.
    fn standing(&self, amend: bool) -> Option<&Answer> {
        self.answer.as_ref().filter(|standing| standing.by_a_person() && !amend)
    }

    /// Checks that a chosen option is one of the question's.
    ///
    /// # Errors
    /// `unknown_option` with the options.
    pub fn expect_option(&self, option: Option<&String>) -> Result<(), Rejection> {
        match option.filter(|option| !self.options.contains(option)) {
            None => Ok(()),
            Some(option) => {
                Err(Rejection::new(Code::UnknownOption, format!("{option:?} is not one of the thread's options"))
                    .with("options", self.options.clone()))
            }
        }
    }

    /// Whether the thread asks for attention whatever its age: it waits for a person and is urgent, or its deadline passed.
    #[must_use]
    pub fn is_pressing(&self, now: Time) -> bool {
        let waits = matches!(self.state, ThreadState::New | ThreadState::WaitingHuman);
        let urgent = self.kind == ThreadKind::Question && matches!(self.priority, Priority::High | Priority::Urgent);
        let late = self.guidance_status.is_some_and(GuidanceStatus::is_open)
            && self.deadline.is_some_and(|deadline| deadline <= now);
        waits && (urgent || late)
    }

    /// What becomes of the thread when it is to be escalated for `why`, as seen at `at`; nothing if that is no longer so.
    #[must_use]
    pub fn escalated(&self, why: EscalationReason, at: Time, facts: &Facts) -> Vec<ThreadEvent> {
        let waits = matches!(self.state, ThreadState::New | ThreadState::WaitingHuman);
        let asks = self.guidance_status == Some(GuidanceStatus::Pending);
        let holds = match why {
            EscalationReason::Deadline => {
                return if asks && self.deadline == Some(at) && at <= facts.now {
                    self.timed_out(facts)
                } else {
                    vec![]
                };
            }
            EscalationReason::Priority => waits && self.is_pressing(facts.now),
            EscalationReason::Age => waits && self.updated_at == at,
            EscalationReason::Operator => {
                self.guidance_status.is_some_and(GuidanceStatus::is_open) && self.asked_at == Some(at)
            }
        };
        if !holds || self.escalated_at.is_some() {
            return Vec::new();
        }
        vec![self.call_for_attention(why, None, facts.now)]
    }

    /// What the deadline does to the open question (SPEC SIGNAL-11).
    fn timed_out(&self, facts: &Facts) -> Vec<ThreadEvent> {
        match (self.on_timeout, &self.default) {
            (OnTimeout::Default, Some(default)) => {
                let option = self.options.contains(default).then(|| default.clone());
                let given = Given { answer: default.clone(), option, amend: false };
                // The default was checked when the question was asked, and an open question may be answered.
                self.answered(given, facts).unwrap_or_default()
            }
            (OnTimeout::Park, _) => {
                vec![self.call_for_attention(EscalationReason::Deadline, Some(GuidanceStatus::NoAnswer), facts.now)]
            }
            _ if self.escalated_at.is_some() => Vec::new(),
            _ => vec![self.call_for_attention(EscalationReason::Deadline, None, facts.now)],
        }
    }

    fn call_for_attention(&self, why: EscalationReason, status: Option<GuidanceStatus>, now: Time) -> ThreadEvent {
        let since = self.asked_at.filter(|_| why != EscalationReason::Age).unwrap_or(self.updated_at);
        let waiting: Duration = now.since(since);
        ThreadEvent::Escalated(Escalated {
            why,
            waiting_seconds: waiting.as_secs(),
            guidance_status: status,
            request_id: status.and_then(|_| self.request_id.clone()),
        })
    }
}

/// The refusal that tells the loser of a race the same truth as the winner.
#[must_use]
pub fn already_answered(standing: &Answer) -> Rejection {
    Rejection::new(Code::AlreadyAnswered, format!("{} answered already", standing.answered_by))
        .with("answer", serde_json::to_value(standing).unwrap_or_default())
}

/// What a reader of a guidance sees (SPEC SIGNAL-13): a status that no missing answer can be mistaken for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Guidance {
    /// The request: its post.
    pub request_id: String,
    /// What became of it.
    pub status: GuidanceStatus,
    /// The text of the answer in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The option chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// Whether the system answered because the deadline passed.
    pub auto: bool,
    /// While there is no answer: when to ask again, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_poll_ms: Option<u64>,
}

/// When to look again for an answer.
const NEXT_POLL_MS: u64 = 5000;

impl Guidance {
    /// How a request stands.
    #[must_use]
    pub fn of(request_id: String, status: GuidanceStatus, answer: Option<&Answer>) -> Self {
        Self {
            request_id,
            status,
            answer: answer.map(|answer| answer.answer.clone()),
            option: answer.and_then(|answer| answer.option.clone()),
            answered_by: answer.map(|answer| answer.answered_by.clone()),
            auto: answer.is_some_and(|answer| answer.auto),
            next_poll_ms: status.is_open().then_some(NEXT_POLL_MS),
        }
    }
}
