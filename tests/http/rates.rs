//! How often a key may ask.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::system::{Client, Setup, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const KEYS: &str = "/api/v1/keys";

/// A client whose key may make so many requests per second; without a number the settings hold.
async fn limited(system: &System, limit: Option<u32>) -> Client {
    let wish = json!({ "name": "eager", "scopes": ["forum:read", "forum:write"], "project_id": "default",
        "rate_limit": limit });
    let made = system.owner.post(KEYS, &wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["key"].get("rate_limit").cloned(), limit.map(Value::from));
    Client::new(&system.harness.url).with_key(&made.text("/secret"))
}

/// How many of `count` requests are answered; the others are refused for this reason alone.
async fn answered(client: &Client, count: usize) -> usize {
    let mut answered = 0;
    for _ in 0..count {
        let answer = client.get(THREADS).await;
        if answer.status == StatusCode::OK {
            answered += 1;
        } else {
            assert_eq!(answer.refusal(), (429, "rate_limited".to_owned()));
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
    answered
}

// HTTP-8, AUTH-1
#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let system = System::stepped().await;
    let (two, five) = (limited(&system, Some(2)).await, limited(&system, Some(5)).await);
    assert_eq!(answered(&two, 4).await, 2);
    assert_eq!(answered(&five, 7).await, 5, "each has a bucket of its own");
    assert_eq!(system.owner.get(THREADS).await.status, 200, "nobody else is held up");
    system.advance(Duration::from_millis(499));
    assert_eq!(answered(&two, 1).await, 0);
    system.advance(Duration::from_millis(1));
    assert_eq!(answered(&two, 2).await, 1, "it refills at two per second");
    system.advance(Duration::from_secs(3600));
    assert_eq!(answered(&two, 4).await, 2, "and never beyond a second's worth");
}

// HTTP-8
#[tokio::test]
async fn a_write_over_the_limit_has_no_effect() {
    let system = System::stepped().await;
    let client = limited(&system, Some(1)).await;
    let path = format!("{THREADS}?wait=0");
    assert_eq!(client.post(&path, &question("First")).await.status, 202);
    let refused = client.post(&path, &question("Second")).await;
    assert_eq!(refused.refusal(), (429, "rate_limited".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// HTTP-8, AUTH-12
#[tokio::test]
async fn a_client_in_a_loop_does_not_fill_the_trail() {
    let system = System::stepped().await;
    let client = limited(&system, Some(1)).await;
    let trail = "SELECT actor_type, actor_name, action, outcome FROM audit WHERE outcome = 'rate_limited'";
    answered(&client, 30).await;
    let entry = ["human", "eager", "GET /api/v1/forum/threads", "rate_limited"];
    assert_eq!(system.rows(trail).await, [entry]);
    system.advance(Duration::from_secs(60));
    answered(&client, 30).await;
    assert_eq!(system.rows(trail).await, [entry, entry]);
}

// HTTP-8
#[tokio::test]
async fn the_settings_hold_for_keys_that_say_nothing() {
    let system = Setup::stepped().set("auth.rate_limit", "3").start().await;
    let (usual, own) = (limited(&system, None).await, limited(&system, Some(4)).await);
    assert_eq!(answered(&usual, 5).await, 3);
    assert_eq!(answered(&own, 5).await, 4, "its own counts");
    assert_eq!(answered(&system.owner, 5).await, 1, "the owner made two keys with hers");
}

// HTTP-8
#[tokio::test]
async fn without_a_limit_nobody_is_held_up() {
    let system = System::stepped().await;
    let client = limited(&system, None).await;
    assert_eq!(answered(&client, 100).await, 100);
}
