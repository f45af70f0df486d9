//! Good answers, what is told to get them, and answers that are none.

use serde_json::{Value, json};
use shared::generation::{Draft, Usage};
use shared::value::{ErrorClass, JobKind, ObservationKind};
use tests::providers::{INPUT_TOKENS, OUTPUT_TOKENS, Reply, ScriptedProvider};

use super::{KEY, PHRASE, REMOTE, failure, material, provider};

fn fix() -> Value {
    json!([{ "kind": "fix", "title": "The door is locked", "body": "It stood open.", "sources": ["aev_2"] }])
}

// MEMORY-19
#[tokio::test]
async fn a_good_answer_of_either_format_becomes_observations() {
    let server = ScriptedProvider::start().await;
    server.answer([Reply::Observations(fix())]);
    for name in REMOTE {
        let prices = [("generation.input_price", "300"), ("generation.output_price", "1500")];
        let provider = provider(&server, name, &prices);
        assert_eq!((provider.name(), provider.concurrency()), (name, 4));
        let generated = provider.generate(&material(JobKind::EventBatch)).await.expect("an answer");
        let (title, body) = ("The door is locked".to_owned(), "It stood open.".to_owned());
        let sources = vec!["aev_2".to_owned()];
        assert_eq!(generated.drafts, [Draft { kind: ObservationKind::Fix, title, body, sources }], "{name}");
        // 1500 tokens at 3 dollars and 300 at 15 dollars per million: 0.9 cents.
        let usage = Usage {
            provider: name,
            model: Some("scripted".to_owned()),
            input_tokens: INPUT_TOKENS,
            output_tokens: OUTPUT_TOKENS,
            cost_microdollars: 9_000,
        };
        assert_eq!(generated.usage, usage, "{name}");
    }
}

// MEMORY-19, SEC-5
#[tokio::test]
async fn a_request_carries_key_model_and_limit_of_the_settings() {
    let server = ScriptedProvider::start().await;
    server.answer([Reply::Observations(fix())]);
    for name in REMOTE {
        let provider = provider(&server, name, &[("generation.max_tokens", "777")]);
        provider.generate(&material(JobKind::Event)).await.expect("an answer");
    }
    let asked = server.asked();
    let paths: Vec<_> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/v1/messages", "/v1/chat/completions"]);
    assert_eq!(asked[0].header("x-api-key"), KEY);
    assert_eq!(asked[1].header("authorization"), format!("Bearer {KEY}"));
    for asked in asked {
        assert_eq!((&asked.body["model"], &asked.body["max_tokens"]), (&json!("scripted"), &json!(777)));
        assert!(asked.body.to_string().contains(PHRASE), "{}", asked.body);
    }
}

// MEMORY-21
#[tokio::test]
async fn private_text_is_in_no_request_and_in_no_observation() {
    let server = ScriptedProvider::start().await;
    let told = json!([
        { "kind": "note", "title": "a <private>4711</private> b", "body": "c <PRIVATE>4711", "sources": [] },
        { "kind": "note", "title": "<private>4711", "body": "left over", "sources": [] },
    ]);
    server.answer([Reply::Observations(told)]);
    let mut material = material(JobKind::EventBatch);
    material.events[0].payload = json!({ "text": "open <private>4711", "code": ["<Private>4711</private>"] });
    for name in REMOTE {
        let generated = provider(&server, name, &[]).generate(&material).await.expect("an answer");
        let drafts: Vec<_> = generated.drafts.iter().map(|draft| (draft.title.as_str(), draft.body.as_str())).collect();
        assert_eq!(drafts, [("a b", "c")], "{name}");
    }
    for asked in server.asked() {
        let text = asked.body.to_string();
        assert!(text.contains("open ") && !text.contains("4711"), "{text}");
    }
}

// MEMORY-18
#[tokio::test]
async fn nothing_worth_keeping_is_a_good_answer_that_has_its_price() {
    let server = ScriptedProvider::start().await;
    for nothing in [json!([]), json!([{ "kind": "note", "title": " ", "body": "", "sources": [] }])] {
        server.answer([Reply::Observations(nothing)]);
        for name in REMOTE {
            let generated = provider(&server, name, &[]).generate(&material(JobKind::Event)).await.expect("an answer");
            assert_eq!((generated.drafts.len(), generated.usage.output_tokens), (0, OUTPUT_TOKENS), "{name}");
        }
    }
}

// MEMORY-19
#[tokio::test]
async fn a_summary_is_one_observation_of_its_own_kind() {
    let server = ScriptedProvider::start().await;
    let two = json!([{ "kind": "fix", "title": "first" }, { "kind": "summary", "title": "second" }]);
    server.answer([Reply::Observations(two)]);
    for name in REMOTE {
        let generated = provider(&server, name, &[]).generate(&material(JobKind::Summary)).await.expect("an answer");
        let drafts: Vec<_> = generated.drafts.iter().map(|draft| (draft.kind, draft.title.as_str())).collect();
        assert_eq!(drafts, [(ObservationKind::Summary, "first")], "{name}");
        assert_eq!(generated.drafts[0].sources, ["aev_1", "aev_2"], "{name}");
    }
}

// MEMORY-18
#[tokio::test]
async fn what_the_model_wrote_amiss_is_invalid_output() {
    let server = ScriptedProvider::start().await;
    let good = json!({ "observations": fix() });
    let amiss = [
        (json!("I would rather talk."), "tool_use"),
        (json!({ "result": good.clone() }), "tool_use"),
        (json!({ "observations": "none" }), "tool_use"),
        (json!({ "observations": [{ "title": 1 }] }), "tool_use"),
        // Cut off, though it can be read.
        (good, "max_tokens"),
    ];
    for (written, stop) in amiss {
        for name in REMOTE {
            let error = failure(&server, name, Reply::Written(written.clone(), stop)).await;
            assert_eq!(error.class, ErrorClass::InvalidOutput, "{name}: {written}");
            assert!(!error.detail.contains("door"), "{error}");
        }
    }
}

// MEMORY-18
#[tokio::test]
async fn an_answer_of_another_form_is_invalid_output() {
    let server = ScriptedProvider::start().await;
    let text = json!({ "stop_reason": "end_turn", "content": [{ "type": "text", "text": "{\"observations\":[]}" }] });
    let other = json!({ "stop_reason": "tool_use", "content": [{ "type": "tool_use", "name": "other", "input": {} }] });
    let refused = json!({ "stop_reason": "refusal", "content": [] });
    let choice = |reason: &str, message: Value| json!({ "choices": [{ "finish_reason": reason, "message": message }] });
    let content = "{\"observations\":[]}";
    let silent = choice("stop", json!({ "content": null, "refusal": "I will not." }));
    let filtered = choice("content_filter", json!({ "content": content }));
    let empty = choice("stop", json!({ "content": "" }));
    let own = [("anthropic", vec![text, other, refused]), ("openai-compatible", vec![silent, filtered, empty])];
    for (name, bodies) in own {
        let odd = [json!([]), json!({}), json!(null), json!({ "choices": 1, "content": 1 })];
        for body in bodies.into_iter().chain(odd) {
            let error = failure(&server, name, Reply::json(200, &body)).await;
            assert_eq!(error.class, ErrorClass::InvalidOutput, "{name}: {body}");
        }
        for body in ["", "<html>", "{\"content\":", "\u{0}"] {
            let plain = Reply::Plain { status: 200, headers: vec![], body: body.to_owned() };
            assert_eq!(failure(&server, name, plain).await.class, ErrorClass::InvalidOutput, "{name}: {body}");
        }
    }
}
