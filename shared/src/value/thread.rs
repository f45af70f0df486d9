//! The words of threads: their states and moves, kinds and urgency, what a post is, how a question stands.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Word, word};

/// How urgent a thread is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Soon.
    High,
    /// Now.
    Urgent,
}

impl Word for Priority {
    const NAME: &'static str = "priority";
    const ALL: &'static [(&'static str, Self)] =
        &[("low", Self::Low), ("normal", Self::Normal), ("high", Self::High), ("urgent", Self::Urgent)];
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    /// Opened, untouched.
    New,
    /// Seen and sorted.
    Triaged,
    /// Waits for an operator.
    WaitingOperator,
    /// Waits for a person.
    WaitingHuman,
    /// Has an answer.
    Answered,
    /// Final.
    Closed,
}

impl ThreadState {
    /// Whether a thread may move from this state to `to` (another one).
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        use ThreadState::{Answered, Closed, New, Triaged, WaitingHuman, WaitingOperator};
        match self {
            New => to != New,
            Triaged => !matches!(to, New | Triaged),
            WaitingOperator => matches!(to, WaitingHuman | Triaged | Answered | Closed),
            WaitingHuman => matches!(to, WaitingOperator | Triaged | Answered | Closed),
            Answered => matches!(to, WaitingOperator | WaitingHuman | Closed),
            Closed => false,
        }
    }
}

impl Word for ThreadState {
    const NAME: &'static str = "state";
    const ALL: &'static [(&'static str, Self)] = &[
        ("new", Self::New),
        ("triaged", Self::Triaged),
        ("waiting_operator", Self::WaitingOperator),
        ("waiting_human", Self::WaitingHuman),
        ("answered", Self::Answered),
        ("closed", Self::Closed),
    ];
}

impl<'de> Deserialize<'de> for ThreadState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What a thread is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadKind {
    /// Somebody asks.
    #[default]
    Question,
    /// Carries the control signals of one agent in one run.
    Control,
}

impl Word for ThreadKind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(&'static str, Self)] = &[("question", Self::Question), ("control", Self::Control)];
}

impl<'de> Deserialize<'de> for ThreadKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What a post is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// Plain text.
    #[default]
    Message,
    /// The system tells an agent what to look after.
    Nudge,
    /// An agent asks, and its run waits.
    GuidanceRequest,
    /// An answer to the thread's question.
    GuidanceAnswer,
    /// An agent says that its work is done.
    Completion,
    /// Somebody checked an agent's work.
    Validation,
}

impl Word for PostKind {
    const NAME: &'static str = "post kind";
    const ALL: &'static [(&'static str, Self)] = &[
        ("message", Self::Message),
        ("nudge", Self::Nudge),
        ("guidance_request", Self::GuidanceRequest),
        ("guidance_answer", Self::GuidanceAnswer),
        ("completion", Self::Completion),
        ("validation", Self::Validation),
    ];
}

impl<'de> Deserialize<'de> for PostKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// Whether a question has its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuidanceStatus {
    /// Still open.
    Pending,
    /// Somebody answered.
    Answered,
    /// The deadline passed, and the system answered with the default.
    AutoAnswered,
    /// The deadline passed without an answer. A person's answer still counts.
    NoAnswer,
    /// A newer request took its place.
    Superseded,
}

impl GuidanceStatus {
    /// Whether somebody still has to answer: the agent is blocked.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::NoAnswer)
    }
}

impl Word for GuidanceStatus {
    const NAME: &'static str = "guidance_status";
    const ALL: &'static [(&'static str, Self)] = &[
        ("pending", Self::Pending),
        ("answered", Self::Answered),
        ("auto_answered", Self::AutoAnswered),
        ("no_answer", Self::NoAnswer),
        ("superseded", Self::Superseded),
    ];
}

impl<'de> Deserialize<'de> for GuidanceStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

/// What happens when a question's deadline passes unanswered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// Keep waiting.
    #[default]
    Wait,
    /// Take the default answer.
    Default,
    /// Give up asking.
    Park,
}

impl Word for OnTimeout {
    const NAME: &'static str = "on_timeout";
    const ALL: &'static [(&'static str, Self)] =
        &[("wait", Self::Wait), ("default", Self::Default), ("park", Self::Park)];
}

impl<'de> Deserialize<'de> for OnTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-4
    #[test]
    fn threads_move_exactly_as_the_table_says() {
        let table = [
            ("new", "triaged waiting_operator waiting_human answered closed"),
            ("triaged", "waiting_operator waiting_human answered closed"),
            ("waiting_operator", "triaged waiting_human answered closed"),
            ("waiting_human", "triaged waiting_operator answered closed"),
            ("answered", "waiting_operator waiting_human closed"),
            ("closed", ""),
        ];
        for (from, allowed) in table {
            let from = ThreadState::parse(from).expect("a state");
            let moves: Vec<_> =
                ThreadState::ALL.iter().filter(|(_, to)| from.may_become(*to)).map(|(word, _)| *word).collect();
            assert_eq!(moves.join(" "), allowed, "from {from:?}");
        }
    }
}
