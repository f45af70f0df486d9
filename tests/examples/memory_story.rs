//! What a fleet remembers although its server is killed: 2 000 events of its agents, kill -9 in the middle of every
//! lane, and what is there afterwards. `cargo run -q -p tests --example memory_story` tells it over the real program.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use tests::agent_events::DECISION;
use tests::memory::{Counts, Fleet, Lookout, SEARCH, ready, sessions};
use tests::system::{Client, Server, Setup, rows_of};
use tokio::sync::watch;

const EVENTS: usize = 2000;
/// The lanes that events and ended sessions wake.
const LANES: [&str; 3] = ["event", "event_batch", "summary"];

#[tokio::main]
async fn main() {
    let setup = Setup::running();
    let database = setup.database();
    let mut server = Server::start(&database).await;
    println!("started agentforum, pid {}", server.pid());
    // So much waits before each lane then that a kill finds it in the middle of its work.
    for lane in LANES {
        switch(&server.owner(&database), lane, "pause").await;
    }
    println!("paused the lanes {}", LANES.join(", "));
    let told = tell(server.owner(&database)).await;
    print_jobs(&database).await;
    for lane in LANES {
        server = killed_in(server, &database, lane).await;
    }
    Lookout::over(&database).await.until_rest().await;
    println!("\nafter {} kills:", LANES.len());
    let counts = Counts::of(&database).await;
    println!("{counts}");
    counts.assert_once(EVENTS, told.len());
    println!("each event is stored once, each job was completed once, nothing is there twice, nothing is lost");
    search(&server.owner(&database), &told[2]).await;
    server.kill().await;
}

/// Tells what the agents of the first sessions did; the ids of the sessions.
async fn tell(owner: Client) -> Vec<String> {
    let (_server, only) = watch::channel(Some(owner));
    let mut fleet = Fleet::over(only);
    let (mut told, mut sent, mut stored) = (Vec::new(), 0, BTreeSet::new());
    for (place, events) in sessions(EVENTS).into_iter().enumerate() {
        let session = fleet.tell(&format!("agent-{}", place + 1), events).await;
        sent += session.event_ids.len();
        stored.extend(session.event_ids);
        told.push(session.session_id);
    }
    let (sessions, events) = (told.len(), stored.len());
    println!("told {events} events of {sessions} sessions, alone and in batches, {} of them twice", sent - events);
    println!("ended each session; before the lanes wait:");
    told
}

/// Lets a lane work, kills the server in the middle of that, and starts the next one, which does the rest.
async fn killed_in(server: Server, database: &Path, lane: &str) -> Server {
    let lookout = Lookout::over(database).await;
    switch(&server.owner(database), lane, "resume").await;
    lookout.until_processing(lane).await;
    let pid = server.pid();
    server.kill().await;
    println!("\nlet the lane {lane} go on, kill -9 {pid} in the middle of it:");
    print_jobs(database).await;
    assert!(lookout.processing(lane).await > 0, "the kill came too late: tell the story again");
    drop(lookout);
    let server = Server::start(database).await;
    Lookout::over(database).await.until_done(lane).await;
    let rung = ready(&server.owner(database)).await.number("/reconciled/jobs");
    println!("started agentforum, pid {}; it rang for {rung} jobs again:", server.pid());
    print_jobs(database).await;
    server
}

async fn switch(owner: &Client, lane: &str, action: &str) {
    let answer = owner.post(&format!("/api/v1/lanes/{lane}/{action}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Where the jobs of each lane stand.
async fn print_jobs(database: &Path) {
    let jobs = "SELECT kind, group_concat(count || ' ' || status, ', ') FROM job_counts WHERE count > 0 GROUP BY kind";
    for row in rows_of(database, jobs).await {
        println!("  {:<12} {}", text(&row[0]), text(&row[1]));
    }
}

/// Searches for what was decided in the third session.
async fn search(owner: &Client, third: &str) {
    println!("\nsearched for {DECISION:?}:");
    let answer = owner.post(SEARCH, &json!({ "query": DECISION, "limit": 5 })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for item in answer.list("/items") {
        println!("  {:<10} {:<12} {}", text(&item["kind"]), text(&item["session_id"]), text(&item["title"]));
    }
    let is_found =
        |item: &Value| item["source"] == "observation" && item["kind"] == "decision" && item["session_id"] == third;
    assert!(answer.list("/items").iter().any(is_found), "{}", answer.body);
    println!("the decision of the third session, {third}, is found");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
