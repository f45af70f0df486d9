//! A fleet at work: a thousand sessions that report every five seconds, and observations of their pull requests, each at
//! its own time whatever the answers take.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shared::clock::{Clock, Stopwatch};
use tokio::task::JoinSet;

use super::watch::{Watch, mark, subscribe};
use super::{at_rest, observation, percentiles, session, url};
use crate::client::Connection;
use crate::measure::ticks;
use crate::server::Server;

const SESSIONS: u32 = 1000;
const PRS: u32 = 200;
/// From one report to the next, over all sessions: each reports every 5 s.
const REPORT_MS: u32 = 5;
/// From one observation to the next, over all pull requests: 2 000 a minute.
const OBSERVE_MS: u32 = 30;
/// One observation in so many says something new.
const OBSERVATIONS_PER_CHANGE: u32 = 3;
/// Connections that report, and that observe. Each has its own share of the sessions or pull requests, so that what is
/// said of one goes out in order.
const REPORTERS: u32 = 50;
const OBSERVERS: u32 = 20;
/// What a timer may be late by itself.
const TIMER: Duration = Duration::from_millis(2);

/// What the fleet comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    /// p50 and p99 in milliseconds from sending a report of another activity to its event on the live stream.
    pub(crate) session_ms: (f64, f64),
    /// The same of an observation of something new.
    pub(crate) pr_ms: (f64, f64),
    /// Cores that the server kept busy.
    pub(crate) cores_busy: f64,
    /// Reports that were sent, and commands that they became.
    pub(crate) reports: (u32, f64),
    /// Observations that were sent, and commands that they became.
    pub(crate) observations: (u32, f64),
    /// Answers of 2xx.
    pub(crate) answered: u32,
    /// Changes that were sent, and that were seen.
    pub(crate) changes: (u32, u32),
}

/// Runs the fleet for so long on a server of its own.
pub(super) async fn run(directory: &Path, seconds: u32) -> Reported {
    let server = Server::start(directory, &[]);
    let sessions = Arc::new(start_sessions(&server).await);
    open_pull_requests(&server, &sessions).await;
    at_rest(&server).await;
    let watch = Watch::default();
    let follower = tokio::spawn(watch.clone().follow(subscribe(&server).await));
    let mut connections = Vec::new();
    for _ in 0..REPORTERS + OBSERVERS {
        connections.push(Connection::open(&server).await);
    }
    let accepted_before = accepted(&server).await;
    let (ticks_before, begin) = (ticks(server.pid), Clock::stopwatch());
    let mut clients = JoinSet::new();
    for (number, connection) in (0..).zip(connections) {
        let (sender, sessions) = (Sender { connection, watch: watch.clone(), begin }, Arc::clone(&sessions));
        clients.spawn(async move {
            if number < REPORTERS {
                report(sender, &sessions, number, seconds * 1000 / REPORT_MS).await
            } else {
                observe(sender, &sessions, number - REPORTERS, seconds * 1000 / OBSERVE_MS).await
            }
        });
    }
    let answered = clients.join_all().await.into_iter().sum();
    // Ticks are hundredths of a second.
    let cores_busy = (ticks(server.pid) - ticks_before) / 100.0 / begin.elapsed().as_secs_f64();
    let (changes, taken) = watch.finish().await;
    follower.abort();
    let accepted = accepted(&server).await;
    server.stop();
    Reported {
        session_ms: percentiles(taken.sessions),
        pr_ms: percentiles(taken.prs),
        cores_busy,
        reports: (seconds * 1000 / REPORT_MS, accepted.0 - accepted_before.0),
        observations: (seconds * 1000 / OBSERVE_MS, accepted.1 - accepted_before.1),
        answered,
        changes,
    }
}

/// Reports and observations that became commands so far.
async fn accepted(server: &Server) -> (f64, f64) {
    let reports = server.metric(r#"agentforum_commands_total{name="report_activity",status="accepted"}"#).await;
    let observations =
        server.metric(r#"agentforum_commands_total{name="observe_pull_request",status="accepted"}"#).await;
    (reports, observations)
}

/// Sessions in their places, each with its first report.
async fn start_sessions(server: &Server) -> Vec<String> {
    const CONNECTIONS: u32 = 16;
    let mut clients = JoinSet::new();
    for first in 0..CONNECTIONS {
        let mut connection = Connection::open(server).await;
        clients.spawn(async move {
            let mut started = Vec::new();
            for place in (first..SESSIONS).step_by(CONNECTIONS as usize) {
                let (status, body) = connection.post("/api/v1/sessions", &session(place).to_string()).await;
                assert_eq!(status, 201);
                let answer: Value = serde_json::from_slice(&body).expect("JSON");
                let session_id = answer["session"]["session_id"].as_str().expect("a session").to_owned();
                let path = format!("/api/v1/sessions/{session_id}/activity");
                let body = format!(r#"{{"activity":"{}"}}"#, activity(place, 0));
                assert_eq!(connection.post(&path, &body).await.0, 200);
                started.push((place, session_id));
            }
            started
        });
    }
    let mut started: Vec<(u32, String)> = clients.join_all().await.into_iter().flatten().collect();
    started.sort_unstable();
    started.into_iter().map(|(_, session_id)| session_id).collect()
}

/// Every pull request as it is at first.
async fn open_pull_requests(server: &Server, sessions: &[String]) {
    let mut connection = Connection::open(server).await;
    for place in 0..PRS {
        let (_, body) = observed(sessions, place, 0);
        assert_eq!(connection.post("/api/v1/pull-requests/observations", &body).await.0, 200);
    }
}

/// One connection, and when everything began.
struct Sender {
    connection: Connection,
    watch: Watch,
    begin: Stopwatch,
}

impl Sender {
    /// Sends when `due` milliseconds have passed, at once if that is over; whether the answer is 2xx. What a change goes
    /// out late beyond the timer's part is an answer before that took too long: it counts.
    async fn send(&mut self, due: u32, path: &str, body: &str, change: Option<String>) -> bool {
        let due = Duration::from_millis(u64::from(due));
        tokio::time::sleep(due.saturating_sub(self.begin.elapsed())).await;
        if let Some(mark) = change {
            self.watch.sent(mark, self.begin.elapsed().saturating_sub(due).saturating_sub(TIMER));
        }
        let (status, body) = self.connection.post(path, body).await;
        let is_good = (200..300).contains(&status);
        if !is_good {
            eprintln!("{path} was answered {status}: {}", String::from_utf8_lossy(&body));
        }
        is_good
    }
}

/// What the agent at `place` does at its `round`th report. Of twenty in a row five say that it is idle: one in ten is of
/// another activity than the one before, and never all at once.
fn activity(place: u32, round: u32) -> &'static str {
    if (place + round) % 20 < 5 { "idle" } else { "active" }
}

/// Whether the `round`th observation of the pull request at `place` says something new.
fn is_news(place: u32, round: u32) -> bool {
    (place + round).is_multiple_of(OBSERVATIONS_PER_CHANGE)
}

/// How many did by then.
fn news(place: u32, round: u32) -> u32 {
    (place + round) / OBSERVATIONS_PER_CHANGE + 1 - place.div_ceil(OBSERVATIONS_PER_CHANGE)
}

/// Reports on this connection's share of the sessions; how many were answered well.
async fn report(mut sender: Sender, sessions: &[String], first: u32, count: u32) -> u32 {
    let mut answered = 0;
    for number in (first..count).step_by(REPORTERS as usize) {
        let (round, place) = (number / SESSIONS, number % SESSIONS);
        let session_id = &sessions[place as usize];
        let (before, activity) = (activity(place, round), activity(place, round + 1));
        let change = (before != activity).then(|| mark(session_id, activity));
        let path = format!("/api/v1/sessions/{session_id}/activity?wait=0");
        let body = format!(r#"{{"activity":"{activity}"}}"#);
        answered += u32::from(sender.send(REPORT_MS * number, &path, &body, change).await);
    }
    answered
}

/// Observes this connection's share of the pull requests; how many observations were answered well.
async fn observe(mut sender: Sender, sessions: &[String], first: u32, count: u32) -> u32 {
    let mut answered = 0;
    for number in (first..count).step_by(OBSERVERS as usize) {
        let (round, place) = (number / PRS, number % PRS);
        let (commit, body) = observed(sessions, place, news(place, round));
        let change = is_news(place, round).then(|| mark(&url(place), &commit));
        let path = "/api/v1/pull-requests/observations?wait=0";
        answered += u32::from(sender.send(OBSERVE_MS * number, path, &body, change).await);
    }
    answered
}

/// The newest commit of a pull request after so many changes, and what is observed: in turn there is a new commit, and
/// its last check comes to its end, well three times in four.
fn observed(sessions: &[String], place: u32, changes: u32) -> (String, String) {
    let number = changes.div_ceil(2);
    let commit = format!("{place:08x}{number:032x}");
    let last = match (changes.is_multiple_of(2), (place + number) % 4) {
        (false, _) => "in_progress",
        (true, 3) => "failed",
        (true, _) => "passed",
    };
    let session_id = &sessions[(place * (SESSIONS / PRS)) as usize];
    let body = observation(place, session_id, &commit, last).to_string();
    (commit, body)
}
