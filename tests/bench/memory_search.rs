//! What a search costs among many observations, by how many of them match.

use std::path::Path;

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::store::{Commit, Durability, tenants};
use shared::value::Scope;

use crate::client::Connection;
use crate::groups::now;
use crate::replays::wait_for_lag_zero;
use crate::server::Server;
use crate::sessions::percentiles;

/// Observations of one transaction.
const SLICE: usize = 10_000;
/// Observations about a unicorn.
const UNICORNS: usize = 5_000;
/// Words of a body that few others have.
const WORDS: usize = 40;
/// How many such words there are.
const VOCABULARY: usize = 100_000;
/// Words that every tenth title and about every fourth body has.
const COMMON: [&str; 10] =
    ["migration", "cache", "deadline", "schema", "retry", "token", "index", "branch", "review", "rollout"];

/// The job that made all of them, over before anybody looks.
const JOB: &str = "UPDATE commit_context SET id_seed = '01980000-0000-7000-8000-000000000000', n = 0, correlation_id = '';
    INSERT INTO jobs (job_id, team_id, project_id, kind, source_type, source_id, payload, rings, moved_by, request_id, correlation_id, created_at, updated_at)
    VALUES ('evt_' || hex(zeroblob(32)), 'local', 'default', 'event', 'bench', 'bench', '{}', 0, 'bench', 'bench', '', 1, 1);
    UPDATE jobs SET status = 'cancelled', finished_at = 1;";
const OBSERVATION: &str = "INSERT INTO observations (team_id, project_id, observation_id, observation_key, job_id, session_id, kind, title, body, occurred_at, created_at)
    VALUES ('local', 'default', ?1, ?1, 'evt_' || hex(zeroblob(32)), ?2, 'note', ?3, ?4, ?5, ?5)";
/// What an observation does beside being stored: its words come all at once afterwards, its events not at all.
const TRIGGER: &str = "observation_is_created";

/// What was asked for, and p50 and p99 in milliseconds of a page of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemorySearch {
    pub(crate) observations: usize,
    pub(crate) rare: (f64, f64),
    pub(crate) unicorns: (f64, f64),
    pub(crate) common: (f64, f64),
}

/// Measures every search over so many observations.
pub(crate) async fn run(directory: &Path, observations: usize) -> MemorySearch {
    fill(directory, observations).await;
    let server = Server::start(directory, &[]);
    wait_for_lag_zero(&server).await;
    let mut connection = Connection::open(&server).await;
    // Three words that stand side by side in one body, always another, and apart in a few more.
    let rare = |round: usize| {
        let number = round * 7919 % observations;
        (3..6).map(|place| word(number, place)).collect::<Vec<_>>().join(" ")
    };
    let measured = MemorySearch {
        observations,
        rare: times(&mut connection, rare).await,
        unicorns: times(&mut connection, |_| "unicorns".to_owned()).await,
        common: times(&mut connection, |_| "migrations cached review".to_owned()).await,
    };
    server.stop();
    measured
}

async fn times(connection: &mut Connection, query: impl Fn(usize) -> String) -> (f64, f64) {
    let mut taken = Vec::new();
    for round in 0..220 {
        let body = json!({ "query": query(round), "limit": 20 }).to_string();
        let stopwatch = Clock::stopwatch();
        let (status, answer) = connection.post("/api/v1/search", &body).await;
        let elapsed = stopwatch.elapsed().as_secs_f64() * 1e3;
        let page: Value = serde_json::from_slice(&answer).expect("JSON");
        let items = page["items"].as_array().map_or(0, Vec::len);
        assert_eq!((status, items), (200, 20), "{body} finds a full page: {page}");
        // The first ones fill caches.
        if round >= 20 {
            taken.push(elapsed);
        }
    }
    percentiles(taken)
}

/// Writes the observations straight into an empty database, and then their words.
async fn fill(directory: &Path, observations: usize) {
    let database = directory.join("agentforum.db");
    let config = Config::with(&[("db", database.to_str().expect("a path of UTF-8"))]).expect("settings");
    let ctx = Ctx::build(config, Sources::system(), Vec::new()).await.expect("a database");
    let scope = Scope { team_id: "local".to_owned(), project_id: "default".to_owned() };
    let commit = Commit::new(Durability::Full, ctx.housekeeping("bench")).then_all(tenants::ensure(&scope));
    ctx.store.commit(commit).await.expect("a tenant");
    ctx.store.close().await;
    let connection = now(libsql::Builder::new_local(&database).build()).connect().expect("a connection");
    now(connection.execute_batch("PRAGMA synchronous = OFF"));
    now(connection.execute_batch(JOB));
    let mut rows = now(connection.query("SELECT sql FROM sqlite_master WHERE name = ?1", [TRIGGER]));
    let trigger: String = now(rows.next()).expect("the trigger").get(0).expect("its text");
    drop(rows);
    now(connection.execute_batch(&format!("DROP TRIGGER {TRIGGER}")));
    let statement = now(connection.prepare(OBSERVATION));
    for first in (0..observations).step_by(SLICE) {
        now(connection.execute_batch("BEGIN"));
        for number in first..observations.min(first + SLICE) {
            let mut rows = now(statement.query(observation(number, observations)));
            while now(rows.next()).is_some() {}
            statement.reset();
        }
        now(connection.execute_batch("COMMIT"));
    }
    now(connection.execute_batch("INSERT INTO observation_text (observation_text) VALUES ('rebuild')"));
    now(connection.execute_batch(&trigger));
    // What the log says of the job is published, or the server would begin with it.
    now(connection.execute_batch("UPDATE outbox SET status = 'sent', sent_at = created_at"));
    now(connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
}

/// What is bound for one observation: identity, session, title, body, time. Two hundred share a session.
fn observation(number: usize, observations: usize) -> Vec<libsql::Value> {
    let mut body: Vec<String> = (0..WORDS).map(|place| word(number, place)).collect();
    let common = [number % 10, number / 10 % 10, number / 100 % 10].map(|place| COMMON[place].to_owned());
    body.extend(common);
    if number.is_multiple_of((observations / UNICORNS).max(1)) {
        body.push("unicorn".to_owned());
    }
    let title = format!("Found {} of {}", COMMON[number / 7 % 10], word(number, WORDS));
    let time = i64::try_from(number).expect("a number of observations");
    vec![
        format!("obs_{number:012}").into(),
        format!("default-{}", number / 200).into(),
        title.into(),
        body.join(" ").into(),
        time.into(),
    ]
}

/// The word at a place of an observation's text: spread evenly, and the same in every run.
fn word(number: usize, place: usize) -> String {
    let mixed = (number * (WORDS + 1) + place).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    format!("w{:05}", (mixed ^ (mixed >> 32)) % VOCABULARY)
}
