//! A libSQL server as the database: one HTTP request per query, and per group of commits. Nothing is ever held open across
//! requests: the server would keep every other writer waiting meanwhile.

mod batch;
mod values;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use libsql_hrana::proto::{
    Batch, BatchStreamReq, CloseStreamReq, ExecuteStreamReq, PipelineReqBody, PipelineRespBody, SequenceStreamReq,
    Stmt, StreamRequest, StreamResponse, StreamResult,
};
use reqwest::StatusCode;

use super::connection::Row;
use super::error::{Failure, StoreError};
use super::statement::Value;
use crate::clock::Clock;
use crate::config::masked_url;
use crate::id::Ids;
use crate::secrets::Token;
use crate::telemetry::Metrics;

pub(super) use batch::Claims;
pub(super) use writer::{Settings as WriterSettings, spawn};

/// How long a start waits for a server that does not answer.
const START_PATIENCE: Duration = Duration::from_secs(3);
/// Wait before a query is sent again; it doubles from there.
const RETRY_WAIT: Duration = Duration::from_millis(25);

/// The way to the server. Clones share its connections.
#[derive(Clone)]
pub(super) struct Remote(Arc<Parts>);

struct Parts {
    client: reqwest::Client,
    endpoint: String,
    /// Scheme, host and port, for people.
    address: String,
    token: Token,
    read_timeout: Duration,
    ids: Ids,
    metrics: Metrics,
}

/// Why a request has no answer.
#[derive(Debug)]
enum Trouble {
    /// It was never sent.
    Unsent(String),
    /// It was sent; whether it was carried out, nobody knows.
    Lost(String),
    /// The token is not accepted.
    Denied,
    /// The answer is none of this protocol.
    Odd(String),
}

impl Remote {
    pub(super) fn new(
        url: &str,
        token: Token,
        read_timeout: Duration,
        ids: &Ids,
        metrics: &Metrics,
    ) -> Result<Self, StoreError> {
        let address = masked_url(url);
        let unusable =
            |error: reqwest::Error| StoreError::Unreachable { address: address.clone(), why: error.to_string() };
        let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(2)).build().map_err(unusable)?;
        let base = url.strip_prefix("libsql://").map_or_else(|| url.to_owned(), |rest| format!("https://{rest}"));
        let endpoint = format!("{base}/v3/pipeline");
        let (ids, metrics) = (ids.clone(), metrics.clone());
        Ok(Self(Arc::new(Parts { client, endpoint, address, token, read_timeout, ids, metrics })))
    }

    /// Runs one query and collects its rows; sends it again while the server does not answer, within
    /// `store.remote_timeout`.
    pub(super) async fn rows(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.rows_within(sql, params, self.0.read_timeout).await
    }

    /// Whether it answers: no start waits longer for it than this.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        self.rows_within("SELECT 1", Vec::new(), self.0.read_timeout.min(START_PATIENCE)).await.map(drop)
    }

    async fn rows_within(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        limit: Duration,
    ) -> Result<Vec<Row>, StoreError> {
        let stmt = values::statement(sql, params, true)?;
        let stopwatch = Clock::stopwatch();
        let mut wait = RETRY_WAIT;
        loop {
            let left = limit.saturating_sub(stopwatch.elapsed());
            let trouble =
                match self.one(StreamRequest::Execute(ExecuteStreamReq { stmt: stmt.clone() }), left, "read").await {
                    Ok(StreamResult::Ok { response: StreamResponse::Execute(answer) }) => {
                        return values::rows(answer.result);
                    }
                    Ok(StreamResult::Error { error }) => {
                        let failure = Failure::of_code(&error.code);
                        if failure != Failure::Busy {
                            return Err(StoreError::Read(error.message));
                        }
                        StoreError::Busy
                    }
                    Ok(_) => return Err(self.failed(Trouble::Odd("no result of a query".to_owned()))),
                    Err(trouble @ (Trouble::Denied | Trouble::Odd(_))) => return Err(self.failed(trouble)),
                    // Reading twice is harmless.
                    Err(trouble) => self.failed(trouble),
                };
            if stopwatch.elapsed() + wait >= limit {
                return Err(trouble);
            }
            tokio::time::sleep(self.jittered(wait)).await;
            wait *= 2;
        }
    }

    /// Runs a script: statements without parameters, which end at the first that fails. A transaction that it leaves open is
    /// rolled back.
    pub(super) async fn script(&self, sql: String, limit: Duration) -> Result<(), StoreError> {
        let request =
            StreamRequest::Sequence(SequenceStreamReq { sql: Some(sql), sql_id: None, replication_index: None });
        match self.one(request, limit, "write").await {
            Ok(StreamResult::Ok { .. }) => Ok(()),
            Ok(StreamResult::Error { error }) => Err(match Failure::of_code(&error.code) {
                Failure::Busy => StoreError::Busy,
                _ => StoreError::Statement { index: 0, message: error.message },
            }),
            Ok(StreamResult::None) => Err(self.failed(Trouble::Odd("no result of a script".to_owned()))),
            Err(Trouble::Lost(why)) => Err(StoreError::UnknownOutcome(why)),
            Err(trouble) => Err(self.failed(trouble)),
        }
    }

    /// Runs a batch of statements, each under its condition.
    async fn batch(&self, batch: Batch, limit: Duration) -> Result<StreamResult, Trouble> {
        self.one(StreamRequest::Batch(BatchStreamReq { batch }), limit, "write").await
    }

    /// One request on a stream of its own, which ends with it. A token that is refused is read anew, once: it may have been
    /// replaced in the secret store.
    async fn one(&self, request: StreamRequest, limit: Duration, kind: &str) -> Result<StreamResult, Trouble> {
        let body = PipelineReqBody { baton: None, requests: vec![request, StreamRequest::Close(CloseStreamReq {})] };
        let body = bytes::Bytes::from(serde_json::to_vec(&body).map_err(|error| Trouble::Odd(error.to_string()))?);
        // Boxed: what reads the secret store is large, and rarely runs.
        let token = Box::pin(self.token(Token::current(&self.0.token))).await?;
        match self.send(body.clone(), token.as_deref(), limit, kind).await {
            Err(Trouble::Denied) if self.0.token.is_renewable() => {
                let token = Box::pin(self.token(self.0.token.renewed(token.as_deref()))).await?;
                self.send(body, token.as_deref(), limit, kind).await
            }
            outcome => outcome,
        }
    }

    async fn token(
        &self,
        read: impl Future<Output = Result<Option<String>, crate::secrets::SecretError>>,
    ) -> Result<Option<String>, Trouble> {
        read.await.map_err(|error| Trouble::Unsent(error.to_string()))
    }

    async fn send(
        &self,
        body: bytes::Bytes,
        token: Option<&str>,
        limit: Duration,
        kind: &str,
    ) -> Result<StreamResult, Trouble> {
        self.0.metrics.remote_round_trips_total.with_label_values(&[kind]).inc();
        let mut request = self.0.client.post(&self.0.endpoint).timeout(limit).body(body);
        request = request.header(reqwest::header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let lost = |error: reqwest::Error| Trouble::Lost(error.without_url().to_string());
        let answer = request.send().await.map_err(|error| {
            if error.is_connect() { Trouble::Unsent(error.without_url().to_string()) } else { lost(error) }
        })?;
        let status = answer.status();
        let text = answer.bytes().await.map_err(lost)?;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Trouble::Denied),
            status if status.is_server_error() => return Err(Trouble::Lost(format!("HTTP status {status}"))),
            status if !status.is_success() => return Err(Trouble::Odd(format!("HTTP status {status}"))),
            _ => {}
        }
        // It was carried out; what became of it cannot be read.
        let answer: PipelineRespBody =
            serde_json::from_slice(&text).map_err(|error| Trouble::Lost(format!("an unreadable answer: {error}")))?;
        answer.results.into_iter().next().ok_or_else(|| Trouble::Lost("an answer without results".to_owned()))
    }

    /// The store's error for a request without an answer, where carrying it out twice or not at all is the same.
    fn failed(&self, trouble: Trouble) -> StoreError {
        let address = self.0.address.clone();
        match trouble {
            Trouble::Unsent(why) | Trouble::Lost(why) | Trouble::Odd(why) => StoreError::Unreachable { address, why },
            Trouble::Denied => StoreError::Denied { address },
        }
    }

    /// Half the wait is fixed.
    fn jittered(&self, wait: Duration) -> Duration {
        wait.mul_f64(0.5 + self.0.ids.fraction() / 2.0)
    }
}

/// A statement without parameters or rows.
fn plain(sql: &str) -> Stmt {
    Stmt::new(sql, false)
}
