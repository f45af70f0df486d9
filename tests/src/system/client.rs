//! An HTTP client of a system, and what it gets.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// An HTTP client with headers of its own on every request.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// Where the server listens.
    pub url: String,
    headers: HeaderMap,
}

impl Client {
    /// A client without a key.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().expect("an HTTP client");
        Self { http, url: url.to_owned(), headers: HeaderMap::new() }
    }

    /// The same client with this key.
    #[must_use]
    pub fn with_key(self, secret: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {secret}"))
    }

    /// The same client with one more header; an empty value takes it away.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.remove(&name);
        if !value.is_empty() {
            self.headers.insert(name, value.parse::<HeaderValue>().expect("a header value"));
        }
        self
    }

    /// A request with this client's headers, to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).headers(self.headers.clone())
    }

    /// The value of a header that every request of this client has; empty when there is none.
    #[must_use]
    pub fn own_header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }
}

/// Sends a request and reads its answer to the end.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("the answer's body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

/// An answer: its body as JSON, or as a JSON string where it is none.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Value,
}

impl Answer {
    /// The text at a JSON pointer.
    #[must_use]
    pub fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no text at {pointer} in {}", self.body)).to_owned()
    }

    /// The number at a JSON pointer.
    #[must_use]
    pub fn number(&self, pointer: &str) -> i64 {
        let value = self.body.pointer(pointer).and_then(Value::as_i64);
        value.unwrap_or_else(|| panic!("no number at {pointer} in {}", self.body))
    }

    /// The list at a JSON pointer.
    #[must_use]
    pub fn list(&self, pointer: &str) -> &[Value] {
        let value = self.body.pointer(pointer).and_then(Value::as_array);
        value.unwrap_or_else(|| panic!("no list at {pointer} in {}", self.body))
    }

    /// A header's text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Status and `code`, as refusals are compared.
    #[must_use]
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default().to_owned())
    }
}
