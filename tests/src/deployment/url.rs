//! A Function URL: HTTP in front of a function that streams its responses.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Function;
use super::function::Instance;
use super::runtime::Answer;

/// What separates the head of a streamed response from its body.
const SEPARATOR: [u8; 8] = [0; 8];

/// Serves the function; answers with the URL.
pub(super) async fn serve(function: Arc<Function>, running: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(handle).with_state(function);
    running.spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    url
}

async fn handle(State(function): State<Arc<Function>>, request: Request) -> Response<Body> {
    let event = event(request).await;
    match function.invoke_streaming(&event).await {
        Ok((answer, instance)) => {
            let streaming = answer.streaming;
            let (head, first, chunks) = head_of(answer).await;
            let process = Held { function, instance: Some(instance) };
            let rest = futures::stream::unfold((chunks, process), |(mut chunks, mut process)| async move {
                if let Some(chunk) = chunks.recv().await {
                    return Some((Ok::<_, std::io::Error>(chunk), (chunks, process)));
                }
                process.finished();
                None
            });
            assert!(streaming, "a Function URL in the mode RESPONSE_STREAM");
            let first = futures::stream::iter([Ok(first)]);
            let body = Body::from_stream(futures::StreamExt::chain(first, rest));
            answered(&head, body)
        }
        Err(error) => {
            let mut response = Response::new(Body::from(error));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        }
    }
}

/// A process while its answer is read; one whose client went away is ended, as nobody waits for it.
struct Held {
    function: Arc<Function>,
    instance: Option<Instance>,
}

impl Held {
    fn finished(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.function.finished(instance, true);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.function.finished(instance, false);
        }
    }
}

/// The event of a request, format 2.0.
async fn event(request: Request) -> Value {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 32 << 20).await.unwrap_or_default();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined(&parts.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "url",
            "domainName": "url.lambda-url.us-east-1.on.aws",
            "domainPrefix": "url",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "time": "31/Jan/2026:12:00:00 +0000",
            "timeEpoch": 1_769_860_800_000_i64,
        },
        "body": String::from_utf8_lossy(&body),
        "isBase64Encoded": false,
    })
}

fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().map(|name| {
        let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        (name.as_str().to_owned(), values.join(",").into())
    });
    names.collect()
}

/// The head of a streamed response, what came of the body with it, and the rest.
async fn head_of(mut answer: Answer) -> (Value, Bytes, tokio::sync::mpsc::Receiver<Bytes>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
            let head = serde_json::from_slice(&bytes[..at]).unwrap_or_default();
            return (head, Bytes::copy_from_slice(&bytes[at + SEPARATOR.len()..]), answer.chunks);
        }
        match answer.chunks.recv().await {
            Some(chunk) => bytes.extend_from_slice(&chunk),
            None => return (json!({ "statusCode": 502 }), Bytes::from(bytes), answer.chunks),
        }
    }
}

fn answered(head: &Value, body: Body) -> Response<Body> {
    let status = head["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(502);
    let mut builder = Response::builder().status(status);
    for (name, value) in head["headers"].as_object().into_iter().flatten() {
        builder = builder.header(name, value.as_str().unwrap_or_default());
    }
    for cookie in head["cookies"].as_array().into_iter().flatten() {
        builder = builder.header("set-cookie", cookie.as_str().unwrap_or_default());
    }
    builder.body(body).unwrap_or_default()
}
