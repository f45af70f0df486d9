//! Values every layer shares: who acts, within which tenant, and the closed word lists of the vocabulary.

mod memory;
mod notification;
pub mod privacy;
mod pull_request;
mod run;
mod session;
mod thread;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use memory::{ErrorClass, JobKind, JobStatus, ObservationKind};
pub use notification::NotificationKind;
pub use pull_request::{CheckStatus, Mergeability, PrCi, PrReview, PrState};
pub use run::{AgentHealth, AgentStatus, RunMode, RunState, ValidationStatus};
pub use session::{Activity, ProbeResult, SessionEnd, SessionKind, SessionState, SessionStatus, TerminationReason};
pub use thread::{GuidanceStatus, OnTimeout, PostKind, Priority, ThreadKind, ThreadState};

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
}
