//! Batches over HTTP, one after the other on each connection, each answered when its events are stored. The lanes make
//! observations of them meanwhile.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use tokio::task::JoinSet;

use super::{BATCH, CONNECTIONS, ROUND};
use crate::client::Connection;
use crate::server::Server;

/// Events that were stored per second.
pub(super) async fn events_per_second(server: &Server, batches: &[String], repetition: usize, seconds: u64) -> f64 {
    let (limit, batches) = (Duration::from_secs(seconds), Arc::new(batches.to_vec()));
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(server).await);
    }
    let stopwatch = Clock::stopwatch();
    let mut clients = JoinSet::new();
    for (number, mut connection) in connections.into_iter().enumerate() {
        let batches = Arc::clone(&batches);
        clients.spawn(async move {
            let (mut answered, mut bodies) = (0_u32, batches.iter().cycle().skip(number));
            while stopwatch.elapsed() < limit {
                let body = bodies.next().expect("batches");
                let body = body.replace(ROUND, &format!("{repetition}-{number}-{answered}"));
                let (status, answer) = connection.post("/api/v1/agent-events/batch", &body).await;
                assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
                answered += 1;
            }
            answered
        });
    }
    let answered: u32 = clients.join_all().await.into_iter().sum();
    f64::from(answered) * f64::from(u32::try_from(BATCH).expect("a small number")) / stopwatch.elapsed().as_secs_f64()
}

/// Jobs that the batches caused, and those that are completed. None has failed.
pub(super) async fn jobs(server: &Server) -> (i64, i64) {
    let mut connection = Connection::open(server).await;
    let mut counts = [0; 3];
    for (count, filter) in counts.iter_mut().zip(["", "&status=completed", "&status=failed"]) {
        let (status, body) = connection.get(&format!("/api/v1/jobs?kind=event_batch&limit=1{filter}")).await;
        assert_eq!(status, 200);
        let list: Value = serde_json::from_slice(&body).expect("JSON");
        *count = list["total"].as_i64().expect("a number");
    }
    let [all, completed, failed] = counts;
    assert_eq!(failed, 0, "a job failed");
    (all, completed)
}
