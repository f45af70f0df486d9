//! The HTTP client of the command line and of tools: one request with its retries, the outcome of a command, and a live
//! stream that resumes by itself. It knows the API's conventions and none of its words; callers read the documents.

mod document;
mod error;
mod follow;
mod retry;
mod settle;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use serde_json::Value;

pub use document::Document;
pub use error::{ClientError, ProblemDocument};
pub use follow::{Follow, Live, LiveEvent};

use crate::clock::Clock;
use crate::error::Code;
use crate::id::{Ids, hex};
use error::broken;
use retry::Repeat;

/// A server is there within this time, or it is not: the command line shall fail within a second (CLI-1).
const CONNECT_TIMEOUT: Duration = Duration::from_millis(900);
/// A live stream sends a heartbeat every 25 s; one that shows nothing for this long is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// Which server, as whom, and how patiently. Not `Debug`, since it holds a key.
pub struct Settings {
    /// Address, such as `http://127.0.0.1:3001`.
    pub server: String,
    /// The API key, if there is one.
    pub key: Option<String>,
    /// The project, for a key that spans a team.
    pub project: Option<String>,
    /// Longest time for one request with all its repeats.
    pub timeout: Duration,
}

/// A client of one server. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    address: String,
    project: Option<String>,
    timeout: Duration,
    ids: Ids,
    /// Whether the server ever answered: one that did is worth waiting for, one that never did is probably not running.
    met: Arc<AtomicBool>,
}

/// One request, as it is sent each time it is repeated.
struct Request<'a> {
    method: Method,
    url: Url,
    body: Option<&'a Value>,
    idempotency_key: Option<&'a str>,
    repeat: Repeat,
}

impl Client {
    /// A client; nothing is sent yet. `ids` is the source of idempotency keys and jitter.
    ///
    /// # Errors
    /// When the address is no HTTP URL or the key cannot stand in a header.
    pub fn new(settings: Settings, ids: Ids) -> Result<Self, ClientError> {
        let base = server_url(&settings.server)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.key {
            let value = HeaderValue::from_str(&format!("Bearer {key}"));
            let mut value = value.map_err(|_| ClientError::Key)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("agentforum/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            .redirect(Policy::none());
        if is_loopback(&base) {
            // A proxy of the environment cannot reach our own machine for us.
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().map_err(|source| ClientError::Build { source })?,
            address: base.as_str().trim_end_matches('/').to_owned(),
            base,
            project: settings.project,
            timeout: settings.timeout,
            ids,
            met: Arc::default(),
        })
    }

    /// The server's address, as shown to people.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new idempotency key: 32 random hex digits.
    #[must_use]
    pub fn new_idempotency_key(&self) -> String {
        let mut bytes = [0; 16];
        self.ids.fill(&mut bytes);
        hex(&bytes)
    }

    /// Reads `/api/v1/<segments>`.
    ///
    /// # Errors
    /// When the server is away or answers with a problem.
    pub async fn get(&self, segments: &[&str], query: &[(&str, String)]) -> Result<Document, ClientError> {
        let url = self.url(segments, query, self.project.as_deref());
        self.send(&Request { method: Method::GET, url, body: None, idempotency_key: None, repeat: Repeat::Always })
            .await
    }

    /// Reads `/api/v1/<segments>` once, whatever the status: what is degraded says so with 503 and still has a body.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn look(&self, segments: &[&str]) -> Result<Document, ClientError> {
        let request = self.http.get(self.url(segments, &[], None)).timeout(self.timeout);
        let response = request.send().await.map_err(|error| self.failed(error))?;
        Document::taken_from(response).await.map_err(|error| self.failed(error))
    }

    /// Sends a command and waits for its outcome as long as the timeout allows. Repeats under the same key have one effect
    /// (CLI-4).
    ///
    /// # Errors
    /// When the server is away, answers with a problem, or the command is refused.
    pub async fn command(
        &self,
        segments: &[&str],
        query: &[(&str, String)],
        body: &Value,
        key: &str,
    ) -> Result<Document, ClientError> {
        let url = self.url(segments, query, self.project.as_deref());
        let stopwatch = Clock::stopwatch();
        let request =
            Request { method: Method::POST, url, body: Some(body), idempotency_key: Some(key), repeat: Repeat::Always };
        let document = self.send(&request).await?;
        self.settle(document, stopwatch).await
    }

    /// Sends a write that no idempotency key protects: repeated only where the server certainly did nothing. The body
    /// names the project.
    ///
    /// # Errors
    /// When the server is away or answers with a problem.
    pub async fn create(&self, segments: &[&str], body: &Value) -> Result<Document, ClientError> {
        let url = self.url(segments, &[], None);
        let repeat = Repeat::WhenNothingHappened;
        self.send(&Request { method: Method::POST, url, body: Some(body), idempotency_key: None, repeat }).await
    }

    /// Deletes `/api/v1/<segments>`.
    ///
    /// # Errors
    /// When the server is away or answers with a problem.
    pub async fn delete(&self, segments: &[&str]) -> Result<Document, ClientError> {
        let url = self.url(segments, &[], None);
        let repeat = Repeat::WhenNothingHappened;
        self.send(&Request { method: Method::DELETE, url, body: None, idempotency_key: None, repeat }).await
    }

    /// Where the log ends: whoever asks for what lies beyond every position is told (LOG-15).
    ///
    /// # Errors
    /// When the server is away or refuses for another reason.
    pub async fn head(&self) -> Result<Option<String>, ClientError> {
        match self.get(&["forum", "events"], &[("cursor", i64::MAX.to_string())]).await {
            Ok(_) => Ok(None),
            Err(ClientError::Problem { problem, .. }) if problem.code == Code::CursorAhead.as_str() => {
                Ok(problem.extra.get("head").and_then(Value::as_i64).map(|head| head.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Follows the log from `cursor`, or from its head, for the events that match `filter`.
    #[must_use]
    pub fn follow(&self, filter: Vec<(&'static str, String)>, cursor: Option<String>) -> Follow {
        Follow::new(self.clone(), filter, cursor)
    }

    fn url(&self, segments: &[&str], query: &[(&str, String)], project: Option<&str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(segments);
        }
        let pairs = query.iter().map(|(name, value)| (*name, value.as_str()));
        let pairs: Vec<_> = pairs.chain(project.map(|project| ("project_id", project))).collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    fn met(&self) -> bool {
        self.met.load(Ordering::Relaxed)
    }

    /// Sends `request` until it is answered, fails for good, or the time is up.
    async fn send(&self, request: &Request<'_>) -> Result<Document, ClientError> {
        let stopwatch = Clock::stopwatch();
        let mut attempt = 0;
        let mut interrupted = None;
        loop {
            let left = self.timeout.saturating_sub(stopwatch.elapsed());
            let error = match self.attempt(request, left).await {
                Ok(document) => return Ok(document),
                Err(error) => error,
            };
            attempt += 1;
            let pause = retry::pause(attempt, self.ids.fraction()).max(error.retry_after().unwrap_or_default());
            let worth_it = request.repeat.allows(&error, self.met());
            if !worth_it || stopwatch.elapsed() + pause >= self.timeout {
                // That nobody answers now says less than that somebody took the request before.
                let away = matches!(error, ClientError::Unreachable { .. });
                return Err(interrupted.filter(|_| away).unwrap_or(error));
            }
            if matches!(error, ClientError::Interrupted { .. }) {
                interrupted = Some(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, request: &Request<'_>, left: Duration) -> Result<Document, ClientError> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone()).timeout(left);
        if let Some(body) = request.body {
            builder = builder.json(body);
        }
        if let Some(key) = request.idempotency_key {
            builder = builder.header("idempotency-key", key);
        }
        let response = builder.send().await.map_err(|error| self.failed(error))?;
        self.met.store(true, Ordering::Relaxed);
        Document::read_from(response, |error| self.failed(error)).await
    }

    fn failed(&self, error: reqwest::Error) -> ClientError {
        broken(error, &self.address, self.timeout)
    }
}

/// The address as a URL that paths can be added to.
fn server_url(text: &str) -> Result<Url, ClientError> {
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && !url.cannot_be_a_base());
    let mut url = url.ok_or_else(|| ClientError::Address { given: text.to_owned() })?;
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// Whether `server` is an address of this very machine: only there does a key from a local file belong.
#[must_use]
pub fn is_local(server: &str) -> bool {
    server_url(server).is_ok_and(|url| is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
