//! Providers over HTTP, against a server that speaks their wire formats.

mod answers;
mod connections;
mod refusals;
mod settings;

use serde_json::{Value, json};
use shared::clock::Time;
use shared::config::{Config, ProviderKind};
use shared::generation::{GenerationError, Material, Provider, Remote, SourceEvent};
use shared::value::JobKind;
use tests::providers::{Reply, ScriptedProvider};

/// The providers that live elsewhere, by their names in the settings.
const REMOTE: [&str; 2] = ["anthropic", "openai-compatible"];
const KEY: &str = "sk-test-0123456789abcdef";
/// Stands in the material, and belongs into no error.
const PHRASE: &str = "The basement door opens with the number 4711";

/// The provider of this name at this address, with these settings beside.
fn provider_at(url: &str, name: &str, settings: &[(&str, &str)]) -> Provider {
    let mut all = vec![
        ("generation.provider", name),
        ("generation.url", url),
        ("generation.model", "scripted"),
        ("generation.key", KEY),
    ];
    all.extend_from_slice(settings);
    let config = Config::with(&all).expect("settings").generation;
    let remote = Remote::new(&config).expect("a server's address");
    if config.provider == ProviderKind::Anthropic { Provider::Anthropic(remote) } else { Provider::OpenAi(remote) }
}

fn provider(server: &ScriptedProvider, name: &str, settings: &[(&str, &str)]) -> Provider {
    provider_at(&server.url(name), name, settings)
}

/// Two events of an agent.
fn material(kind: JobKind) -> Material {
    let event = |n: i64, payload: Value| SourceEvent {
        agent_event_id: format!("aev_{n}"),
        event_type: "assistant_message".to_owned(),
        occurred_at: Time(n),
        payload,
    };
    let events = vec![event(1, json!({ "text": PHRASE })), event(2, json!({ "text": "It is <b>locked</b> now" }))];
    Material { kind, session: None, events, observations: vec![], pull_requests: vec![], truncated: false }
}

/// How a request fails that is answered so.
async fn failure(server: &ScriptedProvider, name: &str, reply: Reply) -> GenerationError {
    server.answer([reply]);
    let outcome = provider(server, name, &[]).generate(&material(JobKind::EventBatch)).await;
    outcome.expect_err("a failure")
}
