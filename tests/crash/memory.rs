//! kill -9 in the middle of every lane: what was acknowledged is stored once, each job is done once, and what was
//! decided is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tests::agent_events::DECISION;
use tests::memory::{Counts, Fleet, Lookout, SEARCH, Told, ready, session};
use tests::services::redis::Process;
use tests::system::{Client, Server, Setup, execute_on, rows_of};
use tokio::sync::watch;
use tokio::task::JoinSet;

const CLIENTS: usize = 4;
/// Sessions that are told at least.
const SESSIONS: usize = 20;
/// The lanes that events and ended sessions wake.
const LANES: [&str; 3] = ["event", "event_batch", "summary"];
/// A kill that comes a moment too late leaves nothing unfinished; not all of them do.
const LIVES: usize = 80;
/// Compares the index of observations with the observations.
const CHECK_INDEX: &str = "INSERT INTO observation_text (observation_text, rank) VALUES ('integrity-check', 1)";

/// One server after the other over the same database.
struct Lives {
    database: PathBuf,
    flags: Vec<String>,
    /// Redis, if it is the transport: whenever a server dies, its keys go too.
    redis: Option<Process>,
    /// A client of the server that runs now; none between two.
    owner: watch::Sender<Option<Client>>,
    random: StdRng,
    count: usize,
}

impl Lives {
    fn over(setup: &Setup, redis: Option<Process>) -> Self {
        // Some jobs meet more than three kills here, which would be the end of them.
        let mut flags = ["--addr", "127.0.0.1:0", "--json", "--jobs-max-attempts", "100"].map(str::to_owned).to_vec();
        if let Some(redis) = &redis {
            flags.extend(["--transport", "redis", "--redis-url", &redis.url()].map(str::to_owned));
        }
        let (owner, random) = (watch::Sender::new(None), StdRng::seed_from_u64(7));
        Self { database: setup.database(), flags, redis, owner, random, count: 0 }
    }

    async fn begin(&mut self) -> (Server, Lookout) {
        self.count += 1;
        assert!(self.count < LIVES, "so many kills, and too few in the middle of a lane");
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let server = Server::start_with(&self.database, &flags).await;
        self.owner.send_replace(Some(server.owner(&self.database)));
        (server, Lookout::over(&self.database).await)
    }

    /// kill -9; whether it left jobs of this lane unfinished.
    async fn end(&self, server: Server, lookout: &Lookout, lane: &str) -> bool {
        server.kill().await;
        self.owner.send_replace(None);
        self.forget().await;
        lookout.processing(lane).await > 0
    }

    /// A life that ends while jobs of this lane are worked on. Whether it really did.
    async fn killed_in(&mut self, lane: &str) -> bool {
        let (server, lookout) = self.begin().await;
        lookout.until_processing(lane).await;
        self.forget().await;
        for _ in 0..self.random.random_range(1..5) {
            lookout.until_processing(lane).await;
        }
        self.end(server, &lookout, lane).await
    }

    async fn forget(&self) {
        if let Some(redis) = &self.redis {
            redis.command(&["FLUSHALL"]).await;
        }
    }
}

/// One client: session after session, until there are enough.
async fn tell(mut fleet: Fleet, first: usize, enough: Arc<AtomicBool>) -> BTreeMap<usize, Told> {
    let mut told = BTreeMap::new();
    for number in (first..).step_by(CLIENTS) {
        if number > SESSIONS && enough.load(Ordering::SeqCst) {
            break;
        }
        told.insert(number, fleet.tell(&format!("agent-{number}"), session(number)).await);
    }
    told
}

/// The events that were acknowledged: one of each session twice, which is one event.
fn acknowledged(told: &BTreeMap<usize, Told>) -> BTreeSet<&str> {
    told.values().flat_map(|told| &told.event_ids).map(String::as_str).collect()
}

/// Sessions are told while servers are killed in the middle of each lane, `kills` times in each. Then everything that
/// was acknowledged is there once, and all of it was worked on once.
async fn told_across_kills(setup: Setup, mut lives: Lives, kills: usize) {
    let enough = Arc::<AtomicBool>::default();
    let mut clients = JoinSet::new();
    for first in 1..=CLIENTS {
        clients.spawn(tell(Fleet::over(lives.owner.subscribe()), first, Arc::clone(&enough)));
    }
    for lane in LANES {
        let mut met = 0;
        while met < kills {
            met += usize::from(lives.killed_in(lane).await);
        }
    }
    let (server, lookout) = lives.begin().await;
    enough.store(true, Ordering::SeqCst);
    let mut told = BTreeMap::new();
    while let Some(ended) = clients.join_next().await {
        told.extend(ended.expect("a client ends by itself"));
    }
    lookout.until_rest().await;
    let owner = server.owner(&lives.database);
    ready(&owner).await;
    let acknowledged = acknowledged(&told);
    let counts = Counts::of(&lives.database).await;
    counts.assert_once(acknowledged.len(), told.len());
    let stored = rows_of(&lives.database, "SELECT agent_event_id FROM agent_events").await;
    let stored: BTreeSet<&str> = stored.iter().flatten().filter_map(Value::as_str).collect();
    assert!(stored == acknowledged, "each acknowledged event is there, and no other\n{counts}");
    let found = owner.post(SEARCH, &json!({ "query": DECISION, "kinds": ["decision"] })).await;
    let (source, of) = (found.text("/items/0/source"), found.text("/items/0/session_id"));
    assert_eq!((source.as_str(), &of), ("observation", &told[&3].session_id), "{}", found.body);
    drop(lookout);
    server.kill().await;
    assert_whole(setup).await;
}

/// Another start finds everything at rest, and the index as it should be.
async fn assert_whole(setup: Setup) {
    let database = setup.database();
    let system = setup.start().await;
    system.assert_at_rest().await;
    let _setup = system.stop().await;
    execute_on(&database, CHECK_INDEX).await;
    assert_eq!(rows_of(&database, "PRAGMA integrity_check").await, [[json!("ok")]]);
    assert_eq!(rows_of(&database, "SELECT count(*) FROM dead_letters").await, [[json!(0)]]);
}

// RECONCILE-1, RECONCILE-2, RECONCILE-3, MEMORY-1, MEMORY-5, MEMORY-17, SESSION-19, LOG-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_the_middle_of_every_lane_lose_and_repeat_nothing() {
    let setup = Setup::running();
    let lives = Lives::over(&setup, None);
    told_across_kills(setup, lives, 3).await;
}

// TRANSPORT-8, RECONCILE-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_lose_and_repeat_nothing_when_redis_forgets_everything_while_they_work_and_when_they_are_killed() {
    let Some(redis) = Process::start() else { return };
    let setup = Setup::running().set("transport", "redis").set("redis.url", &redis.url());
    let lives = Lives::over(&setup, Some(redis));
    told_across_kills(setup, lives, 1).await;
}

/// What some searches find.
async fn searches(owner: &Client) -> Vec<Value> {
    let mut found = Vec::new();
    for query in [DECISION, "tests", "error", "why it failed"] {
        let answer = owner.post(SEARCH, &json!({ "query": query, "limit": 100 })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        found.push(answer.body["items"].clone());
    }
    assert_ne!(found[0], json!([]), "the decision is found");
    found
}

async fn reindex(owner: &Client) {
    let accepted = owner.post("/api/v1/reindex", &json!({})).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert_eq!(accepted.text("/job/kind"), "reindex");
}

// MEMORY-25, RECONCILE-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_answer_the_same_before_a_reindex_that_is_killed_and_after_it() {
    const TAKEN: &str = "SELECT status <> 'queued' FROM jobs WHERE kind = 'reindex' ORDER BY id DESC LIMIT 1";
    const NOT_REINDEXED: &str = "SELECT count(*) FROM observations WHERE NOT EXISTS (
        SELECT 1 FROM events WHERE team_id = observations.team_id AND project_id = observations.project_id
            AND stream = 'observation/' || observation_id AND type = 'observation.reindexed')";
    let setup = Setup::running();
    let mut lives = Lives::over(&setup, None);
    let (server, lookout) = lives.begin().await;
    let told = tell(Fleet::over(lives.owner.subscribe()), 3, Arc::new(AtomicBool::new(true))).await;
    lookout.until_rest().await;
    let before = searches(&server.owner(&lives.database)).await;
    lives.end(server, &lookout, "reindex").await;
    drop(lookout);
    let mut met = 0;
    while met < 3 {
        let (server, lookout) = lives.begin().await;
        lookout.until_rest().await;
        reindex(&server.owner(&lives.database)).await;
        lookout.until("the job is taken", TAKEN).await;
        met += usize::from(lives.end(server, &lookout, "reindex").await);
    }
    let (server, lookout) = lives.begin().await;
    let owner = server.owner(&lives.database);
    lookout.until_rest().await;
    assert_eq!(searches(&owner).await, before, "after the last of those that were killed");
    reindex(&owner).await;
    assert_eq!(searches(&owner).await, before, "while another one goes on");
    lookout.until_rest().await;
    ready(&owner).await;
    assert_eq!(searches(&owner).await, before, "after it");
    assert_eq!(lookout.number(NOT_REINDEXED).await, 0);
    Counts::of(&lives.database).await.assert_once(acknowledged(&told).len(), told.len());
    drop(lookout);
    server.kill().await;
    assert_whole(setup).await;
}
