//! What is to be done: words to an agent, words to a person, and what is over.

use crate::clock::Time;
use crate::value::NotificationKind;

/// Words to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// Why.
    pub key: &'static str,
    /// About what.
    pub subject: String,
    /// What it tells of, each under its own name.
    pub covers: Vec<String>,
    /// Text.
    pub body: String,
    /// When a person is to be told if it lasts.
    pub escalate_at: Option<Time>,
}

/// Words to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What about.
    pub kind: NotificationKind,
    /// About which session, pull request or check.
    pub subject: String,
    /// One line.
    pub title: String,
    /// More.
    pub body: String,
    /// Where to look.
    pub url: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Tell the agent.
    pub nudges: Vec<Nudge>,
    /// Tell a person.
    pub raise: Vec<Notice>,
    /// Tell a person, once and for all: nothing is left to do about it.
    pub inform: Vec<Notice>,
    /// It no longer holds.
    pub resolve: Vec<(NotificationKind, String)>,
    /// What was said is over; should it come again, it is said again.
    pub forget: Vec<(String, String)>,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
