//! What the built-in provider makes of whole sessions, as a person reads it.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use shared::clock::Time;
use shared::generation::{
    BODY_MAX, DRAFTS_MAX, Draft, Generated, Known, Material, Provider, PullRequestFact, SOURCES_MAX, SessionFacts,
    SourceEvent, TITLE_MAX,
};
use shared::value::privacy::value_without_private;
use shared::value::{JobKind, ObservationKind, Word};
use tests::agent_events::{DECISION, Generator, PRIVATE};

/// The events as a job is given them: each once, and without private text.
fn stored(events: Vec<Value>) -> Vec<SourceEvent> {
    let mut known = BTreeSet::new();
    let mut stored = Vec::new();
    for mut event in events {
        let text = |name: &str| event[name].as_str().expect("a text").to_owned();
        let (agent_event_id, event_type) = (text("source_event_id"), text("event_type"));
        let occurred_at = Time::parse(&text("occurred_at")).expect("a time");
        if known.insert(agent_event_id.clone()) {
            let payload = value_without_private(event["payload"].take());
            stored.push(SourceEvent { agent_event_id, event_type, occurred_at, payload });
        }
    }
    stored
}

fn material(kind: JobKind, events: Vec<SourceEvent>) -> Material {
    Material { kind, session: None, events, observations: Vec::new(), pull_requests: Vec::new(), truncated: false }
}

async fn generated(material: &Material) -> Generated {
    Provider::Extractive.generate(material).await.expect("observations")
}

/// Observations as a person reads them.
fn shown(drafts: &[Draft]) -> String {
    let mut text = String::new();
    for Draft { kind, title, body, sources } in drafts {
        let _ = writeln!(text, "[{}] {title}", kind.as_str());
        for line in body.lines() {
            let _ = writeln!(text, "    {line}");
        }
        let _ = writeln!(text, "    <- {}", sources.join(" "));
    }
    text
}

/// What is known of the third session, which keeps money.
fn session() -> SessionFacts {
    SessionFacts {
        session_id: "p-3".to_owned(),
        ticket: Some("WAL-103".to_owned()),
        run_id: None,
        agent_name: Some("amber".to_owned()),
        branch: Some("wallet-balances".to_owned()),
        prompt: Some(
            "Balances of wallets drift away from the sum of their payments. Find out why, and make it impossible."
                .to_owned(),
        ),
        outcome: Some("done".to_owned()),
        end_reason: Some("the pull request was merged".to_owned()),
        started_at: Time::parse("2026-03-02T18:00:00Z").ok(),
        ended_at: Time::parse("2026-03-02T19:25:00Z").ok(),
    }
}

// MEMORY-18, MEMORY-19
#[tokio::test]
async fn single_events_of_a_session() {
    let mut text = String::new();
    let mut nothing = 0;
    for event in stored(Generator::new(1).session(3)) {
        let event_type = event.event_type.clone();
        let drafts = generated(&material(JobKind::Event, vec![event])).await.drafts;
        if drafts.is_empty() {
            nothing += 1;
        } else {
            let _ = writeln!(text, "{event_type}\n{}", shown(&drafts));
        }
    }
    let _ = writeln!(text, "{nothing} events gave nothing");
    insta::assert_snapshot!("events", text);
}

// MEMORY-19
#[tokio::test]
async fn a_batch_of_each_kind_of_work() {
    for (index, name) in [(1, "batch_webhooks"), (3, "batch_balances"), (4, "batch_query"), (8, "batch_flaky")] {
        let generated = generated(&material(JobKind::EventBatch, stored(Generator::new(0).session(index)))).await;
        insta::assert_snapshot!(name, shown(&generated.drafts));
    }
}

// MEMORY-19
#[tokio::test]
async fn a_session_is_summed_up() {
    let events = stored(Generator::new(1).session(3));
    let batch = generated(&material(JobKind::EventBatch, events.clone())).await.drafts;
    let known = |draft: Draft| Known { kind: draft.kind, title: draft.title, body: draft.body };
    let whole = Material {
        session: Some(session()),
        observations: batch.into_iter().map(known).collect(),
        pull_requests: vec![PullRequestFact {
            url: "https://github.com/acme/wallets/pull/103".to_owned(),
            title: Some("Wallets are sums of postings".to_owned()),
            state: "merged".to_owned(),
            ci: "passing".to_owned(),
        }],
        ..material(JobKind::Summary, events.clone())
    };
    let only_events = material(JobKind::Summary, events[..20].to_vec());
    let only_observations = Material { events: Vec::new(), ..whole.clone() };
    let mut text = String::new();
    for (name, material) in [("all", whole), ("events", only_events), ("observations", only_observations)] {
        let _ = writeln!(text, "{name}\n{}", shown(&generated(&material).await.drafts));
    }
    insta::assert_snapshot!("summary", text);
}

// MEMORY-19
#[tokio::test]
async fn events_of_other_harnesses_are_understood() {
    let told = [
        ("codex.user_message", json!({ "message": "Make the export faster, it times out for large shops." })),
        ("agent_reasoning", json!({ "text": "**Looking for the slow part**\n\nThe export fails after 30 s." })),
        ("exec_command_begin", json!({ "command": ["bash", "-lc", "go test ./export/..."] })),
        (
            "exec_command_end",
            json!({
                "command": ["bash", "-lc", "go test ./export/..."], "exit_code": 1,
                "aggregated_output": "--- FAIL: TestExportIsFast (31.02s)\n    export_test.go:40: took 31s\nFAIL",
            }),
        ),
        (
            "agent_message",
            json!({ "message": "The culprit is a query per row. I'll use one join instead of 40000 queries." }),
        ),
        ("patch_apply_end", json!({ "success": true, "changes": { "export/rows.go": { "update": {} } } })),
        (
            "exec_command_end",
            json!({ "command": "go test ./export/...", "exit_code": 0, "stdout": "ok  \texport\t0.4s" }),
        ),
        ("beforeShellExecution", json!({ "command": "git push --force", "cwd": "/w" })),
        (
            "afterFileEdit",
            json!({ "file_path": "export/join.go", "edits": [{ "old_string": "", "new_string": "func join() {" }] }),
        ),
        (
            "PostToolUse",
            json!({ "tool_name": "Task", "tool_response": { "content": [{
            "type": "text", "text": "I found that three reports call the export every minute.",
        }] } }),
        ),
        (
            "PostToolUse",
            json!({ "tool_name": "mcp__tracker__move", "is_error": true, "error": "403: permission denied" }),
        ),
        ("ci.check_run", json!({ "name": "build", "conclusion": "failure", "output": "error: missing header" })),
        ("custom/deployed", json!({ "info": { "note": "Version 12 of the exporter runs in both regions." } })),
        ("SessionEnd", json!({ "reason": "prompt_input_exit" })),
    ];
    let mut events = Vec::new();
    for (index, (event_type, payload)) in (1..).zip(told) {
        let (agent_event_id, occurred_at) = (format!("aev-{index}"), Time(index * 1000));
        events.push(SourceEvent { agent_event_id, event_type: event_type.to_owned(), occurred_at, payload });
    }
    let mut text = String::new();
    for event in &events {
        let drafts = generated(&material(JobKind::Event, vec![event.clone()])).await.drafts;
        let _ = writeln!(text, "{}\n{}", event.event_type, shown(&drafts));
    }
    let _ = writeln!(text, "as a batch\n{}", shown(&generated(&material(JobKind::EventBatch, events)).await.drafts));
    insta::assert_snapshot!("harnesses", text);
}

// MEMORY-18, MEMORY-19, MEMORY-21
#[tokio::test]
async fn all_sessions_give_the_same_again_within_their_bounds_and_nothing_private() {
    for index in 1..=26 {
        let events = stored(Generator::new(5).session(index));
        for kind in [JobKind::EventBatch, JobKind::Summary] {
            let material = material(kind, events.clone());
            let made = generated(&material).await;
            assert_eq!(made, generated(&material).await);
            assert_eq!((made.usage.provider, made.usage.model.as_deref()), ("extractive", None));
            assert!((1..=DRAFTS_MAX).contains(&made.drafts.len()), "session {index}: {} drafts", made.drafts.len());
            for draft in &made.drafts {
                assert!((1..=TITLE_MAX).contains(&draft.title.chars().count()), "{}", draft.title);
                assert!((1..=BODY_MAX).contains(&draft.body.chars().count()), "{}", draft.title);
                assert!((1..=SOURCES_MAX).contains(&draft.sources.len()), "{}", draft.title);
                let said = |text: &str| draft.title.contains(text) || draft.body.contains(text);
                assert!(!said(PRIVATE) && !said("<private>"), "{} {}", draft.title, draft.body);
                assert!(index == 3 || !said(DECISION), "{} {}", draft.title, draft.body);
            }
            if kind == JobKind::EventBatch {
                assert!(made.drafts.iter().any(|draft| draft.kind == ObservationKind::Decision), "session {index}");
                assert!(made.drafts.iter().any(|draft| draft.kind == ObservationKind::Fix), "session {index}");
                assert_eq!(made.drafts.iter().any(|draft| draft.title == DECISION), index == 3);
            }
        }
    }
}
