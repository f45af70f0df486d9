//! Load over HTTP: as fast as 64 connections go, and at a steady pace.

use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use tokio::task::JoinSet;

use crate::client::{Connection, thread_id};
use crate::server::Server;

/// The least that opens a thread.
pub(crate) const OPEN: &str =
    r#"{"title":"Which way is it?","body":"The left one, or the right one; both look the same.","ticket":"BENCH-1"}"#;
const POST: &str = r#"{"body":"One more thing that should be known before anybody decides."}"#;
const ANSWER: &str = r#"{"body":"Take the left one."}"#;

/// Threads, posts and answers until the time is up: each connection opens, posts twice, answers, closes, again and again,
/// and waits for every projected answer. Finished commands per second.
pub(crate) async fn commands(server: &Server, connections: usize, seconds: u64) -> f64 {
    let limit = Duration::from_secs(seconds);
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(server).await;
        clients.spawn(async move {
            let stopwatch = Clock::stopwatch();
            let mut finished = 0_u32;
            loop {
                let (status, body) = connection.post("/api/v1/forum/threads", OPEN).await;
                assert_eq!(status, 201);
                let thread = format!("/api/v1/forum/threads/{}", thread_id(&body));
                for (path, body) in [("posts", POST), ("posts", POST), ("answer", ANSWER), ("close", "{}")] {
                    let (status, _) = connection.post(&format!("{thread}/{path}"), body).await;
                    assert_eq!(status, 200, "{path}");
                }
                if stopwatch.elapsed() >= limit {
                    return finished;
                }
                finished += 5;
            }
        });
    }
    let finished: u32 = clients.join_all().await.into_iter().sum();
    f64::from(finished) / limit.as_secs_f64()
}

/// Every thread that was answered for is there and closed.
pub(crate) async fn verify(server: &Server) {
    let mut connection = Connection::open(server).await;
    let (status, body) = connection.get("/api/v1/forum/threads?state=new").await;
    let list: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, list["items"].as_array().map(Vec::len)), (200, Some(0)), "a thread was left behind");
    let (status, _) = connection.get("/api/v1/health").await;
    assert_eq!(status, 200);
}

/// Opens `per_second` threads a second over 16 connections, whatever the answers take; p50 and p99 in milliseconds from the
/// moment a request was due to its projected answer.
pub(crate) async fn latency(server: &Server, per_second: u32, seconds: u64) -> (f64, f64) {
    const CONNECTIONS: u32 = 16;
    /// What a timer may be late by itself.
    const TIMER: Duration = Duration::from_millis(2);
    let period = Duration::from_secs(1) * CONNECTIONS / per_second;
    let rounds = u32::try_from(seconds).expect("seconds") * per_second / CONNECTIONS;
    let mut clients = JoinSet::new();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(server).await;
        clients.spawn(async move {
            tokio::time::sleep(period * number / CONNECTIONS).await;
            let mut pace = tokio::time::interval(period);
            let begin = Clock::stopwatch();
            let mut taken = Vec::new();
            for round in 0..rounds {
                pace.tick().await;
                let sent = Clock::stopwatch();
                // How late it is sent: a timer ticks in whole milliseconds, which is no wait of the server's; anything beyond
                // is an answer before that took too long, and counts.
                let late = begin.elapsed().saturating_sub(period * round).saturating_sub(TIMER);
                let (status, _) = connection.post("/api/v1/forum/threads", OPEN).await;
                assert_eq!(status, 201);
                taken.push((sent.elapsed() + late).as_secs_f64() * 1e3);
            }
            taken
        });
    }
    let mut taken: Vec<f64> = clients.join_all().await.into_iter().flatten().collect();
    taken.sort_by(f64::total_cmp);
    (taken[taken.len() / 2], taken[taken.len() * 99 / 100])
}
