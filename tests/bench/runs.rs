//! Runs: how fast a signal moves its run, what a snapshot costs, and whether closed runs make either dearer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, Stopwatch};
use tokio::task::JoinSet;

use crate::client::{Connection, thread_id};
use crate::load::OPEN;
use crate::report::median;
use crate::server::Server;
use crate::subscribers::{frame, subscribe};

const RUNS: u32 = 50;
const AGENTS_EACH: u32 = 4;
/// Signals a second, over all runs.
const PER_SECOND: u32 = 500;
/// Posts of the run whose snapshot is read.
const POSTS: usize = 10_000;
const CONNECTIONS: usize = 64;

/// What one size of the past comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) closed: usize,
    /// p50 and p99 in milliseconds from sending a signal to its run's state change on a live stream.
    pub(crate) moved_ms: (f64, f64),
    /// Median milliseconds of a snapshot.
    pub(crate) snapshot_ms: f64,
}

/// The figures beside few closed runs and beside many, from the same server.
pub(crate) async fn run(directory: &Path, few: usize, many: usize, seconds: u64) -> [Measured; 2] {
    let server = Server::start(directory, &[]);
    let talkative = talkative_run(&server).await;
    let mut measured = [Measured::default(); 2];
    let mut closed = 0;
    for (slot, wanted) in measured.iter_mut().zip([few, many]) {
        close_runs(&server, wanted - closed).await;
        closed = wanted;
        let snapshot_ms = snapshots(&server, &talkative).await;
        *slot = Measured { closed, moved_ms: moves(&server, seconds).await, snapshot_ms };
    }
    server.stop();
    measured
}

async fn start(connection: &mut Connection, agents: &[String]) -> String {
    let body = json!({ "tickets": ["BENCH-3"], "agents": agents }).to_string();
    let (status, body) = connection.post("/api/v1/runs", &body).await;
    assert_eq!(status, 201);
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    answer["run"]["run_id"].as_str().expect("a run").to_owned()
}

/// Runs that are over: started, completed by hand, closed.
async fn close_runs(server: &Server, count: usize) {
    let mut clients = JoinSet::new();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(server).await;
        let share = count / CONNECTIONS + usize::from(number < count % CONNECTIONS);
        clients.spawn(async move {
            for _ in 0..share {
                let run = start(&mut connection, &[]).await;
                let path = format!("/api/v1/runs/{run}");
                assert_eq!(connection.post(&format!("{path}/state"), r#"{"state":"completed"}"#).await.0, 200);
                assert_eq!(connection.post(&format!("{path}/close"), "{}").await.0, 200);
            }
        });
    }
    clients.join_all().await;
}

/// A run with twenty threads and all those posts.
async fn talkative_run(server: &Server) -> String {
    let mut connection = Connection::open(server).await;
    let run = start(&mut connection, &["ada".to_owned()]).await;
    let mut opening: Value = serde_json::from_str(OPEN).expect("JSON");
    opening["run_id"] = json!(run);
    let opening = opening.to_string();
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let (mut connection, opening) = (Connection::open(server).await, opening.clone());
        clients.spawn(async move {
            let (status, body) = connection.post("/api/v1/forum/threads", &opening).await;
            assert_eq!(status, 201);
            let posts = format!("/api/v1/forum/threads/{}/posts", thread_id(&body));
            for _ in 1..POSTS / 20 {
                assert_eq!(connection.post(&posts, r#"{"body":"And another thing."}"#).await.0, 200);
            }
        });
    }
    clients.join_all().await;
    run
}

async fn snapshots(server: &Server, run: &str) -> f64 {
    let mut connection = Connection::open(server).await;
    let path = format!("/api/v1/runs/{run}/snapshot");
    let mut taken = Vec::new();
    for round in 0..220 {
        let stopwatch = Clock::stopwatch();
        assert_eq!(connection.get(&path).await.0, 200);
        // The first ones fill caches.
        if round >= 20 {
            taken.push(stopwatch.elapsed().as_secs_f64() * 1e3);
        }
    }
    median(&mut taken)
}

type Sent = Arc<Mutex<HashMap<String, Stopwatch>>>;

/// Every agent asks, is answered, asks again, each at a pace of its own, whatever the answers take. A signal moves its run
/// when it is the first that is open, or answers the last.
async fn moves(server: &Server, seconds: u64) -> (f64, f64) {
    let sent = Sent::default();
    let agents = RUNS * AGENTS_EACH;
    let period = Duration::from_secs(1) * agents / PER_SECOND;
    let rounds = u32::try_from(seconds).expect("seconds") * PER_SECOND / agents;
    let socket = subscribe(server, "?types=forum.control.signal,run.state.changed&limit=500").await;
    let reader = tokio::spawn(arrivals(socket, Arc::clone(&sent), (rounds * agents) as usize));
    let mut connection = Connection::open(server).await;
    let mut clients = JoinSet::new();
    for number in 0..RUNS {
        let names: Vec<_> = (0..AGENTS_EACH).map(|agent| format!("agent-{number}-{agent}")).collect();
        let run = start(&mut connection, &names).await;
        for (place, agent) in (number * AGENTS_EACH..).zip(names) {
            let (mut connection, sent, run) = (Connection::open(server).await, Arc::clone(&sent), run.clone());
            // Neighbours in a run are far apart in time.
            let offset = period * (place * 67 % agents) / agents;
            clients.spawn(async move {
                tokio::time::sleep(offset).await;
                let mut pace = tokio::time::interval(period);
                for round in 0..rounds {
                    pace.tick().await;
                    let mark = format!("{agent} {run} {round}");
                    let body = signal(&run, &agent, round, &mark);
                    sent.lock().unwrap_or_else(PoisonError::into_inner).insert(mark, Clock::stopwatch());
                    let (status, _) = connection.post("/api/v1/forum/control/signal?wait=0", &body).await;
                    assert_eq!(status, 202);
                }
            });
        }
    }
    clients.join_all().await;
    let mut taken = tokio::time::timeout(Duration::from_secs(60), reader)
        .await
        .expect("every run moves within a minute")
        .expect("the reader ends by itself");
    taken.sort_by(f64::total_cmp);
    (taken[taken.len() / 2], taken[taken.len() * 99 / 100])
}

/// A question, or its answer.
fn signal(run: &str, agent: &str, round: u32, mark: &str) -> String {
    let (kind, text) =
        if round.is_multiple_of(2) { ("guidance_request", "question") } else { ("guidance_answer", "answer") };
    let payload = json!({ "schema_version": 1, "type": kind, "run_id": run, "agent_name": agent, text: mark });
    json!({ "run_id": run, "agent_name": agent, "payload": payload }).to_string()
}

/// Times from sending each signal to the move it caused: both carry the correlation of the signal's request.
async fn arrivals(mut socket: tokio::net::TcpStream, sent: Sent, expected: usize) -> Vec<f64> {
    let (mut signals, mut seen, mut taken, mut payload) = (HashMap::new(), 0, Vec::new(), Vec::new());
    // What the last signals move comes a moment later, and then nothing more.
    while let Ok(read) = tokio::time::timeout(patience(seen < expected), frame(&mut socket, &mut payload)).await {
        read.expect("the stream goes on");
        let page: Value = serde_json::from_slice(&payload).expect("JSON");
        for event in page["events"].as_array().into_iter().flatten() {
            let correlation = event["correlation_id"].as_str().unwrap_or_default().to_owned();
            let control = &event["payload"]["control"];
            if let Some(mark) = control["question"].as_str().or_else(|| control["answer"].as_str()) {
                // What an earlier measurement sent is in the log too.
                let since = sent.lock().unwrap_or_else(PoisonError::into_inner).remove(mark);
                seen += usize::from(since.is_some());
                signals.extend(since.map(|since| (correlation, since)));
            } else if let Some(since) = signals.remove(&correlation) {
                taken.push(since.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    assert_eq!(seen, expected, "a signal was not seen");
    assert!(taken.len() * 20 > expected, "only {} of {expected} signals moved their runs", taken.len());
    taken
}

fn patience(more: bool) -> Duration {
    Duration::from_secs(if more { 30 } else { 1 })
}
