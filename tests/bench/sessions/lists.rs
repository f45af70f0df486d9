//! Lists of sessions with the status that follows from their pull requests: a page of all, and a page of one status.

use std::path::Path;

use serde_json::Value;
use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::domain::pull_request::Stored;
use shared::domain::session::{Session, SessionEvent};
use shared::message::command::{ObservePullRequest, ReportActivity, StartSession};
use shared::store::pull_requests::{Observed, PullRequestState, PullRequests};
use shared::store::sessions::{SessionStart, SessionStarts};
use shared::store::{Aggregate, Author, Commit, Durability, Statement, tenants};
use shared::value::{Activity, Actor, ActorType, Scope, SessionEnd, TerminationReason};

use super::{at_rest, observation, percentiles, session, url};
use crate::client::Connection;
use crate::groups::now;
use crate::server::Server;

/// Sessions; three in ten have an open pull request.
const SESSIONS: u32 = 10_000;
/// Sessions one commit brings.
const TOGETHER: u32 = 100;
/// The lists, and what their first page and the one in their middle are called.
const REQUESTS: [(&str, [&str; 2]); 2] = [
    ("/api/v1/sessions?limit=50", ["the first 50 of all", "50 from the middle of all"]),
    (
        "/api/v1/sessions?status=ci_failed&limit=50",
        ["the first 50 of the 300 with failed checks", "50 from the middle of those"],
    ),
];

/// What a page takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) what: &'static str,
    /// p50 and p99 in milliseconds.
    pub(crate) ms: (f64, f64),
}

/// Every page, one request at a time.
pub(super) async fn run(directory: &Path) -> [Listed; 4] {
    fill(directory).await;
    let server = Server::start(directory, &[]);
    at_rest(&server).await;
    let mut connection = Connection::open(&server).await;
    let mut listed = [Listed::default(); 4];
    for (slots, (path, names)) in listed.chunks_mut(2).zip(REQUESTS) {
        let middle = middle_of(&mut connection, path).await;
        for ((slot, what), path) in slots.iter_mut().zip(names).zip([path, middle.as_str()]) {
            *slot = Listed { what, ms: times(&mut connection, path).await };
        }
    }
    server.stop();
    listed
}

async fn page(connection: &mut Connection, path: &str) -> Value {
    let (status, body) = connection.get(path).await;
    assert_eq!(status, 200, "{path}");
    serde_json::from_slice(&body).expect("JSON")
}

/// The page in the middle of a list: from one page to the next until the last.
async fn middle_of(connection: &mut Connection, path: &str) -> String {
    let mut paths = vec![path.to_owned()];
    while let Some(last) = paths.last() {
        let page = page(connection, last).await;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        paths.push(format!("{path}&cursor={cursor}"));
    }
    assert!(paths.len() > 2, "{path} has no middle");
    paths.swap_remove(paths.len() / 2)
}

async fn times(connection: &mut Connection, path: &str) -> (f64, f64) {
    let items = page(connection, path).await["items"].as_array().map(Vec::len);
    assert_eq!(items, Some(50), "{path} is a full page");
    let mut taken = Vec::new();
    for round in 0..220 {
        let stopwatch = Clock::stopwatch();
        let (status, _) = connection.get(path).await;
        assert_eq!(status, 200, "{path}");
        // The first ones fill caches.
        if round >= 20 {
            taken.push(stopwatch.elapsed().as_secs_f64() * 1e3);
        }
    }
    percentiles(taken)
}

/// Fills an empty database with the statements that the functions write. All of it is published; what reacts to it has
/// not seen it yet.
async fn fill(directory: &Path) {
    let database = directory.join("agentforum.db");
    let config = Config::with(&[("db", database.to_str().expect("a path of UTF-8"))]).expect("settings");
    let ctx = Ctx::build(config, Sources::system(), Vec::new()).await.expect("a database");
    let scope = Scope { team_id: "local".to_owned(), project_id: "default".to_owned() };
    let actor = Actor { actor_type: ActorType::Agent, actor_name: "ada".to_owned() };
    let tenant = Commit::new(Durability::Full, ctx.housekeeping("bench")).then_all(tenants::ensure(&scope));
    ctx.store.commit(tenant).await.expect("a tenant");
    for first in (0..SESSIONS).step_by(TOGETHER as usize) {
        let author = tests::fixture::author(&scope, &actor, ctx.clock.now(), &ctx.ids);
        let statements = (first..first + TOGETHER).flat_map(|place| life(&author, place));
        // The events are written by triggers: their ids come from the seed.
        let commit = Commit::new(Durability::Normal, ctx.authoring("bench")).then_all(statements);
        ctx.store.commit(commit).await.expect("sessions");
    }
    ctx.store.close().await;
    let connection = now(libsql::Builder::new_local(&database).build()).connect().expect("a connection");
    now(connection.execute_batch("DELETE FROM outbox WHERE id < (SELECT max(id) FROM outbox); UPDATE outbox SET status = 'sent', sent_at = created_at"));
}

/// The statements of one session. Of ten, five work, three of them on a pull request; one is idle, three are done, and
/// one was killed. Of ten pull requests one has a failed check; the checks of five passed, and those of four still run.
fn life(author: &Author<'_>, place: u32) -> Vec<Statement> {
    let start: StartSession = serde_json::from_value(session(place)).expect("a start");
    let session_id = format!("{}-{}", author.scope.project_id, place + 1);
    let mut session = Session::begin(session_id.clone(), &start, author.actor, author.now);
    let activity = if place % 10 == 5 { Activity::Idle } else { Activity::Active };
    let report = ReportActivity { activity: Some(activity), ..ReportActivity::default() };
    assert!(session.reported(&report, "cmd_of_the_bench", author.now), "a new session heeds a report");
    match place % 10 {
        6..=8 => session.end(SessionEnd::Done, None, author.now),
        9 => session.terminate(TerminationReason::ManuallyKilled, author.now),
        _ => {}
    }
    let project_id = author.scope.project_id.clone();
    let state = SessionStart { project_id, next: i64::from(place) + 1, ..SessionStart::default() };
    let started = [SessionEvent::Started(Box::new(session))];
    let mut statements = SessionStarts::change(author, &author.scope.project_id, state, &started).statements;
    if place % 10 < 3 {
        let last = match place / 10 % 10 {
            0 => "failed",
            1..=5 => "passed",
            _ => "in_progress",
        };
        let seen = observation(place, &session_id, &format!("{place:040x}"), last);
        let seen: ObservePullRequest = serde_json::from_value(seen).expect("an observation");
        let observation = Stored::default().observe(&seen, author.now);
        let observed = [Observed::Changed(Box::new(observation), None)];
        statements.extend(PullRequests::change(author, &url(place), PullRequestState::default(), &observed).statements);
    }
    statements
}
