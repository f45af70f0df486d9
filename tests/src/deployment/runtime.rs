//! Lambda's runtime interface, as the process of one function sees it: ask for the next invocation, answer it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::Value;
use shared::clock::Clock;
use shared::id::Ids;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::task::JoinHandle;

/// The interface of one process.
pub(super) struct RuntimeApi {
    address: String,
    jobs: mpsc::Sender<Job>,
    ids: Ids,
    serving: JoinHandle<()>,
}

struct Job {
    request_id: String,
    deadline_ms: i64,
    event: String,
    answer: oneshot::Sender<Result<Answer, String>>,
}

type Waiting = HashMap<String, oneshot::Sender<Result<Answer, String>>>;

struct Interface {
    name: &'static str,
    jobs: AsyncMutex<mpsc::Receiver<Job>>,
    waiting: Mutex<Waiting>,
}

/// What a function answers, as it writes it.
pub(super) struct Answer {
    /// Whether it says that it streams.
    pub(super) streaming: bool,
    /// Its bytes.
    pub(super) chunks: mpsc::Receiver<Bytes>,
}

impl Answer {
    /// Everything, once it is complete.
    pub(super) async fn whole(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunks.recv().await {
            bytes.extend_from_slice(&chunk);
        }
        bytes
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl RuntimeApi {
    pub(super) async fn start(name: &'static str) -> Self {
        let (jobs, receiver) = mpsc::channel(1);
        let interface = Arc::new(Interface { name, jobs: AsyncMutex::new(receiver), waiting: Mutex::default() });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(interface);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        let ids = Ids::from_system(Clock::System).expect("randomness");
        Self { address, jobs, ids, serving }
    }

    /// `host:port`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Hands an invocation to the process, and waits until it begins to answer.
    pub(super) async fn invoke(&self, event: &Value, timeout: Duration) -> Result<Answer, String> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            request_id: self.ids.uuid_v4().to_string(),
            deadline_ms: Clock::System.now().plus(timeout).0,
            event: event.to_string(),
            answer,
        };
        self.jobs.send(job).await.map_err(|_| "nobody listens".to_owned())?;
        answered.await.map_err(|_| "nobody answered".to_owned())?
    }
}

async fn next(State(interface): State<Arc<Interface>>) -> Response<Body> {
    let job = interface.jobs.lock().await.recv().await;
    let Some(job) = job else { return status(StatusCode::GONE) };
    let response = Response::builder()
        .header("lambda-runtime-aws-request-id", &job.request_id)
        .header("lambda-runtime-deadline-ms", job.deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", format!("arn:aws:lambda:::function:{}", interface.name))
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000");
    interface.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(job.request_id, job.answer);
    response.body(Body::from(job.event)).unwrap_or_default()
}

fn waiting(interface: &Interface, id: &str) -> Option<oneshot::Sender<Result<Answer, String>>> {
    interface.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
}

async fn response(
    State(interface): State<Arc<Interface>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let Some(waiter) = waiting(&interface, &id) else { return status(StatusCode::BAD_REQUEST) };
    let mode = headers.get("lambda-runtime-function-response-mode");
    let streaming = mode.is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"));
    let (sender, chunks) = mpsc::channel(64);
    let _ = waiter.send(Ok(Answer { streaming, chunks }));
    let mut stream = body.into_data_stream();
    while let Some(Ok(chunk)) = stream.next().await {
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    status(StatusCode::ACCEPTED)
}

async fn error(State(interface): State<Arc<Interface>>, Path(id): Path<String>, body: String) -> Response<Body> {
    if let Some(waiter) = waiting(&interface, &id) {
        let _ = waiter.send(Err(body));
    }
    status(StatusCode::ACCEPTED)
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from("{\"status\":\"OK\"}"));
    *response.status_mut() = status;
    response
}
