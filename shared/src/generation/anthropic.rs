//! The Anthropic Messages API. The model has to use one tool, whose input is the answer: an object, never prose.

use serde_json::{Value, json};

use super::answer::{drafts, invalid};
use super::http::{Call, Remote};
use super::prompt::{Prompt, asked_kinds};
use super::{Draft, Generated, GenerationError, Material};
use crate::value::Word;

/// Where it is, unless the settings say otherwise.
pub(super) const HOME: &str = "https://api.anthropic.com";

const HEADERS: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];
const TOOL: &str = "record_observations";

pub(super) async fn generate(remote: &Remote, material: &Material) -> Result<Generated, GenerationError> {
    let prompt = Prompt::of(material);
    let body = body(remote, material, &prompt);
    let call = Call {
        path: "/v1/messages",
        key_header: "x-api-key",
        key_prefix: "",
        headers: HEADERS,
        body: &body,
        told: &prompt.user,
    };
    let answer = remote.post(&call).await?;
    let drafts = used(&answer, material)?;
    let tokens = |name: &str| answer["usage"][name].as_u64().unwrap_or(0);
    let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let read = read.into_iter().map(tokens).fold(0, u64::saturating_add);
    Ok(Generated { drafts, usage: remote.usage("anthropic", read, tokens("output_tokens")) })
}

fn body(remote: &Remote, material: &Material, prompt: &Prompt) -> Value {
    let kinds: Vec<&str> = asked_kinds(material.kind).iter().map(|kind| kind.as_str()).collect();
    let observation = json!({
        "type": "object",
        "properties": {
            "kind": { "type": "string", "enum": kinds },
            "title": { "type": "string" },
            "body": { "type": "string" },
            "sources": { "type": "array", "items": { "type": "string" } },
        },
        "required": ["kind", "title", "body", "sources"],
    });
    let schema = json!({
        "type": "object",
        "properties": { "observations": { "type": "array", "items": observation } },
        "required": ["observations"],
    });
    json!({
        "model": remote.model(),
        "max_tokens": remote.max_tokens(),
        "system": prompt.system,
        "messages": [{ "role": "user", "content": prompt.user }],
        "tools": [{ "name": TOOL, "description": "Takes the answer's JSON object.", "input_schema": schema }],
        "tool_choice": { "type": "tool", "name": TOOL },
    })
}

/// What the tool was given.
fn used(answer: &Value, material: &Material) -> Result<Vec<Draft>, GenerationError> {
    match answer["stop_reason"].as_str() {
        // Its input ends in the middle, even where it can be read.
        Some("max_tokens") => return Err(invalid("the answer was cut off at generation.max_tokens")),
        Some("refusal") => return Err(invalid("the model refused to answer")),
        _ => {}
    }
    let blocks = answer["content"].as_array();
    let used = blocks.into_iter().flatten().find(|block| block["type"] == "tool_use" && block["name"] == TOOL);
    let used = used.ok_or_else(|| invalid("the model did not use the tool it was given"))?;
    drafts(used["input"].clone(), material)
}
