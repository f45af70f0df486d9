//! Memory: how fast agent events are taken in beside what SQLite does bare, and how fast the built-in provider works
//! off what waits.

mod bare;
mod generation;
mod ingest;

use std::path::Path;

use serde_json::{Value, json};
use tests::agent_events::{Generator, in_session};
use tests::sessions::session_of;

use crate::Effort;
use crate::client::Connection;
use crate::report::median;
use crate::server::Server;
use generation::Generation;

/// Events of one batch.
pub(crate) const BATCH: usize = 500;
/// Batches whose events differ; sent once more, they only get other ids.
const BATCHES: usize = 16;
/// Connections that send batches.
pub(crate) const CONNECTIONS: usize = 4;
/// Stands in an event's own id for what makes it another one.
const ROUND: &str = "@round@";

/// What memory comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) ingested: Ingested,
    pub(crate) generation: Generation,
}

/// Agent events per second, and the ceiling beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ingested {
    pub(crate) per_second: f64,
    pub(crate) ceiling_per_second: f64,
    /// Commits that shared a transaction, on average.
    pub(crate) group: f64,
    /// Jobs that the batches caused, and those of them that were completed when the last batch was answered.
    pub(crate) jobs: (i64, i64),
}

/// Batches for a while, the same bare, and then so many jobs at once.
pub(crate) async fn run(directory: &Path, effort: Effort, jobs: usize) -> Memory {
    let ingested = ingested(directory, effort).await;
    let generation = generation::run(&directory.join("generation"), jobs).await;
    Memory { ingested, generation }
}

async fn ingested(directory: &Path, effort: Effort) -> Ingested {
    let server = Server::start(&directory.join("ingest"), &[]);
    let session_id = start_session(&server).await;
    let batches = batches(&session_id);
    let mut rates = Vec::new();
    for repetition in 0..effort.repetitions {
        rates.push(ingest::events_per_second(&server, &batches, repetition, effort.seconds).await);
    }
    let jobs = ingest::jobs(&server).await;
    let group = server.mean_batch_size().await;
    server.stop();
    let mut bare = Vec::new();
    for repetition in 0..effort.repetitions {
        // A server makes the database and the session that the events belong to, and leaves it.
        let place = directory.join(format!("bare-{repetition}"));
        let server = Server::start(&place, &[]);
        assert_eq!(start_session(&server).await, session_id);
        server.stop();
        bare.push(bare::events_per_second(&place, &batches, group, effort.seconds));
    }
    Ingested { per_second: median(&mut rates), ceiling_per_second: median(&mut bare), group, jobs }
}

/// Starts the session in which everything happens.
async fn start_session(server: &Server) -> String {
    let start = session_of("ada").to_string();
    let (status, body) = Connection::open(server).await.post("/api/v1/sessions", &start).await;
    assert_eq!(status, 201);
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    answer["session"]["session_id"].as_str().expect("a session").to_owned()
}

/// So many events of a session, each with an id that [`ROUND`] makes another one.
fn events(count: usize, session_id: &str) -> Vec<Value> {
    let mut events = in_session(Generator::new(1).events(count), session_id);
    for (place, event) in events.iter_mut().enumerate() {
        event["source_event_id"] = json!(format!("{ROUND}-{place}"));
    }
    events
}

/// Bodies of requests, each a batch.
fn batches(session_id: &str) -> Vec<String> {
    let events = events(BATCH * BATCHES, session_id);
    events.chunks(BATCH).map(|events| json!({ "events": events }).to_string()).collect()
}
