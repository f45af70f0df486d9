//! Replays: how fast one goes alone, and what it costs whoever works meanwhile.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;

use crate::client::Connection;
use crate::server::Server;
use crate::{history, load};

/// What replaying one projection came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Replays {
    /// Events in the log.
    pub(crate) events: i64,
    /// Events per second of the first catching up, from the start of the server.
    pub(crate) caught_up: f64,
    /// Events per second without other work.
    pub(crate) alone: f64,
    /// Events per second while commands arrive.
    pub(crate) under_load: f64,
    /// p99 in milliseconds of 100 commands a second, without and with a replay.
    pub(crate) p99_ms: (f64, f64),
    /// Bytes of the database per event, its command-side rows and its views, sent outbox rows pruned.
    pub(crate) bytes_per_event: f64,
}

/// Replays `thread-views` over a log of about `events` events.
pub(crate) async fn run(directory: &Path, events: usize, seconds: u64) -> Replays {
    // A whole life is eight events.
    let events = history::fill(directory, events / 8, 5).await;
    let stopwatch = Clock::stopwatch();
    let server = Server::start(directory, &[]);
    wait_for_lag_zero(&server).await;
    let caught_up = rate(events, stopwatch.elapsed());
    let alone = replay(&server).await;
    let before = load::latency(&server, 100, seconds).await.1;
    let (under_load, during) = tokio::join!(replay(&server), load::latency(&server, 100, seconds));
    server.stop();
    let bytes = used(&directory.join("agentforum.db")).await;
    Replays {
        events,
        caught_up,
        alone,
        under_load,
        p99_ms: (before, during.1),
        bytes_per_event: per_event(bytes, events),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(events: i64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

/// Bytes of the pages that are in use.
async fn used(database: &Path) -> i64 {
    const SQL: &str = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
    let rows = tests::system::rows_of(database, SQL).await;
    rows[0][0].as_i64().expect("a number")
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_event(bytes: i64, events: i64) -> f64 {
    bytes as f64 / events as f64
}

async fn projection(connection: &mut Connection) -> Value {
    let (status, body) = connection.get("/api/v1/projections").await;
    assert_eq!(status, 200);
    let list: Vec<Value> = serde_json::from_slice(&body).expect("JSON");
    list.into_iter().find(|projection| projection["name"] == "thread-views").expect("the projection")
}

pub(crate) async fn wait_for_lag_zero(server: &Server) {
    let mut connection = Connection::open(server).await;
    loop {
        let (_, body) = connection.get("/api/v1/projections").await;
        let list: Vec<Value> = serde_json::from_slice(&body).expect("JSON");
        if list.iter().all(|projection| projection["lag"] == 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Replays, and waits until the new generation is live; events per second.
async fn replay(server: &Server) -> f64 {
    let mut connection = Connection::open(server).await;
    let before = projection(&mut connection).await["generation"].clone();
    let stopwatch = Clock::stopwatch();
    let (status, _) = connection.post("/api/v1/projections/thread-views/replay", "{}").await;
    assert_eq!(status, 202);
    loop {
        let now = projection(&mut connection).await;
        if now["generation"] != before {
            let took = stopwatch.elapsed();
            return rate(now["pos"].as_i64().expect("a position"), took);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
