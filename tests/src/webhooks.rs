//! Deliveries as GitHub makes them: real shapes, signed.

#![expect(clippy::missing_panics_doc, reason = "a delivery that cannot be made ends its test")]

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::system::Client;

/// Where the default project's deliveries go.
pub const GITHUB: &str = "/api/v1/webhooks/github/default";

/// Makes a secret for the default project.
pub async fn secret_of(owner: &Client) -> String {
    let answer = owner.post("/api/v1/projects/default/webhook-secret", &json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.text("/secret")
}

/// The signature of a body.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    format!("sha256={}", shared::id::hex(&mac.finalize().into_bytes()))
}

/// A signed delivery.
pub fn delivery(client: &Client, secret: &str, event: &str, body: &str, id: &str) -> RequestBuilder {
    client
        .request(Method::POST, GITHUB)
        .header("authorization", "")
        .header("content-type", "application/json")
        .header("x-github-event", event)
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", signature(secret, body.as_bytes()))
        .body(body.to_owned())
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).expect("a fixture")
}

/// A moment after the one before, for a commit `c1`, `c2`, ..
fn moment(commit: &str, minutes: u32) -> String {
    let n: u32 = commit.trim_start_matches('c').parse().expect("a number");
    format!("2026-01-{n:02}T10:{minutes:02}:00Z")
}

/// What is told of the pull request when it is `opened`, at a new commit (`synchronize`), or `merged`.
#[must_use]
pub fn pull_request(action: &str, commit: &str) -> String {
    let mut body = fixture(include_str!("../fixtures/github/pull_request.opened.json"));
    body["action"] = json!(if action == "merged" { "closed" } else { action });
    body["pull_request"]["head"]["sha"] = json!(commit);
    body["pull_request"]["updated_at"] = json!(moment(commit, if action == "merged" { 50 } else { 0 }));
    if action == "merged" {
        body["pull_request"]["state"] = json!("closed");
        body["pull_request"]["merged"] = json!(true);
    }
    body.to_string()
}

/// What is told of a check that ended.
#[must_use]
pub fn check_run(commit: &str, conclusion: &str) -> String {
    let mut body = fixture(include_str!("../fixtures/github/check_run.completed_failure.json"));
    body["check_run"]["head_sha"] = json!(commit);
    body["check_run"]["conclusion"] = json!(conclusion);
    body["check_run"]["started_at"] = json!(moment(commit, 5));
    body["check_run"]["completed_at"] = json!(moment(commit, 10));
    if let Some(pr) = body["check_run"]["pull_requests"].get_mut(0) {
        pr["head"]["sha"] = json!(commit);
    }
    body.to_string()
}

/// What is told of a comment on the diff.
#[must_use]
pub fn review_comment(commit: &str) -> String {
    let mut body = fixture(include_str!("../fixtures/github/pull_request_review_comment.created.json"));
    body["comment"]["updated_at"] = json!(moment(commit, 20));
    body.to_string()
}
