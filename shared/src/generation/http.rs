//! One request to a provider that lives elsewhere: sent with its key, and answered within its time and its size, or
//! classed.

mod refusal;
mod wait;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde_json::Value;

use super::answer::{cut, invalid};
use super::{GenerationError, Usage, anthropic};
use crate::config::{Generation, ProviderKind, masked_url};
use crate::secrets::{SecretError, Token};
use crate::value::ErrorClass;

/// Most bytes of an answer. All observations of a job, written in the widest way, need far less.
const ANSWER_MAX: usize = 4 << 20;
/// A server that cannot be connected to within this time is not there.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Most characters of what is said of an error.
const DETAIL_MAX: usize = 300;
/// No request takes more tokens: a larger count is a slip of the provider, and must not spoil sums.
const TOKENS_MAX: u64 = 1_000_000_000;

/// A provider's server, and how it is asked. Clones share its connections.
#[derive(Clone)]
pub struct Remote(Arc<Parts>);

struct Parts {
    client: reqwest::Client,
    /// What the paths of a protocol are put behind.
    base: String,
    /// Scheme, host and port, for people.
    address: String,
    model: String,
    key: Token,
    concurrency: usize,
    max_tokens: u32,
    input_price: u64,
    output_price: u64,
}

/// Why a provider cannot be asked at all. No value is shown: each of them may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The provider needs a setting that nobody gave.
    #[error("{setting} must be set for this generation.provider")]
    Missing {
        /// The setting.
        setting: &'static str,
    },
    /// The address is none.
    #[error("generation.url must be an http or https URL without user, password, query and fragment")]
    Url,
    /// The key cannot be sent.
    #[error("generation.key holds characters that no key has")]
    Key,
    /// The HTTP client could not be made.
    #[error("cannot prepare HTTP for generation.provider")]
    Build {
        /// What the library said.
        #[source]
        source: reqwest::Error,
    },
}

/// One request in a provider's protocol.
pub(super) struct Call<'a> {
    /// What follows the configured address.
    pub(super) path: &'static str,
    /// The header that carries the key.
    pub(super) key_header: &'static str,
    /// What stands before the key in its header.
    pub(super) key_prefix: &'static str,
    /// What the protocol wants beside it.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The request itself.
    pub(super) body: &'a Value,
    /// The part of it that no error may repeat.
    pub(super) told: &'a str,
}

/// What came back, good or not.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Remote {
    /// The server that the settings name; nothing is sent yet.
    ///
    /// # Errors
    /// When a setting that the provider needs is missing or unusable.
    pub fn new(config: &Generation) -> Result<Self, ProviderError> {
        let home = (config.provider == ProviderKind::Anthropic).then_some(anthropic::HOME);
        let url = config.url.as_deref().or(home).ok_or(ProviderError::Missing { setting: "generation.url" })?;
        let url = server_url(url).ok_or(ProviderError::Url)?;
        let model = config.model.clone().ok_or(ProviderError::Missing { setting: "generation.model" })?;
        let key = &config.key;
        if key.text.is_none() && key.secret.is_none() {
            return Err(ProviderError::Missing { setting: "generation.key" });
        }
        if key.text.as_deref().is_some_and(|key| key_value("", key).is_none()) {
            return Err(ProviderError::Key);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("agentforum/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_MAX.min(config.timeout))
            .timeout(config.timeout)
            // Where the key goes is said by the settings alone.
            .redirect(Policy::none());
        if is_loopback(&url) {
            // A proxy of the environment cannot reach our own machine for us.
            builder = builder.no_proxy();
        }
        Ok(Self(Arc::new(Parts {
            client: builder.build().map_err(|source| ProviderError::Build { source })?,
            base: url.as_str().trim_end_matches('/').to_owned(),
            address: masked_url(url.as_str()),
            model,
            key: Token::of(key),
            concurrency: config.concurrency,
            max_tokens: config.max_tokens,
            input_price: config.input_price,
            output_price: config.output_price,
        })))
    }

    /// Scheme, host and port of its server, for people.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Whether its server answers within `limit`. It is shown no key and asked nothing that costs; whatever it says is an
    /// answer.
    ///
    /// # Errors
    /// When it says nothing.
    pub async fn answers(&self, limit: Duration) -> Result<(), GenerationError> {
        let asked = self.0.client.head(&self.0.base).timeout(limit).send().await;
        asked.map(drop).map_err(|error| self.lost(&error))
    }

    /// Requests that may be under way at once.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.0.concurrency
    }

    pub(super) fn base(&self) -> &str {
        &self.0.base
    }

    pub(super) fn model(&self) -> &str {
        &self.0.model
    }

    pub(super) fn max_tokens(&self) -> u32 {
        self.0.max_tokens
    }

    /// What an answer took, by the configured prices.
    pub(super) fn usage(&self, provider: &'static str, input_tokens: u64, output_tokens: u64) -> Usage {
        let (input_tokens, output_tokens) = (input_tokens.min(TOKENS_MAX), output_tokens.min(TOKENS_MAX));
        let read = input_tokens.saturating_mul(self.0.input_price);
        let written = output_tokens.saturating_mul(self.0.output_price);
        Usage {
            provider,
            model: Some(self.0.model.clone()),
            input_tokens,
            output_tokens,
            // Cents per million tokens are hundredths of a microdollar per token.
            cost_microdollars: read.saturating_add(written) / 100,
        }
    }

    /// The JSON of a good answer. A key that is refused is read anew, once: it may have been replaced in the secret
    /// store.
    pub(super) async fn post(&self, call: &Call<'_>) -> Result<Value, GenerationError> {
        let body = Bytes::from(call.body.to_string());
        // Boxed: what reads the secret store is large, and rarely runs.
        let mut key = Box::pin(self.0.key.current()).await.map_err(|error| unread(&error))?;
        let mut answered = self.send(call, body.clone(), key.as_deref()).await?;
        if answered.status == StatusCode::UNAUTHORIZED && self.0.key.is_renewable() {
            key = Box::pin(self.0.key.renewed(key.as_deref())).await.map_err(|error| unread(&error))?;
            answered = self.send(call, body, key.as_deref()).await?;
        }
        if !answered.status.is_success() {
            return Err(refusal::refused(&answered, key.as_deref(), call.told));
        }
        serde_json::from_slice(&answered.body).map_err(|_| invalid("the provider's answer is no JSON"))
    }

    async fn send(&self, call: &Call<'_>, body: Bytes, key: Option<&str>) -> Result<Answered, GenerationError> {
        let mut request = self.0.client.post(format!("{}{}", self.0.base, call.path)).body(body);
        request = request.header(CONTENT_TYPE, "application/json");
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = key {
            let value = key_value(call.key_prefix, key).ok_or_else(|| {
                GenerationError::new(ErrorClass::Auth, "the key that generation.key_secret names cannot be sent")
            })?;
            request = request.header(call.key_header, value);
        }
        let mut response = request.send().await.map_err(|error| self.lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body_of(&mut response).await;
        // A refusal is one by its status, whatever becomes of its text.
        let body = if status.is_success() { body? } else { body.unwrap_or_default() };
        Ok(Answered { status, headers, body })
    }

    /// The body, read no further than an answer may be long.
    async fn body_of(&self, response: &mut reqwest::Response) -> Result<Vec<u8>, GenerationError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(invalid("the provider's answer is larger than 4 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// No answer, or half of one.
    fn lost(&self, error: &reqwest::Error) -> GenerationError {
        let address = &self.0.address;
        let detail = if error.is_timeout() {
            format!("{address} did not answer in time")
        } else if error.is_connect() {
            format!("cannot reach {address}: {}", cause(error))
        } else {
            format!("the connection to {address} ended before the answer was complete")
        };
        GenerationError::new(ErrorClass::Transient, cut(&detail, DETAIL_MAX))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, model) = (&self.0.address, &self.0.model);
        formatter.debug_struct("Remote").field("address", address).field("model", model).finish_non_exhaustive()
    }
}

/// What lies at the bottom of an error, which is what a person can do something about.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn unread(error: &SecretError) -> GenerationError {
    GenerationError::new(ErrorClass::Transient, cut(&error.to_string(), DETAIL_MAX))
}

/// A header with the key in it; none where the key cannot stand in one.
fn key_value(prefix: &str, key: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{key}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The address as a URL that paths can be put behind.
fn server_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    (anonymous && url.query().is_none() && url.fragment().is_none()).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
