//! Settings of memory: agent events, the jobs they cause, and who makes observations of them.

use std::time::Duration;

use super::error::ConfigError;
use super::layers::Entries;
use super::private::Token;
use super::words::ProviderKind;
use crate::domain::job::RetryLimits;

/// Settings `generation.*`.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Who makes observations.
    pub provider: ProviderKind,
    /// The model, for providers that have several.
    pub model: Option<String>,
    /// Where the provider is, without the paths of its protocol.
    pub url: Option<String>,
    /// What proves to the provider who calls: settings `generation.key` and `generation.key_secret`.
    pub key: Token,
    /// How long one request may take.
    pub timeout: Duration,
    /// Requests of one lane at once.
    pub concurrency: usize,
    /// Most tokens of an answer.
    pub max_tokens: u32,
    /// US cents per million tokens read.
    pub input_price: u64,
    /// US cents per million tokens written.
    pub output_price: u64,
}

impl Generation {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            provider: entries.get("generation.provider")?,
            model: entries.get("generation.model")?,
            url: entries.get("generation.url")?,
            key: Token { text: entries.get("generation.key")?, secret: entries.get("generation.key_secret")? },
            timeout: entries.get("generation.timeout")?,
            concurrency: entries.get("generation.concurrency")?,
            max_tokens: entries.get("generation.max_tokens")?,
            input_price: u64::from(entries.get::<u32>("generation.input_price")?),
            output_price: u64::from(entries.get::<u32>("generation.output_price")?),
        })
    }
}

impl Entries {
    /// A provider that lives elsewhere needs to be told apart from others: a model, a key, and where the protocol has no one
    /// home, an address.
    pub(super) fn check_provider(&self) -> Result<(), ConfigError> {
        let provider = self.find("generation.provider")?;
        let needed: &[&str] = match provider.take::<ProviderKind>()? {
            ProviderKind::None | ProviderKind::Extractive => return Ok(()),
            ProviderKind::Anthropic => &["generation.model", "generation.key"],
            ProviderKind::OpenaiCompatible => &["generation.url", "generation.model", "generation.key"],
        };
        let stored = self.find("generation.key_secret")?.take::<Option<String>>()?.is_some();
        for entry in self.all().filter(|entry| needed.contains(&entry.key.name)) {
            let elsewhere = entry.key.name == "generation.key" && stored;
            if elsewhere || entry.take::<Option<String>>()?.is_some() {
                continue;
            }
            let origin = provider.source.describe(provider.key);
            let allowed = format!("set, since generation.provider is {} from {origin}", provider.text);
            return Err(entry.key.refuse_for("", &entry.source, allowed));
        }
        Ok(())
    }
}

/// Settings `jobs.*`.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// Attempts after which a job is given up.
    pub max_attempts: u32,
    /// Wait after the first failed attempt, five times as long after each further one.
    pub backoff: Duration,
    /// Longest wait between two attempts.
    pub backoff_max: Duration,
    /// How long a claimed job belongs to its lane.
    pub lease: Duration,
    /// Jobs claimed at once.
    pub claim_max: u32,
}

impl Jobs {
    pub(super) fn of(entries: &Entries) -> Result<Self, ConfigError> {
        Ok(Self {
            max_attempts: entries.get("jobs.max_attempts")?,
            backoff: entries.get("jobs.backoff")?,
            backoff_max: entries.get("jobs.backoff_max")?,
            lease: entries.get("jobs.lease")?,
            claim_max: entries.get("jobs.claim_max")?,
        })
    }

    /// What failures are measured by.
    #[must_use]
    pub fn limits(&self) -> RetryLimits {
        RetryLimits { max_attempts: self.max_attempts, backoff: self.backoff, backoff_max: self.backoff_max }
    }
}

/// Settings `ingest.*`.
#[derive(Clone, Debug)]
pub struct Ingest {
    /// How long a request may wait for the jobs it caused.
    pub wait: Duration,
    /// Most events of a batch.
    pub batch_max: usize,
}

/// Settings `context.*`.
#[derive(Clone, Debug)]
pub struct ContextLimits {
    /// Items when a client names no limit; at most [`super::CONTEXT_LIMIT_MAX`].
    pub limit: u32,
    /// Characters when a client names no budget; at most [`super::CONTEXT_BUDGET_MAX`].
    pub budget: u32,
}
