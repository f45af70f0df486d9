//! Deliveries of GitHub: whose they are, what is refused, what is recorded, and what is left out.

mod secrets;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::sessions::{PR, session_of, session_started};
use tests::system::{Answer, Client, KeyOf, Setup, System, answer};
use tests::webhooks::signature;
use tests::world::World;

const OPENED: &str = include_str!("../fixtures/github/pull_request.opened.json");
const FAILED: &str = include_str!("../fixtures/github/check_run.completed_failure.json");
const CHANGES: &str = include_str!("../fixtures/github/pull_request_review.submitted_changes_requested.json");
const REMARK: &str = include_str!("../fixtures/github/pull_request_review_comment.created.json");
const PING: &str = include_str!("../fixtures/github/ping.json");
/// What follows the wish for changes, in the order in which it happened.
const LATER: [(&str, &str); 6] = [
    ("pull_request", include_str!("../fixtures/github/pull_request.synchronize.json")),
    ("check_run", include_str!("../fixtures/github/check_run.completed_success.json")),
    ("check_suite", include_str!("../fixtures/github/check_suite.completed.json")),
    ("issue_comment", include_str!("../fixtures/github/issue_comment.created.json")),
    ("pull_request_review", include_str!("../fixtures/github/pull_request_review.submitted_approved.json")),
    ("pull_request", include_str!("../fixtures/github/pull_request.closed_merged.json")),
];

/// A webhook as GitHub keeps it: where it delivers, and the secret it signs with.
struct Hook {
    client: Client,
    project: &'static str,
    secret: String,
}

impl Hook {
    /// The webhook of a project that was just given a secret.
    async fn of(system: &System, project: &'static str) -> Self {
        let made = system.owner.post(&format!("/api/v1/projects/{project}/webhook-secret"), &json!({})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        Self { client: Client::new(&system.harness.url), project, secret: made.text("/secret") }
    }

    /// A delivery that is right in all, to be completed or spoilt.
    fn request(&self, event: &str, id: &str, body: &str) -> RequestBuilder {
        self.unsigned(event, id)
            .header("x-hub-signature-256", signature(&self.secret, body.as_bytes()))
            .body(body.to_owned())
    }

    fn unsigned(&self, event: &str, id: &str) -> RequestBuilder {
        let request = self.client.request(Method::POST, &format!("/api/v1/webhooks/github/{}", self.project));
        request
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", id)
    }

    async fn deliver(&self, event: &str, id: &str, body: &str) -> Answer {
        answer(self.request(event, id, body)).await
    }
}

/// Status, `recorded` and `result`, as answers to deliveries are compared.
fn outcome(taken: &Answer) -> (u16, i64, String) {
    (taken.status.as_u16(), taken.number("/recorded"), taken.text("/result"))
}

fn recorded() -> (u16, i64, String) {
    (202, 1, "recorded".to_owned())
}

fn nothing(result: &str) -> (u16, i64, String) {
    (202, 0, result.to_owned())
}

async fn commands(system: &System) -> i64 {
    system.number("SELECT count(*) FROM commands WHERE name = 'observe_pull_request'").await
}

/// Deliveries that were counted so.
async fn counted(system: &System, event: &str, result: &str) -> i64 {
    let text = Client::new(&system.harness.url).get("/metrics").await.body;
    let name = format!("agentforum_webhooks_total{{event=\"{event}\",result=\"{result}\"}} ");
    let line =
        text.as_str().expect("Prometheus text").lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

/// The delivery with something else at a place that it has.
fn with(body: &str, pointer: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(body).expect("a fixture");
    *body.pointer_mut(pointer).expect("a place in it") = value;
    body.to_string()
}

async fn shown(system: &System) -> Answer {
    system.settle().await;
    let shown = system.owner.get(&format!("/api/v1/pull-requests?url={PR}")).await;
    assert_eq!(shown.list("/items").len(), 1, "{}", shown.body);
    shown
}

// PR-11, PR-13, PR-14, PR-15, PR-9
#[tokio::test]
async fn deliveries_tell_the_session_on_their_branch_the_story_of_its_pull_request() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    let session = session_started(&system, &session_of("ada")).await;
    assert_eq!(outcome(&hook.deliver("pull_request", "d-0", OPENED).await), recorded());
    assert_eq!(commands(&system).await, 1, "it is stored when it is answered");
    let row = "SELECT actor, status FROM commands WHERE name = 'observe_pull_request'";
    assert_eq!(system.rows(row).await, [["system:github", "accepted"]]);
    let opened = shown(&system).await;
    assert_eq!(
        (opened.text("/items/0/session_id"), opened.text("/items/0/state")),
        (session.clone(), "open".to_owned())
    );
    assert_eq!(opened.text("/items/0/title"), "Retry the checkout when the payment provider times out");

    for (index, (event, body)) in
        [("check_run", FAILED), ("pull_request_review", CHANGES), ("pull_request_review_comment", REMARK)]
            .into_iter()
            .enumerate()
    {
        assert_eq!(outcome(&hook.deliver(event, &format!("d-1{index}"), body).await), recorded(), "{event}");
        system.settle().await;
    }
    let wanting = shown(&system).await;
    assert_eq!(
        (wanting.text("/items/0/ci"), wanting.text("/items/0/review")),
        ("failing".into(), "changes_requested".into())
    );
    assert_eq!((wanting.number("/items/0/unresolved"), wanting.list("/items/0/checks").len()), (2, 1));
    assert_eq!(wanting.text("/items/0/title"), opened.text("/items/0/title"), "what a delivery leaves out stays");

    for (index, (event, body)) in LATER.into_iter().enumerate() {
        assert_eq!(outcome(&hook.deliver(event, &format!("d-2{index}"), body).await), recorded(), "{event}");
        system.settle().await;
    }
    let merged = shown(&system).await;
    for (field, value) in [("state", "merged"), ("ci", "passing"), ("review", "approved")] {
        assert_eq!(merged.text(&format!("/items/0/{field}")), value);
    }
    // What the reviewer had said beside the code went with the approval; the line of the diff and a bystander's words stay.
    assert_eq!(merged.number("/items/0/unresolved"), 2);
    let ended = "SELECT session_id, termination_reason FROM sessions";
    assert_eq!(system.rows(ended).await, [[session.as_str(), "pr_merged"]]);
    assert_eq!(counted(&system, "pull_request", "recorded").await, 3);
    system.assert_whole().await;
}

// PR-11
#[tokio::test]
async fn a_signature_that_does_not_hold_is_401_and_leaves_nothing() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    session_started(&system, &session_of("ada")).await;
    let before = system.number("SELECT count(*) FROM commands").await;
    let right = signature(&hook.secret, OPENED.as_bytes());
    let wrong = [
        None,
        Some(String::new()),
        Some(right.replacen("sha256=", "sha1=", 1)),
        Some(right.replacen("sha256=", "", 1)),
        Some(right[..right.len() - 1].to_owned()),
        Some(signature("another", OPENED.as_bytes())),
        Some(signature(&hook.secret, FAILED.as_bytes())),
        // The same document, in other bytes.
        Some(signature(&hook.secret, with(OPENED, "/number", json!(42)).as_bytes())),
    ];
    for given in &wrong {
        let mut request = hook.unsigned("pull_request", "d-1").body(OPENED);
        if let Some(given) = given {
            request = request.header("x-hub-signature-256", given);
        }
        assert_eq!(answer(request).await.refusal(), (401, "unauthenticated".to_owned()), "{given:?}");
    }
    // Before its signature holds nothing is looked at, not even whether it is JSON.
    let garbage = answer(hook.unsigned("", "").header("x-hub-signature-256", &right).body("garbage")).await;
    assert_eq!(garbage.refusal(), (401, "unauthenticated".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, before);
    assert_eq!(counted(&system, "pull_request", "refused").await, 8);
    assert_eq!(counted(&system, "other", "refused").await, 1);
    assert_eq!(outcome(&hook.deliver("pull_request", "d-1", OPENED).await), recorded(), "its id was not used up");
}

// PR-11
#[tokio::test]
async fn a_repeated_delivery_is_answered_and_not_recorded_again() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    session_started(&system, &session_of("ada")).await;
    let (one, other) =
        tokio::join!(hook.deliver("pull_request", "twice", OPENED), hook.deliver("pull_request", "twice", OPENED));
    let mut both = [outcome(&one), outcome(&other)];
    both.sort();
    assert_eq!(both, [nothing("repeated"), recorded()]);
    system.settle().await;
    assert_eq!(outcome(&hook.deliver("pull_request", "twice", OPENED).await), nothing("repeated"));
    assert_eq!(commands(&system).await, 1);
    assert_eq!(counted(&system, "pull_request", "repeated").await, 2);
    assert_eq!(outcome(&hook.deliver("pull_request", "again", OPENED).await), recorded());
    assert_eq!(commands(&system).await, 2);
}

// PR-11, HTTP-4
#[tokio::test]
async fn a_delivery_over_the_limit_is_413_and_one_at_the_limit_is_not() {
    let system = Setup::stepped().set("body.webhook", "1KiB").start().await;
    let hook = Hook::of(&system, "default").await;
    let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    assert_eq!(outcome(&hook.deliver("ping", "d-1", &padded(1024)).await), nothing("ignored"));
    let refused = hook.deliver("ping", "d-1", &padded(1025)).await;
    assert_eq!(refused.refusal(), (413, "payload_too_large".to_owned()));
    assert_eq!(hook.deliver("pull_request", "d-1", OPENED).await.status, 413);
    assert_eq!(commands(&system).await, 0);
}

// PR-13, HTTP-3
#[tokio::test]
async fn other_events_are_answered_and_what_cannot_be_read_is_400() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    session_started(&system, &session_of("ada")).await;
    for (event, id) in [("ping", "d-1"), ("push", "d-2"), ("something_new", "d-3")] {
        assert_eq!(outcome(&hook.deliver(event, id, PING).await), nothing("ignored"), "{event}");
    }
    assert_eq!(counted(&system, "other", "ignored").await, 3);
    let invalid = (400, "invalid_request".to_owned());
    for (event, body) in
        [("pull_request", "not JSON"), ("pull_request", "{}"), ("issue_comment", "[]"), ("check_run", "")]
    {
        assert_eq!(hook.deliver(event, "d-4", body).await.refusal(), invalid, "{event}: {body}");
    }
    let long = "x".repeat(129);
    for id in ["", "two words", long.as_str()] {
        assert_eq!(hook.deliver("pull_request", id, OPENED).await.refusal(), invalid, "{id}");
    }
    let signed = signature(&hook.secret, OPENED.as_bytes());
    let bare = |name: &str| {
        let client =
            hook.client.clone().with_header("x-hub-signature-256", &signed).with_header(name, "application/json");
        client.request(Method::POST, "/api/v1/webhooks/github/default").body(OPENED)
    };
    assert_eq!(answer(bare("content-type")).await.refusal(), invalid, "no event, no id");
    assert_eq!(answer(bare("accept")).await.refusal(), (415, "unsupported_media_type".to_owned()));
    assert_eq!(commands(&system).await, 0);
}

// PR-15
#[tokio::test]
async fn a_pull_request_of_no_session_of_the_project_is_left_out_and_counted() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    system.client(KeyOf { project: Some("two"), ..KeyOf::default() }).await;
    let mut elsewhere = session_of("eve");
    elsewhere["project_id"] = json!("two");
    let of_two = session_started(&system, &elsewhere).await;
    for (field, value) in [("branch", "main"), ("repository", "acme/warehouse")] {
        let mut other = session_of(field);
        other[field] = json!(value);
        session_started(&system, &other).await;
    }
    assert_eq!(outcome(&hook.deliver("pull_request", "d-1", OPENED).await), nothing("unmatched"));
    assert_eq!(outcome(&hook.deliver("check_run", "d-2", FAILED).await), nothing("unmatched"));
    assert_eq!(commands(&system).await, 0);
    assert_eq!(system.number("SELECT count(*) FROM pull_requests").await, 0);
    assert_eq!(counted(&system, "pull_request", "unmatched").await, 1);
    let hook = Hook::of(&system, "two").await;
    assert_eq!(outcome(&hook.deliver("pull_request", "d-1", OPENED).await), recorded());
    system.settle().await;
    let owned = system.rows("SELECT project_id, session_id, url FROM pull_requests").await;
    assert_eq!(owned, [["two", of_two.as_str(), PR]]);
}

// PR-15
#[tokio::test]
async fn a_fork_s_branch_of_the_same_name_is_nobody_s_and_its_checks_are_found_by_their_commit() {
    let system = System::stepped().await;
    let hook = Hook::of(&system, "default").await;
    session_started(&system, &session_of("ada")).await;
    let fork = json!({ "id": 77, "full_name": "stranger/storefront" });
    let forked = with(OPENED, "/pull_request/head/repo", fork);
    assert_eq!(outcome(&hook.deliver("pull_request", "d-1", &forked).await), nothing("unmatched"));
    let mut in_fork = session_of("bob");
    in_fork["repository"] = json!("https://github.com/Stranger/storefront.git");
    let session = session_started(&system, &in_fork).await;
    assert_eq!(outcome(&hook.deliver("pull_request", "d-2", &forked).await), recorded());
    assert_eq!(shown(&system).await.text("/items/0/session_id"), session);
    let nameless = with(FAILED, "/check_run/pull_requests", json!([]));
    assert_eq!(outcome(&hook.deliver("check_run", "d-3", &nameless).await), recorded());
    assert_eq!(shown(&system).await.text("/items/0/ci"), "failing");
    let unknown = with(&nameless, "/check_run/head_sha", json!("0000000000000000000000000000000000000000"));
    assert_eq!(outcome(&hook.deliver("check_run", "d-4", &unknown).await), nothing("unmatched"));
}
