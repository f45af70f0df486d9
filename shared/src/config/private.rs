//! Settings that may hold passwords, and what is shown of them.

use std::collections::BTreeMap;
use std::time::Duration;

/// Settings `redis.*`.
#[derive(Clone)]
pub struct Redis {
    /// The server; may hold a password.
    pub url: String,
    /// What the names of all streams begin with.
    pub stream: String,
    /// What the names of all consumer groups begin with.
    pub group: String,
    /// Name of this process among the consumers; `None` leaves it to host and process id.
    pub consumer: Option<String>,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = masked_url(&self.url);
        let mut fields = formatter.debug_struct("Redis");
        fields.field("url", &url).field("stream", &self.stream).field("group", &self.group);
        fields.field("consumer", &self.consumer).finish()
    }
}

/// Settings `store.*`.
#[derive(Clone, Debug)]
pub struct Store {
    /// Read connections.
    pub readers: usize,
    /// How long a connection waits for a lock.
    pub busy_timeout: Duration,
    /// How long a libSQL server may take to answer a query.
    pub remote_timeout: Duration,
    /// What proves to a libSQL server who calls.
    pub token: Token,
    /// How long a query may run before it is interrupted.
    pub query_timeout: Duration,
}

/// What proves to a libSQL server who calls: settings `store.token` and `store.token_secret`.
#[derive(Clone, Default)]
pub struct Token {
    /// The token itself.
    pub text: Option<String>,
    /// Name or ARN of the AWS secret that holds it.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text.as_ref().map(|_| "***");
        formatter.debug_struct("Token").field("text", &text).field("secret", &self.secret).finish()
    }
}

/// Host and port of a server's URL, for people: no user, no password.
#[must_use]
pub fn masked_url(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) => url.split('@').next_back().unwrap_or_default().to_owned(),
    }
}

/// What was given as flags. Its texts may hold passwords, so they are not shown.
#[derive(Clone, Default)]
pub(super) struct Given(pub(super) BTreeMap<&'static str, String>);

impl std::fmt::Debug for Given {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.keys()).finish()
    }
}
