//! The chat completions of OpenAI, as many servers speak them. The answer is text that holds one JSON object.

use serde_json::{Value, json};

use super::answer::{drafts_in, invalid};
use super::http::{Call, Remote};
use super::prompt::Prompt;
use super::{Draft, Generated, GenerationError, Material};

/// OpenAI's own server: its newer models refuse the name of the limit that all others know.
const HOME: &str = "https://api.openai.com/";

pub(super) async fn generate(remote: &Remote, material: &Material) -> Result<Generated, GenerationError> {
    let prompt = Prompt::of(material);
    let body = body(remote, &prompt);
    let call = Call {
        path: "/chat/completions",
        key_header: "authorization",
        key_prefix: "Bearer ",
        headers: &[],
        body: &body,
        told: &prompt.user,
    };
    let answer = remote.post(&call).await?;
    let drafts = said(&answer, material)?;
    let tokens = |name: &str| answer["usage"][name].as_u64().unwrap_or(0);
    let usage = remote.usage("openai-compatible", tokens("prompt_tokens"), tokens("completion_tokens"));
    Ok(Generated { drafts, usage })
}

fn body(remote: &Remote, prompt: &Prompt) -> Value {
    let limit = if remote.base().starts_with(HOME) { "max_completion_tokens" } else { "max_tokens" };
    json!({
        "model": remote.model(),
        limit: remote.max_tokens(),
        "messages": [
            { "role": "system", "content": prompt.system },
            { "role": "user", "content": prompt.user },
        ],
        "response_format": { "type": "json_object" },
    })
}

/// What the first choice says.
fn said(answer: &Value, material: &Material) -> Result<Vec<Draft>, GenerationError> {
    let choice = &answer["choices"][0];
    match choice["finish_reason"].as_str() {
        Some("length") => return Err(invalid("the answer was cut off at generation.max_tokens")),
        Some("content_filter") => return Err(invalid("the provider withheld the answer")),
        _ => {}
    }
    let message = &choice["message"];
    if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) {
        return Err(invalid("the model refused to answer"));
    }
    let content = message["content"].as_str().ok_or_else(|| invalid("the provider's answer holds no message"))?;
    drafts_in(content, material)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_limit_is_called_what_the_server_calls_it() {
        let prompt = Prompt { system: String::new(), user: String::new() };
        let named = [("https://api.openai.com/v1", "max_completion_tokens"), ("http://[::1]:1/v1", "max_tokens")];
        for (url, name) in named {
            let config = Config::with(&[
                ("generation.provider", "openai-compatible"),
                ("generation.url", url),
                ("generation.model", "m"),
                ("generation.key", "k"),
                ("generation.max_tokens", "700"),
            ]);
            let remote = Remote::new(&config.expect("settings").generation).expect("a server");
            assert_eq!(body(&remote, &prompt)[name], 700, "{url}");
        }
    }
}
