//! Making observations: what a provider is given, what it gives back, and the providers. One is chosen by configuration;
//! one that fails is never replaced by another.

mod answer;
mod anthropic;
mod extractive;
mod http;
mod openai;
mod prompt;

use std::time::Duration;

use crate::clock::Time;
use crate::config::{Generation, ProviderKind};
use crate::value::{ErrorClass, JobKind, ObservationKind};

pub use http::{ProviderError, Remote};

/// Most characters of a title.
pub const TITLE_MAX: usize = 200;
/// Most characters of a body.
pub const BODY_MAX: usize = 8000;
/// Most agent events that an observation names as its sources.
pub const SOURCES_MAX: usize = 50;
/// Most observations of one job.
pub const DRAFTS_MAX: usize = 20;

/// What observations are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// What is asked for.
    pub kind: JobKind,
    /// The session it is about, if it is about one.
    pub session: Option<SessionFacts>,
    /// In the order in which they happened. Of a summary: those of the whole session, or its newest.
    pub events: Vec<SourceEvent>,
    /// What was observed in the session already, oldest first; of a summary only.
    pub observations: Vec<Known>,
    /// The session's pull requests; of a summary only.
    pub pull_requests: Vec<PullRequestFact>,
    /// Whether there was more than is given.
    pub truncated: bool,
}

/// What is known of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionFacts {
    /// Its identity.
    pub session_id: String,
    /// Ticket it works on.
    pub ticket: Option<String>,
    /// Run it belongs to.
    pub run_id: Option<String>,
    /// Its agent.
    pub agent_name: Option<String>,
    /// Branch it works on.
    pub branch: Option<String>,
    /// What it was asked to do.
    pub prompt: Option<String>,
    /// How it ended, such as `done` or `runtime_lost`; none while it goes on.
    pub outcome: Option<String>,
    /// What was said about its end.
    pub end_reason: Option<String>,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// One agent event, without private text.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceEvent {
    /// Its identity.
    pub agent_event_id: String,
    /// What happened, in the words of whoever sent it.
    pub event_type: String,
    /// When.
    pub occurred_at: Time,
    /// What was said of it.
    pub payload: serde_json::Value,
}

/// An observation that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What it is about.
    pub kind: ObservationKind,
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
}

/// What is known of a pull request.
#[derive(Clone, Debug, PartialEq)]
pub struct PullRequestFact {
    /// Address.
    pub url: String,
    /// Title.
    pub title: Option<String>,
    /// `draft`, `open`, `merged` or `closed`.
    pub state: String,
    /// `unknown`, `pending`, `passing` or `failing`.
    pub ci: String,
}

/// What a provider made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// In the order of their importance; none if nothing is worth keeping.
    pub drafts: Vec<Draft>,
    /// What it took.
    pub usage: Usage,
}

/// An observation about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is about.
    pub kind: ObservationKind,
    /// One line, 1 to [`TITLE_MAX`] characters.
    pub title: String,
    /// At most [`BODY_MAX`] characters.
    pub body: String,
    /// The agent events it was made of, at most [`SOURCES_MAX`]; all of the material's if it names none.
    pub sources: Vec<String>,
}

/// What a job took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The provider's name.
    pub provider: &'static str,
    /// The model, if there is one.
    pub model: Option<String>,
    /// Tokens it read.
    pub input_tokens: u64,
    /// Tokens it wrote.
    pub output_tokens: u64,
    /// Millionths of a US dollar, by the configured prices.
    pub cost_microdollars: u64,
}

/// Why nothing was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct GenerationError {
    /// Decides whether it is tried again.
    pub class: ErrorClass,
    /// For a person; without secrets, and without what the provider was given.
    pub detail: String,
    /// When the provider is willing again, if it said so.
    pub retry_after: Option<Duration>,
}

impl GenerationError {
    /// An error that says nothing of when to come back.
    #[must_use]
    pub fn new(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into(), retry_after: None }
    }
}

/// Who makes observations.
#[derive(Clone)]
pub enum Provider {
    /// Nobody: lanes that need a provider are disabled.
    None,
    /// The built-in one: offline, and the same for the same material.
    Extractive,
    /// The Anthropic Messages API.
    Anthropic(Remote),
    /// A server that speaks the chat completions of OpenAI.
    OpenAi(Remote),
}

impl Provider {
    /// The one that the settings name.
    ///
    /// # Errors
    /// When a setting of it cannot be.
    pub fn of(config: &Generation) -> Result<Self, ProviderError> {
        Ok(match config.provider {
            ProviderKind::None => Self::None,
            ProviderKind::Extractive => Self::Extractive,
            ProviderKind::Anthropic => Self::Anthropic(Remote::new(config)?),
            ProviderKind::OpenaiCompatible => Self::OpenAi(Remote::new(config)?),
        })
    }

    /// Its name, as in the settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Extractive => "extractive",
            Self::Anthropic(_) => "anthropic",
            Self::OpenAi(_) => "openai-compatible",
        }
    }

    /// Its server; none of a provider that has none.
    #[must_use]
    pub fn remote(&self) -> Option<&Remote> {
        match self {
            Self::None | Self::Extractive => None,
            Self::Anthropic(remote) | Self::OpenAi(remote) => Some(remote),
        }
    }

    /// Jobs it may work on at once.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        match self {
            Self::None | Self::Extractive => 1,
            Self::Anthropic(remote) | Self::OpenAi(remote) => remote.concurrency(),
        }
    }

    /// Makes observations of `material`. Titles and bodies are within their bounds, kinds and sources are known ones.
    ///
    /// # Errors
    /// With a class that decides whether it is tried again.
    pub async fn generate(&self, material: &Material) -> Result<Generated, GenerationError> {
        match self {
            Self::None => Err(GenerationError::new(ErrorClass::Unrecoverable, "generation is disabled")),
            Self::Extractive => Ok(extractive::generate(material)),
            Self::Anthropic(remote) => anthropic::generate(remote, material).await,
            Self::OpenAi(remote) => openai::generate(remote, material).await,
        }
    }
}
