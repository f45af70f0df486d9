//! Values every layer shares: who acts, within which tenant, and the closed word lists of the vocabulary.

mod run;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use run::{AgentHealth, AgentStatus, RunMode, RunState, ValidationStatus};

/// Team and project: every row carries both, every statement names both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Owner of everything inside.
    pub team_id: String,
    /// Project slug, unique in the whole database.
    pub project_id: String,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub actor_type: ActorType,
    /// Its name, 1 to 128 characters.
    pub actor_name: String,
}

impl Actor {
    /// The server itself, acting through the function `name`.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { actor_type: ActorType::System, actor_name: name.to_owned() }
    }

    /// `type:name`, the form in which an actor scopes idempotency keys.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.actor_type, self.actor_name)
    }
}

/// A closed list of words. Input is trimmed and lower-cased before it is matched.
pub trait Word: Copy + PartialEq + 'static {
    /// What the list is called in messages.
    const NAME: &'static str;
    /// Every word with its value, in the order of the vocabulary.
    const ALL: &'static [(&'static str, Self)];

    /// The word for this value.
    #[must_use]
    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// The value of a word.
    ///
    /// # Errors
    /// Names the allowed words when `text` is none of them.
    fn parse(text: &str) -> Result<Self, UnknownWord> {
        let wanted = text.trim().to_lowercase();
        Self::ALL
            .iter()
            .find(|(word, _)| *word == wanted)
            .map(|(_, value)| *value)
            .ok_or_else(|| UnknownWord { name: Self::NAME, allowed: Self::ALL.iter().map(|(word, _)| *word).collect() })
    }
}

/// A word outside its list.
#[derive(Debug, thiserror::Error)]
#[error("{name} must be one of {}", allowed.join(", "))]
pub struct UnknownWord {
    name: &'static str,
    allowed: Vec<&'static str>,
}

/// Serde form of [`Word::parse`].
fn word<'de, D: Deserializer<'de>, W: Word>(deserializer: D) -> Result<W, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    W::parse(&text).map_err(serde::de::Error::custom)
}

/// What kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// A coding agent.
    Agent,
    /// A person who runs the fleet.
    Operator,
    /// Any other person.
    Human,
    /// The server itself.
    System,
}

impl Word for ActorType {
    const NAME: &'static str = "actor_type";
    const ALL: &'static [(&'static str, Self)] =
        &[("agent", Self::Agent), ("operator", Self::Operator), ("human", Self::Human), ("system", Self::System)];
}

impl<'de> Deserialize<'de> for ActorType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

impl fmt::Display for ActorType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What kind of viewer has seen something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewerType {
    /// A person.
    Human,
    /// A coding agent.
    Agent,
}

impl Word for ViewerType {
    const NAME: &'static str = "viewer_type";
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("agent", Self::Agent)];
}

impl<'de> Deserialize<'de> for ViewerType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

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

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum KeyScope {
    /// Read the forum.
    #[serde(rename = "forum:read")]
    ForumRead,
    /// Write to the forum.
    #[serde(rename = "forum:write")]
    ForumWrite,
    /// Read agent events, jobs and observations.
    #[serde(rename = "memories:read")]
    MemoriesRead,
    /// Write agent events.
    #[serde(rename = "memories:write")]
    MemoriesWrite,
    /// Everything.
    #[serde(rename = "admin")]
    Admin,
}

impl Word for KeyScope {
    const NAME: &'static str = "scope";
    const ALL: &'static [(&'static str, Self)] = &[
        ("forum:read", Self::ForumRead),
        ("forum:write", Self::ForumWrite),
        ("memories:read", Self::MemoriesRead),
        ("memories:write", Self::MemoriesWrite),
        ("admin", Self::Admin),
    ];

    fn parse(text: &str) -> Result<Self, UnknownWord> {
        let wanted = text.trim().to_lowercase();
        let wanted = if wanted == "*" { "admin" } else { wanted.as_str() };
        Self::ALL
            .iter()
            .find(|(word, _)| *word == wanted)
            .map(|(_, value)| *value)
            .ok_or_else(|| UnknownWord { name: Self::NAME, allowed: Self::ALL.iter().map(|(word, _)| *word).collect() })
    }
}

impl<'de> Deserialize<'de> for KeyScope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_trimmed_and_lower_cased_and_unknown_ones_name_the_allowed() {
        assert_eq!(Priority::parse("  URGENT ").ok(), Some(Priority::Urgent));
        let error = Priority::parse("asap").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("priority must be one of low, normal, high, urgent"));
        assert_eq!(KeyScope::parse("*").ok(), Some(KeyScope::Admin));
    }

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
