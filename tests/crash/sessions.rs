//! A pull request that goes red, is fixed, reviewed and merged, told by GitHub's own deliveries and followed live, with the
//! server killed on the way.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::sessions::{SESSIONS, session_of};
use tests::system::{Client, Server, Setup, answer, rows_of};
use tests::webhooks::{delivery, secret_of};

/// What is told is seen within this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// A live stream as a client reads it, which remembers what it has seen.
#[derive(Default)]
struct Seen {
    last: String,
    positions: Vec<i64>,
    types: Vec<String>,
}

impl Seen {
    /// Reads until an event of this type, from where it stopped.
    async fn until(&mut self, owner: &Client, wanted: &str) {
        let mut request = owner.request(Method::GET, "/api/v1/stream?after=0");
        if !self.last.is_empty() {
            request = request.header("last-event-id", &self.last);
        }
        let mut response = request.send().await.expect("a stream");
        let reading = async {
            let mut text = String::new();
            loop {
                while let Some((block, rest)) = text.split_once("\n\n") {
                    let found = self.block(block);
                    text = rest.to_owned();
                    if found.as_deref() == Some(wanted) {
                        return;
                    }
                }
                let chunk = response.chunk().await.expect("the stream goes on").expect("it has not ended");
                text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("no {wanted}"));
    }

    fn block(&mut self, block: &str) -> Option<String> {
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned());
        let (id, event) = (field("id:")?, field("event:")?);
        let pos = id.split('-').next().and_then(|pos| pos.parse().ok()).expect("a position");
        self.positions.push(pos);
        self.types.push(event.clone());
        self.last = id;
        Some(event)
    }
}

async fn told(owner: &Client, secret: &str, event: &str, fixture: &str, id: &str) {
    let answer = answer(delivery(owner, secret, event, fixture, id)).await;
    assert_eq!((answer.status.as_u16(), answer.text("/result")), (202, "recorded".to_owned()), "{}", answer.body);
}

// LOG-14, LOG-16, LOG-17, PR-9, PR-11, PR-13, PR-15, REACT-2, REACT-3, REACT-4, REACT-9, CMD-1
#[tokio::test]
async fn what_github_tells_nudges_pages_and_ends_a_session_across_a_kill_and_is_seen_once() {
    let setup = Setup::running();
    let database = setup.database();
    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    let secret = secret_of(&owner).await;
    let started = owner.post(SESSIONS, &session_of("ada")).await;
    let session = started.text("/session/session_id");
    let path = format!("{SESSIONS}/{session}");
    assert_eq!(owner.post(&format!("{path}/activity"), &json!({ "activity": "active" })).await.status, 200);
    let mut seen = Seen::default();
    told(&owner, &secret, "pull_request", &tests::webhooks::pull_request("opened", "c1"), "d-1").await;
    told(&owner, &secret, "check_run", &tests::webhooks::check_run("c1", "failure"), "d-2").await;
    seen.until(&owner, "forum.post.added").await;
    told(&owner, &secret, "pull_request", &tests::webhooks::pull_request("synchronize", "c2"), "d-3").await;
    // Killed the moment the second failure is safe: nobody may have reacted to it yet.
    told(&owner, &secret, "check_run", &tests::webhooks::check_run("c2", "failure"), "d-4").await;
    server.kill().await;

    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    seen.until(&owner, "forum.post.added").await;
    let repeated = answer(delivery(&owner, &secret, "check_run", &tests::webhooks::check_run("c2", "failure"), "d-4"));
    assert_eq!(repeated.await.text("/result"), "repeated");
    let inbox = owner.get(&format!("{path}/inbox")).await;
    assert_eq!(inbox.list("/items").len(), 2, "two failures, two nudges: {}", inbox.body);
    told(&owner, &secret, "pull_request", &tests::webhooks::pull_request("synchronize", "c3"), "d-5").await;
    told(&owner, &secret, "check_run", &tests::webhooks::check_run("c3", "failure"), "d-6").await;
    seen.until(&owner, "notification.created").await;
    let open = owner.get("/api/v1/notifications?resolved=false").await;
    assert_eq!((open.list("/items").len(), open.text("/items/0/kind")), (1, "ci_brake".to_owned()));
    server.kill().await;

    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    told(&owner, &secret, "pull_request", &tests::webhooks::pull_request("synchronize", "c4"), "d-7").await;
    told(&owner, &secret, "check_run", &tests::webhooks::check_run("c4", "success"), "d-8").await;
    seen.until(&owner, "notification.resolved").await;
    told(&owner, &secret, "pull_request_review_comment", &tests::webhooks::review_comment("c4"), "d-9").await;
    seen.until(&owner, "forum.post.added").await;
    told(&owner, &secret, "pull_request", &tests::webhooks::pull_request("merged", "c4"), "d-10").await;
    seen.until(&owner, "notification.created").await;
    let ended = owner.get(&path).await;
    assert_eq!((ended.text("/status"), ended.text("/termination_reason")), ("cleanup".into(), "pr_merged".into()));
    server.kill().await;

    let system = setup.start().await;
    system.assert_at_rest().await;
    let _setup = system.stop().await;
    let log = rows_of(&database, "SELECT pos FROM events ORDER BY pos").await;
    let log: Vec<i64> = log.into_iter().flatten().filter_map(|pos| pos.as_i64()).take(seen.positions.len()).collect();
    assert_eq!(seen.positions, log, "each event once, in order, across the kills");
    let nudges = rows_of(&database, "SELECT count(*) FROM posts WHERE kind = 'nudge'").await;
    let told = rows_of(&database, "SELECT kind FROM notifications ORDER BY id").await;
    assert_eq!((json!(nudges), json!(told)), (json!([[3]]), json!([["ci_brake"], ["pr_merged"]])));
}
