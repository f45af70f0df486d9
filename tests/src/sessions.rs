//! Sessions and their pull requests, as stories make them.

#![expect(clippy::missing_panics_doc, reason = "a session that cannot be made ends its test")]

use serde_json::{Value, json};

use crate::system::Answer;
use crate::world::World;

/// Where sessions are.
pub const SESSIONS: &str = "/api/v1/sessions";
/// Where observations of pull requests go.
pub const OBSERVATIONS: &str = "/api/v1/pull-requests/observations";
/// The pull request of the stories.
pub const PR: &str = "https://github.com/acme/storefront/pull/42";

/// A session as an agent's launcher starts it.
#[must_use]
pub fn session_of(agent: &str) -> Value {
    json!({
        "agent_name": agent, "ticket": "T-1", "harness": "claude-code", "repository": "acme/storefront",
        "branch": "checkout-retries", "external_session_id": format!("ext-{agent}"),
    })
}

/// Starts a session; answers with its id.
pub async fn session_started<W: World>(system: &W, body: &Value) -> String {
    let answer = system.apply(SESSIONS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.text("/session/session_id")
}

/// Reports what a session's agent does.
pub async fn reported<W: World>(system: &W, session: &str, activity: &str) -> Answer {
    let answer = system.apply(&format!("{SESSIONS}/{session}/activity"), &json!({ "activity": activity })).await;
    assert_eq!(answer.status, 200, "{activity}: {}", answer.body);
    system.settle().await;
    answer
}

/// The pull request of the stories as it was seen, with what differs.
#[must_use]
pub fn seen(session: &str, differs: Value) -> Value {
    let mut body = json!({
        "url": PR, "session_id": session, "fetched": true, "title": "Retry the checkout", "state": "open",
        "branch": "checkout-retries", "base_branch": "main", "author": "ada",
    });
    if let (Some(body), Value::Object(differs)) = (body.as_object_mut(), differs) {
        body.extend(differs);
    }
    body
}

/// A check of a commit and the end of its log.
#[must_use]
pub fn check(commit: &str, status: &str) -> Value {
    json!({ "head_sha": commit, "checks": [{
        "name": "build", "commit": commit, "status": status,
        "log_tail": format!("compiling\n\u{1b}[31mtest checkout::retries ... FAILED on {commit}\u{1b}[0m\n"),
    }] })
}

/// Stores an observation and lets the system come to rest.
pub async fn observed<W: World>(system: &W, body: &Value) -> Answer {
    let answer = system.apply(OBSERVATIONS, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    system.settle().await;
    answer
}

/// What a session's agent has not read.
pub async fn inbox<W: World>(system: &W, session: &str) -> Answer {
    system.settle().await;
    system.owner().get(&format!("{SESSIONS}/{session}/inbox")).await
}

/// Kinds of notifications that are not resolved, the newest first.
pub async fn raised<W: World>(system: &W) -> Vec<String> {
    system.settle().await;
    let answer = system.owner().get("/api/v1/notifications?resolved=false").await;
    answer.list("/items").iter().map(|item| item["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What a session shows.
pub async fn status_of<W: World>(system: &W, session: &str) -> String {
    system.owner().get(&format!("{SESSIONS}/{session}")).await.text("/status")
}
