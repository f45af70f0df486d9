//! A server that speaks the wire formats of generation providers: it checks requests as the real ones do, and answers
//! as it was told beforehand.

#![expect(clippy::missing_panics_doc, reason = "a server that cannot be started ends its test")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Tokens that every good answer says it read.
pub const INPUT_TOKENS: u64 = 1500;
/// Tokens that every good answer says it wrote.
pub const OUTPUT_TOKENS: u64 = 300;
/// Bytes of [`Reply::Flood`].
pub const FLOOD: usize = 50 << 20;

static CHUNK: [u8; 1 << 16] = [b' '; 1 << 16];

/// A server of one test.
pub struct ScriptedProvider {
    url: String,
    script: Arc<Script>,
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    sent: AtomicUsize,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

impl Asked {
    /// A header's text; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These observations, in the format of whoever asks.
    Observations(Value),
    /// What the model wrote, in the format of whoever asks, and why it stopped, in the words of the Messages API.
    Written(Value, &'static str),
    /// An answer as it is.
    Plain {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: Vec<(&'static str, String)>,
        /// Its body.
        body: String,
    },
    /// No answer ever.
    Silence,
    /// Half an answer, and the end of the connection.
    Broken,
    /// [`FLOOD`] bytes.
    Flood {
        /// Status of the answer.
        status: u16,
        /// Whether the length is said beforehand.
        announced: bool,
    },
}

impl Reply {
    /// An answer that is JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Plain { status, headers: vec![], body: body.to_string() }
    }

    /// A refusal as both formats write it, with headers.
    #[must_use]
    pub fn refusal(status: u16, kind: &str, message: &str, headers: &[(&'static str, &str)]) -> Self {
        let body = json!({ "type": "error", "error": { "type": kind, "message": message } });
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::Plain { status, headers, body: body.to_string() }
    }
}

impl ScriptedProvider {
    /// A server on a free port, for as long as the test runs.
    pub async fn start() -> Self {
        let script = Arc::new(Script::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(handle).with_state(Arc::clone(&script));
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { url, script }
    }

    /// What `generation.url` is for the provider of this name.
    #[must_use]
    pub fn url(&self, provider: &str) -> String {
        if provider == "anthropic" { self.url.clone() } else { format!("{}/v1", self.url) }
    }

    /// From now on requests are answered so, one after the other; the last answer is that of all further ones.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.script.replies.lock().expect("no panic") = replies.into_iter().collect();
    }

    /// The requests so far, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().expect("no panic").clone()
    }

    /// Bytes of floods that were sent so far.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.script.sent.load(Ordering::SeqCst)
    }
}

impl Script {
    fn next(&self) -> Option<Reply> {
        let mut replies = self.replies.lock().expect("no panic");
        if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }
    }
}

async fn handle(State(script): State<Arc<Script>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 32 << 20).await.unwrap_or_default();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let asked = Asked { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    let format = Format::of(&parts.method, &asked);
    script.asked.lock().expect("no panic").push(asked);
    let format = match format {
        Ok(format) => format,
        Err((status, fault)) => return plain(status, &[], json!({ "error": { "message": fault } }).to_string().into()),
    };
    match script.next() {
        None => plain(500, &[], Body::from("nobody said what to answer")),
        Some(Reply::Observations(observations)) => {
            let written = json!({ "observations": observations });
            plain(200, &[], Body::from(format.answer(&written, "tool_use").to_string()))
        }
        Some(Reply::Written(written, stop)) => plain(200, &[], Body::from(format.answer(&written, stop).to_string())),
        Some(Reply::Plain { status, headers, body }) => plain(status, &headers, Body::from(body)),
        Some(Reply::Silence) => std::future::pending().await,
        Some(Reply::Broken) => {
            let chunks = [Ok("{\"half\":"), Err(std::io::Error::other("the other half"))];
            plain(200, &[], Body::from_stream(futures::stream::iter(chunks)))
        }
        Some(Reply::Flood { status, announced }) => {
            let length = announced.then(|| ("content-length", FLOOD.to_string()));
            plain(status, length.as_slice(), flood(script))
        }
    }
}

fn plain(status: u16, headers: &[(&'static str, String)], body: Body) -> Response<Body> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, value);
    }
    builder.body(body).expect("a response")
}

fn flood(script: Arc<Script>) -> Body {
    let chunks = (0..FLOOD / CHUNK.len()).map(move |_| {
        script.sent.fetch_add(CHUNK.len(), Ordering::SeqCst);
        Ok::<_, std::io::Error>(CHUNK.as_slice())
    });
    Body::from_stream(futures::stream::iter(chunks))
}

/// The two wire formats.
#[derive(Clone, Copy)]
enum Format {
    Messages,
    Completions,
}

impl Format {
    /// The format of a request, or what the real server would not like about it.
    fn of(method: &Method, asked: &Asked) -> Result<Self, (u16, &'static str)> {
        let format = match (method.as_str(), asked.path.as_str()) {
            ("POST", "/v1/messages") => Self::Messages,
            ("POST", "/v1/chat/completions") => Self::Completions,
            _ => return Err((404, "no such method and path")),
        };
        let body = &asked.body;
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let roles: Vec<&str> = messages.iter().filter_map(|message| message["role"].as_str()).collect();
        let proven = match format {
            Self::Messages => !asked.header("x-api-key").is_empty(),
            Self::Completions => asked.header("authorization").starts_with("Bearer "),
        };
        // OpenAI's JSON mode wants to be spoken of.
        let speaks = messages.iter().any(|message| message["content"].as_str().is_some_and(|it| it.contains("JSON")));
        let fits = match format {
            Self::Messages => {
                let tool = body["tools"][0]["name"].as_str().is_some_and(|name| body["tool_choice"]["name"] == name);
                let schema = body["tools"][0]["input_schema"]["type"] == "object";
                let version = asked.header("anthropic-version") == "2023-06-01";
                version && tool && schema && body["system"].is_string() && roles == ["user"]
            }
            Self::Completions => {
                speaks && roles == ["system", "user"] && body["response_format"]["type"] == "json_object"
            }
        };
        let sized = body["max_tokens"].as_u64().is_some_and(|most| most > 0) && body["model"].is_string();
        match (proven, fits && sized && asked.header("content-type") == "application/json") {
            (false, _) => Err((401, "no key")),
            (true, false) => Err((400, "a request like this is not taken")),
            (true, true) => Ok(format),
        }
    }

    /// A good answer in which the model wrote this.
    fn answer(self, written: &Value, stop: &str) -> Value {
        match self {
            Self::Messages => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "scripted",
                "content": [{ "type": "tool_use", "id": "toolu_1", "name": "record_observations", "input": written }],
                "stop_reason": stop, "stop_sequence": null,
                "usage": { "input_tokens": 1200, "cache_creation_input_tokens": 200,
                    "cache_read_input_tokens": 100, "output_tokens": OUTPUT_TOKENS },
            }),
            Self::Completions => {
                let finish = if stop == "max_tokens" { "length" } else { "stop" };
                let content = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
                json!({
                    "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "scripted",
                    "choices": [{ "index": 0, "finish_reason": finish,
                        "message": { "role": "assistant", "content": content, "refusal": null } }],
                    "usage": { "prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS,
                        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS },
                })
            }
        }
    }
}
