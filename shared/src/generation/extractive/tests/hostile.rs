//! Payloads that nobody should send: whatever they are, observations stay within their bounds and are the same again.

use super::*;
use crate::generation::{Known, PullRequestFact, SessionFacts};

const TYPES: [&str; 24] = [
    "user_prompt",
    "assistant_message",
    "decision",
    "tool_use",
    "post_tool_use",
    "file_edit",
    "command",
    "bash",
    "test_run",
    "error",
    "commit",
    "pull_request",
    "review",
    "session_start",
    "session_end",
    "note",
    "todo",
    "discovery",
    "build",
    "stop",
    "",
    "____",
    "ÄÖÜ.🦀/\u{0}",
    "vendor.thing",
];
const KEYS: [&str; 22] = [
    "message",
    "text",
    "prompt",
    "decision",
    "reason",
    "alternatives",
    "command",
    "stdout",
    "stderr",
    "tool_name",
    "tool_input",
    "tool_response",
    "file_path",
    "files",
    "new_string",
    "patch",
    "edits",
    "passed",
    "failed",
    "title",
    "sha",
    "todos",
];

/// A value within so many lists and objects.
fn nested(inner: Value, depth: usize) -> Value {
    (0..depth).fold(inner, |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "content": inner }) })
}

fn texts() -> Vec<String> {
    let texts = [
        "",
        " ",
        "\u{0}\u{1}\u{7f}\u{85}",
        "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}after \u{1b}]8;;http://x\u{1b}\\link \u{1b}(B \u{1b}[",
        "\u{1b}]0;never closed\nnext line is kept\r\nand\rthis",
        "we decided to use \u{202e}txt.exe\u{202c} because\u{feff} it is shorter",
        "قررنا أن نستخدم القفل. هل هذا صحيح؟ نعم",
        "👩‍👩‍👧‍👦 🦀🦀🦀 we decided to use crabs because they are fast 🦀",
        "because because because since since so that so that",
        "```\nnever closed code\nwe decided to",
        "`` ` a/b.rs ` `` ' \" ' && || ;; | ( ) << EOF",
        "git commit -m \"$(cat <<",
        "cargo test \\\n && \"",
        "+++ b/\n+fn \n+func (\n*** Update File: ",
        "test  ... FAILED\nthread '' panicked at :\n99999999999999999999999 passed 18446744073709551615 failed",
        "........!!!!!!????? ... . ! ?",
    ];
    texts.map(str::to_owned).to_vec()
}

/// Texts that are longer than what is looked at.
fn huge() -> Vec<String> {
    vec![
        "x".repeat(60_000),
        "We decided to use ü because ü. ".repeat(1_500),
        "🦀 \u{1b}[1m".repeat(6_000),
        "error: it broke\n".repeat(3_000),
        format!("{}\u{1b}[31", "ü".repeat(30_000)),
    ]
}

fn values() -> Vec<Value> {
    let mut values: Vec<Value> = texts().into_iter().map(Value::String).collect();
    values.extend([json!(null), json!(true), json!(-1), json!(1e300), json!(u64::MAX), json!([]), json!({})]);
    values.extend([nested(json!("we decided to dig because it is deep down"), 64), nested(json!(1), 64)]);
    values.push(json!([["we chose this", 1, null, { "text": ["a", { "content": "b" }] }]]));
    values
}

/// Payloads that say each of these values in all places.
fn payloads(values: Vec<Value>) -> Vec<Value> {
    let mut payloads = Vec::new();
    for value in values {
        let all: serde_json::Map<String, Value> = KEYS.iter().map(|key| ((*key).to_owned(), value.clone())).collect();
        payloads.push(Value::Object(all));
        let command = json!({ "command": value });
        payloads.push(json!({ "tool_name": "Bash", "tool_input": command, "tool_response": value, "exit_code": 1 }));
        let edit = json!({ "file_path": value, "new_string": value, "edits": [value] });
        payloads.push(json!({ "tool_name": "Edit", "tool_input": edit }));
        payloads.push(json!({ "message": value, "files": [value], "error": value, "exit_code": value }));
        payloads.push(value);
    }
    payloads
}

fn assert_bounded(drafts: &[Draft], sources_max: usize) {
    assert!(drafts.len() <= DRAFTS_MAX, "{} drafts", drafts.len());
    for Draft { title, body, sources, .. } in drafts {
        assert!((1..=TITLE_MAX).contains(&title.chars().count()), "{title:?}");
        assert!(!title.trim().is_empty() && !title.chars().any(char::is_control), "{title:?}");
        assert!(body.chars().count() <= BODY_MAX, "{} characters", body.chars().count());
        assert!(!body.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{body:?}");
        assert!(!title.contains('\u{202e}') && !body.contains('\u{202e}'), "{title:?} {body:?}");
        assert!(sources.len() <= sources_max, "{sources:?}");
    }
}

// MEMORY-18, MEMORY-19
#[test]
fn no_payload_breaks_it_and_observations_of_an_event_stay_within_their_bounds() {
    let check = |event_type: &str, payload: &Value| {
        let drafts = of(event_type, payload.clone());
        assert!(drafts.len() <= 3, "{event_type}: {drafts:?}");
        assert_bounded(&drafts, 1);
    };
    for payload in payloads(values()) {
        for event_type in TYPES {
            check(event_type, &payload);
        }
    }
    for payload in payloads(huge().into_iter().map(Value::String).collect()) {
        for event_type in TYPES.into_iter().step_by(5) {
            check(event_type, &payload);
        }
    }
}

// MEMORY-19
#[test]
fn batches_and_summaries_of_anything_are_bounded_and_the_same_again() {
    let told = |values: Vec<Value>| {
        let payloads = payloads(values).into_iter().zip(TYPES.iter().cycle());
        payloads.map(|(payload, event_type)| (*event_type, payload)).collect::<Vec<_>>()
    };
    let batch = material(JobKind::EventBatch, told(values()));
    let drafts = generate(&batch);
    assert!(!drafts.drafts.is_empty());
    assert_bounded(&drafts.drafts, SOURCES_MAX);
    assert_eq!(drafts, generate(&batch));
    for text in texts().into_iter().chain(huge()) {
        let text = Some(text);
        let (one, fact) = (text.clone().unwrap_or_default(), text.clone().unwrap_or_default());
        let session = SessionFacts {
            ticket: text.clone(),
            agent_name: text.clone(),
            branch: text.clone(),
            prompt: text.clone(),
            outcome: text.clone(),
            end_reason: text.clone(),
            ..SessionFacts::default()
        };
        let summary = Material {
            session: Some(session),
            observations: vec![Known {
                kind: ObservationKind::Decision,
                title: one.clone(),
                body: format!("Why: {one}"),
            }],
            pull_requests: vec![PullRequestFact { url: fact.clone(), title: text, state: fact.clone(), ci: fact }],
            ..material(JobKind::Summary, told(vec![json!("we decided to stay because it is late")]))
        };
        let generated = generate(&summary);
        assert_eq!(generated.drafts.len(), 1);
        assert_bounded(&generated.drafts, SOURCES_MAX);
        assert_eq!(generated, generate(&summary));
    }
}

// MEMORY-19
#[test]
fn a_long_title_ends_after_a_word() {
    let (_, title, body) = one("note", json!({ "text": "word ".repeat(300) }));
    assert_eq!((title.chars().count(), title.ends_with("word…")), (200, true));
    assert_eq!(body.chars().count(), 600);
    let (_, title, _) = one("note", json!({ "text": format!("a b {}", "x".repeat(500)) }));
    assert_eq!((title.chars().count(), title.ends_with("xx…")), (200, true));
}
