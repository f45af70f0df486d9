//! The live stream of a deployment: server-sent events through a Function URL that streams.

use std::time::Duration;

use futures::StreamExt;
use reqwest::Method;
use serde_json::json;
use tests::deployment::{Deployment, Plan};
use tests::system::question;
use tests::world::World;

/// Reads a stream until it has `count` events, or for ten seconds; their types and ids.
async fn events(deployment: &Deployment, path: &str, count: usize) -> Vec<(String, String)> {
    let response = deployment.owner.request(Method::GET, path).send().await.expect("a stream");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut text, mut stream) = (String::new(), response.bytes_stream());
    let found = |text: &str| {
        let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
        let line = |block: &str, name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().to_owned()
        };
        blocks.map(|block| (line(block, "event:"), line(block, "id:"))).collect::<Vec<_>>()
    };
    let read = async {
        while found(&text).len() < count {
            let Some(Ok(chunk)) = stream.next().await else { break };
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), read).await;
    found(&text)
}

// LOG-14, LOG-19, LAMBDA-10
#[tokio::test]
async fn a_stream_brings_what_others_commit_and_resumes_where_it_ended() {
    let Some(deployment) = Deployment::start().await else { return };
    let first = deployment.opened(&question("First")).await;
    let live = events(&deployment, "/api/v1/stream", 2);
    let acts = async {
        // The stream has begun at the head by then.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let path = format!("/api/v1/forum/threads/{first}");
        deployment.apply(&format!("{path}/posts"), &json!({ "body": "one more" })).await;
        deployment.apply(&format!("{path}/close"), &json!({})).await;
    };
    let (live, ()) = tokio::join!(live, acts);
    let types: Vec<_> = live.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(types, ["forum.post.added", "forum.thread.closed"]);
    let resumed = events(&deployment, &format!("/api/v1/stream?after={}", live[0].1), 1).await;
    assert_eq!(resumed.first(), live.get(1));
    let refused = deployment.owner.get("/api/v1/stream?after=4000").await;
    assert_eq!(refused.refusal(), (400, "cursor_ahead".to_owned()));
}

// LOG-19
#[tokio::test]
async fn a_stream_ends_before_the_platform_ends_it() {
    let settings = vec![("AGENTFORUM_LIVE_DEPLOYED", "2s".to_owned())];
    let Some(deployment) = Deployment::planned(Plan { settings, ..Plan::default() }).await else { return };
    let response = deployment.owner.request(Method::GET, "/api/v1/stream").send().await.expect("a stream");
    let whole = tokio::time::timeout(Duration::from_secs(10), response.bytes()).await;
    assert!(whole.expect("it ends by itself").is_ok());
}

// HEALTH-5, LAMBDA-9
#[tokio::test]
async fn a_deployment_says_what_it_is() {
    let Some(deployment) = Deployment::start().await else { return };
    let info = deployment.owner.get("/api/v1/info").await;
    assert_eq!(info.text("/storage/engine"), "libsql-remote");
    assert_eq!(info.text("/storage/synchronous"), "server");
    assert_eq!(info.text("/auth_mode"), "keys");
    assert_eq!(info.text("/boundaries/queue_manager/status"), "active");
    assert_eq!(info.text("/boundaries/queue_manager/details/engine"), "sqs");
    for path in ["/healthz", "/readyz", "/api/v1/health"] {
        let answer = deployment.owner.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}
