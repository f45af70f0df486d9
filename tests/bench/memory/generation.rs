//! What waits before a lane, worked off by the built-in provider.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use tokio::task::JoinSet;

use super::{events, start_session};
use crate::client::Connection;
use crate::measure::ticks;
use crate::replays::wait_for_lag_zero;
use crate::server::Server;

/// Connections that tell events, each alone.
const CONNECTIONS: usize = 64;
/// From one look at the lane to the next.
const NEXT_LOOK: Duration = Duration::from_millis(10);

/// What a lane does per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation {
    /// Jobs that waited.
    pub(crate) jobs: usize,
    pub(crate) per_second: f64,
    /// Cores that the server kept busy meanwhile.
    pub(crate) cores_busy: f64,
    /// Commits that shared a transaction meanwhile, on average.
    pub(crate) group: f64,
}

/// Events, each with a job of its own, wait before a paused lane; then it goes on until none waits.
pub(super) async fn run(directory: &Path, jobs: usize) -> Generation {
    let server = Server::start(directory, &[]);
    let mut connection = Connection::open(&server).await;
    assert_eq!(connection.post("/api/v1/lanes/event/pause", "{}").await.0, 200);
    tell(&server, jobs).await;
    wait_for_lag_zero(&server).await;
    assert_eq!(waiting(&mut connection).await, count(jobs), "all of them wait");
    let (groups_before, busy_before) = (groups(&server).await, ticks(server.pid) / 100.0);
    let stopwatch = Clock::stopwatch();
    assert_eq!(connection.post("/api/v1/lanes/event/resume", "{}").await.0, 200);
    while waiting(&mut connection).await > 0 {
        tokio::time::sleep(NEXT_LOOK).await;
    }
    let seconds = stopwatch.elapsed().as_secs_f64();
    let cores_busy = (ticks(server.pid) / 100.0 - busy_before) / seconds;
    let (commits, transactions) = groups(&server).await;
    let group = (commits - groups_before.0) / (transactions - groups_before.1);
    let (_, body) = connection.get("/api/v1/jobs?status=completed&limit=1").await;
    let list: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(list["total"].as_i64(), Some(count(jobs)), "each of them was completed");
    server.stop();
    let all = f64::from(u32::try_from(jobs).expect("a small number"));
    Generation { jobs, per_second: all / seconds, cores_busy, group }
}

fn count(jobs: usize) -> i64 {
    i64::try_from(jobs).expect("a small number")
}

/// Tells so many events, each alone.
async fn tell(server: &Server, jobs: usize) {
    let session_id = start_session(server).await;
    let bodies: Arc<Vec<String>> = Arc::new(events(jobs, &session_id).iter().map(Value::to_string).collect());
    let mut clients = JoinSet::new();
    for first in 0..CONNECTIONS {
        let (mut connection, bodies) = (Connection::open(server).await, Arc::clone(&bodies));
        clients.spawn(async move {
            for body in bodies.iter().skip(first).step_by(CONNECTIONS) {
                let (status, answer) = connection.post("/api/v1/agent-events", body).await;
                assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
            }
        });
    }
    clients.join_all().await;
}

/// Jobs of the lane that are not over.
async fn waiting(connection: &mut Connection) -> i64 {
    let (status, body) = connection.get("/api/v1/lanes").await;
    assert_eq!(status, 200);
    let list: Value = serde_json::from_slice(&body).expect("JSON");
    let lane = list["items"].as_array().into_iter().flatten().find(|lane| lane["kind"] == "event").expect("the lane");
    assert_eq!(lane["failed"], 0, "a job failed");
    ["queued", "processing"].iter().filter_map(|status| lane[*status].as_i64()).sum()
}

/// Commits and transactions of the writer so far.
async fn groups(server: &Server) -> (f64, f64) {
    let commits = server.metric("agentforum_writer_batch_size_sum").await;
    (commits, server.metric("agentforum_writer_batch_size_count").await)
}
