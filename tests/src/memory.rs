//! A fleet that tells what it did to whichever server runs, a look at the jobs this causes, and what must be true of
//! all of it afterwards, however often a server was killed.

#![expect(clippy::missing_panics_doc, reason = "a fleet that is refused, or that waits in vain, ends its test")]

mod counts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::sync::watch;

use crate::agent_events::{Generator, in_session};
use crate::sessions::{SESSIONS, session_of};
use crate::system::{Answer, Client};

pub use counts::Counts;

/// Where agent events go.
pub const EVENTS: &str = "/api/v1/agent-events";
/// Where what is remembered is found.
pub const SEARCH: &str = "/api/v1/search";
/// What every fleet's agents did is made from this.
const SEED: u64 = 7;
/// Events that are told one after the other: some alone, the others in a batch.
const TOGETHER: usize = 20;
const ALONE: usize = 4;
/// Whatever takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(60);
/// From one look to the next: a lane holds a job for a few milliseconds.
const NEXT_LOOK: Duration = Duration::from_millis(1);

/// What the agent of the session with this number, from 1 on, did.
#[must_use]
pub fn session(number: usize) -> Vec<Value> {
    Generator::new(SEED).session(number)
}

/// What the agents of the first sessions did: `count` events that differ, one of each session twice.
#[must_use]
pub fn sessions(count: usize) -> Vec<Vec<Value>> {
    let (mut sessions, mut left) = (Vec::new(), count);
    while left > 0 {
        let mut seen = BTreeSet::new();
        let is_one_of_them = |event: &Value| {
            seen.insert(event["source_event_id"].to_string());
            seen.len() <= left
        };
        let events: Vec<Value> = session(sessions.len() + 1).into_iter().take_while(is_one_of_them).collect();
        left -= seen.len().min(left);
        sessions.push(events);
    }
    sessions
}

/// A session whose every request was acknowledged.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its identity.
    pub session_id: String,
    /// Its events, as the answers called them: one that was sent twice stands here twice.
    pub event_ids: Vec<String>,
}

/// Tells what agents did.
#[derive(Clone)]
pub struct Fleet {
    server: watch::Receiver<Option<Client>>,
}

impl Fleet {
    /// One that always tells it to whichever server runs; there may be none for a while.
    #[must_use]
    pub fn over(server: watch::Receiver<Option<Client>>) -> Self {
        Self { server }
    }

    /// Starts a session, tells its events, and ends it. What is not acknowledged is sent again under the same key.
    pub async fn tell(&mut self, agent: &str, events: Vec<Value>) -> Told {
        let started = self.acknowledged(SESSIONS, &session_of(agent), &format!("{agent}-start")).await;
        let session_id = started.text("/session/session_id");
        let events = in_session(events, &session_id);
        let mut event_ids = Vec::new();
        for (number, events) in events.chunks(TOGETHER).enumerate() {
            let (alone, together) = events.split_at(ALONE.min(events.len()));
            for (place, event) in alone.iter().enumerate() {
                let answer = self.acknowledged(EVENTS, event, &format!("{agent}-{number}-{place}")).await;
                event_ids.push(answer.text("/event/agent_event_id"));
            }
            if together.is_empty() {
                continue;
            }
            let batch = json!({ "events": together });
            let answer = self.acknowledged(&format!("{EVENTS}/batch"), &batch, &format!("{agent}-{number}")).await;
            let places = 0..answer.list("/items").len();
            event_ids.extend(places.map(|place| answer.text(&format!("/items/{place}/event/agent_event_id"))));
        }
        self.acknowledged(&format!("{SESSIONS}/{session_id}/end"), &json!({}), &format!("{agent}-end")).await;
        Told { session_id, event_ids }
    }

    /// Repeats a request under its key until a server says what came of it.
    async fn acknowledged(&mut self, path: &str, body: &Value, key: &str) -> Answer {
        loop {
            let client = self.server.wait_for(Option::is_some).await.expect("servers come").clone();
            let Some(client) = client else { continue };
            let request = client.request(Method::POST, path).header("idempotency-key", key).json(body);
            if let Some(answer) = answer_of(request).await {
                match answer.status.as_u16() {
                    200 | 201 => return answer,
                    // Accepted and not applied yet, or about to stop.
                    202 | 503 => {}
                    status => panic!("{key} was refused with {status}: {}", answer.body),
                }
            }
            // The next server, or another try with this one.
            let _ = tokio::time::timeout(Duration::from_millis(20), self.server.changed()).await;
        }
    }
}

/// The answer to a request; none if its server went away meanwhile.
async fn answer_of(request: reqwest::RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some(Answer { status, headers, body })
}

/// Waits until a server says that it has caught up; what it says.
pub async fn ready(client: &Client) -> Answer {
    let stopwatch = Clock::stopwatch();
    loop {
        let answer = client.get("/readyz").await;
        if answer.status == 200 {
            return answer;
        }
        assert!(stopwatch.elapsed() < PATIENCE, "never ready: {}", answer.body);
        tokio::time::sleep(NEXT_LOOK).await;
    }
}

/// Looks into a database file, beside the server that works on it and after its death. It writes nothing: what a killed
/// server leaves is for the next one to put in order.
pub struct Lookout {
    connection: libsql::Connection,
    database: PathBuf,
}

impl Lookout {
    /// Opens a file that is there.
    pub async fn over(database: &Path) -> Self {
        let builder = libsql::Builder::new_local(database).flags(libsql::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = builder.build().await.and_then(|opened| opened.connect()).expect("the database opens");
        connection.busy_timeout(Duration::from_secs(5)).expect("a timeout");
        Self { connection, database: database.to_owned() }
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut rows = self.connection.query(sql, ()).await.expect("the query runs");
        let row = rows.next().await.expect("a row").expect("one row");
        row.get(0).expect("a number")
    }

    /// Jobs of this lane that are worked on, or that were when the server died.
    pub async fn processing(&self, lane: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM jobs WHERE status = 'processing' AND kind = '{lane}'")).await
    }

    /// Waits until jobs of this lane are worked on.
    pub async fn until_processing(&self, lane: &str) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM jobs WHERE status = 'processing' AND kind = '{lane}')");
        self.until(&format!("the lane {lane} works"), &sql).await;
    }

    /// Waits until this lane has nothing left to do.
    pub async fn until_done(&self, lane: &str) {
        let sql = format!(
            "SELECT NOT EXISTS (SELECT 1 FROM jobs WHERE status IN ('queued', 'processing') AND kind = '{lane}')"
        );
        self.until(&format!("the lane {lane} is done"), &sql).await;
    }

    /// Waits until no command, no job and no message waits.
    pub async fn until_rest(&self) {
        const SQL: &str = "SELECT NOT EXISTS (SELECT 1 FROM commands WHERE status = 'accepted')
            AND NOT EXISTS (SELECT 1 FROM jobs WHERE status IN ('queued', 'processing'))
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE status <> 'sent')";
        self.until("everything is at rest", SQL).await;
    }

    /// Waits until a query gives another number than 0.
    pub async fn until(&self, what: &str, sql: &str) {
        let stopwatch = Clock::stopwatch();
        while self.number(sql).await == 0 {
            if stopwatch.elapsed() > PATIENCE {
                let counts = Counts::of(&self.database).await;
                panic!("waited in vain until {what}:\n{counts}");
            }
            tokio::time::sleep(NEXT_LOOK).await;
        }
    }
}
