//! The interface's description: committed, served and true.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;
use tests::system::{Client, System, answer};

/// The committed copy.
const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.json");

// HTTP-9
#[tokio::test]
async fn the_committed_description_is_the_one_that_is_served() {
    let described = api_http::document();
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the product")]
    let update = std::env::var("AGENTFORUM_UPDATE").is_ok_and(|value| value == "1");
    if update || !Path::new(COPY).exists() {
        std::fs::write(COPY, &described).expect("the copy is written");
    }
    let committed = std::fs::read_to_string(COPY).expect("the committed copy");
    assert!(committed == described, "openapi.json is out of date; run this test with AGENTFORUM_UPDATE=1");
    let system = System::stepped().await;
    let served = Client::new(&system.harness.url).get("/openapi.json").await;
    assert_eq!((served.status.as_u16(), served.header("content-type")), (200, "application/json"));
    assert_eq!(served.body, serde_json::from_str::<Value>(&committed).expect("JSON"));
}

/// Every path of the table in SPEC, and those that others of its lines need.
const PATHS: [&str; 86] = [
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /docs",
    "GET /login",
    "POST /logout",
    "GET /api/v1/health",
    "GET /api/v1/info",
    "GET /api/v1/forum/threads",
    "POST /api/v1/forum/threads",
    "GET /api/v1/forum/threads/{thread_id}",
    "POST /api/v1/forum/threads/{thread_id}/posts",
    "POST /api/v1/forum/threads/{thread_id}/answer",
    "POST /api/v1/forum/threads/{thread_id}/close",
    "GET /api/v1/forum/events",
    "GET /api/v1/forum/stream",
    "GET /api/v1/stream",
    "GET /api/v1/commands/{command_id}",
    "GET /api/v1/keys",
    "POST /api/v1/keys",
    "DELETE /api/v1/keys/{key_id}",
    "POST /api/v1/forum/threads/{thread_id}/assign",
    "POST /api/v1/forum/threads/{thread_id}/state",
    "POST /api/v1/forum/threads/{thread_id}/priority",
    "POST /api/v1/forum/threads/{thread_id}/seen",
    "GET /api/v1/forum/queues",
    "GET /api/v1/forum/search",
    "GET /api/v1/forum/stats",
    "GET /api/v1/forum/debug",
    "GET /api/v1/dead-letters",
    "GET /api/v1/dead-letters/{id}",
    "POST /api/v1/dead-letters/{id}/redrive",
    "POST /api/v1/dead-letters/{id}/drop",
    "GET /api/v1/projections",
    "POST /api/v1/projections/{name}/replay",
    "POST /api/v1/login-links",
    "POST /api/v1/forum/control/signal",
    "GET /api/v1/runs",
    "POST /api/v1/runs",
    "GET /api/v1/runs/{run_id}",
    "GET /api/v1/runs/{run_id}/snapshot",
    "POST /api/v1/runs/{run_id}/state",
    "POST /api/v1/runs/{run_id}/close",
    "POST /api/v1/runs/{run_id}/operator",
    "GET /api/v1/sessions",
    "POST /api/v1/sessions",
    "GET /api/v1/sessions/{session_id}",
    "GET /api/v1/sessions/{session_id}/prs",
    "POST /api/v1/sessions/{session_id}/activity",
    "POST /api/v1/sessions/{session_id}/runtime",
    "POST /api/v1/sessions/{session_id}/end",
    "POST /api/v1/sessions/{session_id}/kill",
    "POST /api/v1/sessions/{session_id}/restore",
    "POST /api/v1/sessions/{session_id}/messages",
    "GET /api/v1/sessions/{session_id}/inbox",
    "POST /api/v1/sessions/{session_id}/inbox/ack",
    "POST /api/v1/probe-passes",
    "GET /api/v1/pull-requests",
    "POST /api/v1/pull-requests/observations",
    "POST /api/v1/webhooks/github/{project_id}",
    "POST /api/v1/projects/{project_id}/webhook-secret",
    "GET /api/v1/notifications",
    "POST /api/v1/notifications/{notification_id}/read",
    "POST /api/v1/agent-events",
    "POST /api/v1/agent-events/batch",
    "GET /api/v1/agent-events/{agent_event_id}",
    "GET /api/v1/agent-events/{agent_event_id}/observations",
    "GET /api/v1/jobs",
    "GET /api/v1/teams/{team_id}/jobs",
    "GET /api/v1/projects/{project_id}/jobs",
    "GET /api/v1/jobs/{job_id}",
    "POST /api/v1/jobs/{job_id}/retry",
    "POST /api/v1/jobs/{job_id}/cancel",
    "GET /api/v1/lanes",
    "POST /api/v1/lanes/{kind}/pause",
    "POST /api/v1/lanes/{kind}/resume",
    "GET /api/v1/observations/{observation_id}",
    "POST /api/v1/reindex",
    "POST /api/v1/search",
    "POST /api/v1/context",
    "GET /api/v1/projects",
    "POST /api/v1/projects",
    "POST /api/v1/projects/{project_id}/archive",
    "POST /api/v1/keys/{key_id}/rotate",
    "GET /api/v1/audit",
];

// HTTP-9
#[tokio::test]
async fn every_path_of_the_table_is_described_and_served() {
    let document: Value = serde_json::from_str(&api_http::document()).expect("JSON");
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let methods = item.as_object().expect("a path item").keys();
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    described.sort_unstable();
    let mut expected = PATHS.to_vec();
    expected.sort_unstable();
    assert_eq!(described, expected);
    let system = System::stepped().await;
    // A delivery for a project without a secret is not found, as if nothing were there: other tests deliver.
    for operation in described.into_iter().filter(|operation| !operation.contains("/webhooks/")) {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        // Without a key nothing happens, but the route shows itself.
        let request = Client::new(&system.harness.url).request(method, &path.replace(['{', '}'], ""));
        let seen = answer(request).await.refusal();
        assert!(![404, 405].contains(&seen.0), "{operation} is not served: {seen:?}");
    }
}

// HTTP-9
#[tokio::test]
async fn commands_and_event_payloads_are_described() {
    let document: Value = serde_json::from_str(&api_http::document()).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in [
        "OpenThread",
        "AddPost",
        "AnswerThread",
        "CloseThread",
        "Opened",
        "PostAdded",
        "StateChanged",
        "Closed",
        "ThreadView",
        "LogEvent",
        "ProblemDocument",
        "Health",
        "Info",
    ] {
        assert!(schemas.contains_key(name), "{name} is not described");
    }
    let references: Vec<_> = document
        .to_string()
        .split("#/components/schemas/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect();
    for reference in references {
        assert!(schemas.contains_key(&reference), "{reference} leads nowhere");
    }
}
