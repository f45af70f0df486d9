//! The settings that take one word of a few, as enums. The word lists feed the table, so help and errors name the same words.

/// What carries messages between functions (`transport`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// In this process, with visibility timeouts.
    Memory,
    /// Streams of a Redis server.
    Redis,
    /// Queues of AWS SQS.
    Sqs,
}

impl TransportKind {
    pub(super) const WORDS: &[&str] = &["memory", "redis", "sqs"];

    /// The word in configuration and in `/info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Sqs => "sqs",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Memory, Self::Redis, Self::Sqs].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How callers prove who they are (`auth.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// One owner key in a file beside the database and a printed login link; on loopback only.
    Local,
    /// API keys made by an administrator; nothing is created by itself.
    Keys,
}

impl AuthMode {
    pub(super) const WORDS: &[&str] = &["local", "keys"];

    /// The word in configuration and in the runtime file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Keys => "keys",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "local" => Some(Self::Local),
            "keys" => Some(Self::Keys),
            _ => None,
        }
    }
}

/// Who makes observations (`generation.provider`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// The built-in one, offline.
    Extractive,
    /// The Anthropic Messages API.
    Anthropic,
    /// A server that speaks the chat completions of OpenAI.
    OpenaiCompatible,
    /// Nobody.
    None,
}

impl ProviderKind {
    pub(super) const WORDS: &[&str] = &["extractive", "anthropic", "openai-compatible", "none"];

    /// The word in configuration and in `/info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extractive => "extractive",
            Self::Anthropic => "anthropic",
            Self::OpenaiCompatible => "openai-compatible",
            Self::None => "none",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Extractive, Self::Anthropic, Self::OpenaiCompatible, Self::None]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Form of the process's log lines (`log.format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    pub(super) const WORDS: &[&str] = &["text", "json"];

    /// The word in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
