//! What the process says of lanes, their jobs, and who makes observations.

use serde_json::{Value, json};
use tests::system::{Client, Setup, System};
use tests::world::World;

use super::samples;

const WORKER: &str = "generation_worker";
const REGISTRY: &str = "provider_registry";

async fn boundaries(system: &System, endpoint: &str) -> Value {
    let answer = system.owner.get(&format!("/api/v1/{endpoint}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["boundaries"].clone()
}

async fn tell(system: &System, text: &str) {
    let event = json!({ "event_type": "note", "occurred_at": "2026-01-31T12:00:00Z", "payload": { "text": text } });
    let told = system.owner.post("/api/v1/agent-events", &event).await;
    assert_eq!(told.status, 201, "{}", told.body);
}

fn lane(kind: &str, queued: u32, completed: u32) -> Value {
    json!({ "kind": kind, "queued": queued, "processing": 0, "failed": 0, "completed": completed })
}

// HEALTH-6, HEALTH: metrics table, MEMORY-22
#[tokio::test]
async fn the_four_lanes_and_their_jobs_are_counted_alike_wherever_they_are_shown() {
    let system = System::running().await;
    tell(&system, "Decided to keep the log in one file.").await;
    tell(&system, "Decided to keep one writer.").await;
    system.settle().await;
    assert_eq!(system.owner.post("/api/v1/lanes/event/pause", &json!({})).await.status, 200);
    tell(&system, "Decided to wait.").await;
    system.settle().await;
    let shown = boundaries(&system, "health").await["queue_manager"].clone();
    let expected = [lane("event", 1, 2), lane("event_batch", 0, 0), lane("summary", 0, 0), lane("reindex", 0, 0)];
    assert_eq!(shown["details"]["lanes"], json!(expected));
    assert_eq!(boundaries(&system, "info").await["queue_manager"], shown);

    let text = Client::new(&system.harness.url).get("/metrics").await;
    let samples = samples(&text.body);
    let value = |name: &str| {
        let full = format!("agentforum_{name}");
        let found = samples.iter().find(|(sample, _)| *sample == full);
        found.unwrap_or_else(|| panic!("{full} is missing")).1
    };
    for (name, expected) in [
        (r#"jobs{lane="event",status="queued"}"#, 1.0),
        (r#"jobs{lane="event",status="completed"}"#, 2.0),
        (r#"job_duration_seconds_count{lane="event"}"#, 2.0),
        (r#"generation_tokens_total{direction="input",provider="extractive"}"#, 0.0),
        (r#"generation_tokens_total{direction="output",provider="extractive"}"#, 0.0),
        (r#"dead_letters{source="job"}"#, 0.0),
    ] {
        assert!((value(name) - expected).abs() < f64::EPSILON, "{name} is {}", value(name));
    }
    for lane in ["event", "event_batch", "summary", "reindex"] {
        for status in ["queued", "processing", "completed", "failed", "cancelled"] {
            assert!(value(&format!(r#"jobs{{lane="{lane}",status="{status}"}}"#)) >= 0.0);
        }
    }
    system.stop().await;
}

// HEALTH-5, MEMORY-19
#[tokio::test]
async fn a_system_without_a_provider_says_so_and_still_builds_indexes() {
    let system = Setup::stepped().set("generation.provider", "none").start().await;
    for endpoint in ["health", "info"] {
        let boundaries = boundaries(&system, endpoint).await;
        let reason = "generation.provider is none";
        assert_eq!(boundaries[REGISTRY], json!({ "status": "disabled", "reason": reason }));
        let worker = json!({ "status": "disabled", "reason": reason, "details": { "lanes": ["reindex"] } });
        assert_eq!(boundaries[WORKER], worker);
    }
}

// HEALTH-5, SEC-2
#[tokio::test]
async fn a_provider_is_shown_with_its_model_and_host_and_without_its_key() {
    const KEY: &str = "sk-0123456789abcdef";
    let cases = [
        ("anthropic", None, "https://api.anthropic.com"),
        ("anthropic", Some("https://models.example:8443/deep/path"), "https://models.example:8443"),
        ("openai-compatible", Some("http://models.example/v1"), "http://models.example"),
    ];
    for (name, url, shown) in cases {
        let mut setup = Setup::stepped()
            .set("generation.provider", name)
            .set("generation.model", "model-1")
            .set("generation.key", KEY);
        if let Some(url) = url {
            setup = setup.set("generation.url", url);
        }
        let system = setup.start().await;
        let boundaries = boundaries(&system, "info").await;
        let details = json!({ "provider": name, "model": "model-1", "url": shown });
        assert_eq!(boundaries[REGISTRY], json!({ "status": "active", "details": details }));
        assert_eq!(boundaries[WORKER]["details"]["lanes"], json!(["event", "event_batch", "summary", "reindex"]));
        assert!(!boundaries.to_string().contains(KEY), "{boundaries}");
    }
}
