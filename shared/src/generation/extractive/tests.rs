//! What is kept of single events. Many events, sessions and hostile payloads have a file each.

mod hostile;
mod many;

use serde_json::{Value, json};

use super::*;
use crate::clock::Time;
use crate::generation::{BODY_MAX, SOURCES_MAX, TITLE_MAX};
use crate::value::ObservationKind;

/// Events with the ids `e0`, `e1` and so on.
fn events(told: Vec<(&str, Value)>) -> Vec<SourceEvent> {
    let event = |(index, (event_type, payload)): (usize, (&str, Value))| SourceEvent {
        agent_event_id: format!("e{index}"),
        event_type: event_type.to_owned(),
        occurred_at: Time(1_000),
        payload,
    };
    told.into_iter().enumerate().map(event).collect()
}

fn material(kind: JobKind, told: Vec<(&str, Value)>) -> Material {
    Material {
        kind,
        session: None,
        events: events(told),
        observations: Vec::new(),
        pull_requests: Vec::new(),
        truncated: false,
    }
}

/// The observations of one event.
fn of(event_type: &str, payload: Value) -> Vec<Draft> {
    generate(&material(JobKind::Event, vec![(event_type, payload)])).drafts
}

/// The one observation of an event.
fn one(event_type: &str, payload: Value) -> (ObservationKind, String, String) {
    let mut drafts = of(event_type, payload);
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    let Draft { kind, title, body, sources } = drafts.remove(0);
    assert_eq!(sources, ["e0"]);
    (kind, title, body)
}

fn kept(kind: ObservationKind, title: &str, body: &str) -> (ObservationKind, String, String) {
    (kind, title.to_owned(), body.to_owned())
}

fn bash(command: &str, stdout: &str, exit: i64) -> Value {
    json!({
        "tool_name": "Bash", "tool_input": { "command": command, "description": "Runs it" },
        "tool_response": { "stdout": stdout, "stderr": "", "exit_code": exit },
    })
}

const FAILED: &str = "running 2 tests\ntest clock::midnight ... \u{1b}[31mFAILED\u{1b}[0m\n\n\
    ---- clock::midnight stdout ----\nthread 'clock::midnight' panicked at src/clock.rs:9:5:\n\
    assertion failed: one == other\n\n\
    test result: FAILED. 1 passed; 1 failed; 0 ignored";
const PASSED: &str = "test clock::midnight ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored";

// MEMORY-19
#[test]
fn a_decision_is_kept_with_its_reason_whatever_its_type_is_called() {
    let payload = json!({
        "decision": "Use libSQL instead of Postgres", "reason": "one binary is enough",
        "alternatives": ["Postgres", { "name": "a file" }], "files": ["src/store.rs"],
    });
    let body = "Why: One binary is enough\nInstead of: Postgres, a file\nFiles: src/store.rs";
    let expected = kept(ObservationKind::Decision, "Use libSQL instead of Postgres", body);
    for name in ["decision", "Decision", "design-decision", "agent.decision", "claude code:Decision"] {
        assert_eq!(one(name, payload.clone()), expected, "{name}");
    }
    assert_eq!(one("whatever", payload), expected, "by its shape");
}

// MEMORY-19
#[test]
fn the_sentences_of_a_message_are_told_apart() {
    let text = "I looked at both. We decided to keep the outbox because a queue alone loses messages.\n\n\
        - It turns out that `src/queue.rs` drops what it cannot send.\n- All tests pass. Let me go on.\n\
        ```\nwe decided to show code\n```\nShould we use a lock instead of a lease?";
    let drafts = of("assistant_message", json!({ "message": { "content": [{ "type": "text", "text": text }] } }));
    let told: Vec<_> = drafts.iter().map(|draft| (draft.kind, draft.title.as_str(), draft.body.as_str())).collect();
    let expected = [
        (ObservationKind::Decision, "Keep the outbox", "Why: A queue alone loses messages."),
        (
            ObservationKind::Discovery,
            "`src/queue.rs` drops what it cannot send",
            "It turns out that `src/queue.rs` drops what it cannot send.\nFiles: src/queue.rs",
        ),
        (ObservationKind::Verification, "All tests pass", "All tests pass."),
    ];
    assert_eq!(told, expected);
}

// MEMORY-19
#[test]
fn what_is_open_or_turned_around_is_not_what_it_sounds_like() {
    for text in [
        "The race is not fixed.",
        "Nothing failed, and no error was found.",
        "We could go with a lease.",
        "This must be fixed by somebody.",
        "Is it fixed?",
        "The decisions of the team are listed there.",
    ] {
        assert!(of("message", json!({ "text": text })).is_empty(), "{text}");
    }
}

// MEMORY-19
#[test]
fn tests_that_fail_are_named_with_what_went_wrong_and_those_that_pass_are_counted() {
    let failing = bash("cd api && RUST_LOG=debug cargo test clock 2>&1 | tail -40", FAILED, 101);
    let title = "Tests failed: clock::midnight (`cargo test clock`)";
    let body = "Command: `cargo test clock` (exit code 101)\nResult: 1 passed, 1 failed\nFailed: clock::midnight\n\
        Error: panicked at src/clock.rs:9:5: assertion failed: one == other";
    assert_eq!(one("PostToolUse", failing), kept(ObservationKind::Failure, title, body));
    let (kind, title, _) = one("post_tool_use", bash("cargo test clock", PASSED, 0));
    assert_eq!((kind, title.as_str()), (ObservationKind::Verification, "Tests pass: 2 passed (`cargo test clock`)"));
    let run = json!({ "framework": "pytest", "passed": 11, "failed": ["test_a", "test_b"] });
    let (kind, title, _) = one("test_run", run);
    assert_eq!((kind, title.as_str()), (ObservationKind::Failure, "Tests failed: test_a, test_b (`pytest`)"));
    let codex = json!({
        "command": ["bash", "-lc", "npm test"], "exit_code": 1,
        "aggregated_output": "● cart › empties\n\nTests: 1 failed, 3 passed, 4 total",
    });
    let (kind, title, _) = one("exec_command_end", codex);
    assert_eq!((kind, title.as_str()), (ObservationKind::Failure, "Tests failed: cart › empties (`npm test`)"));
}

// MEMORY-19
#[test]
fn other_commands_are_kept_if_they_check_change_or_fail() {
    let clippy = bash("cargo clippy", "error: redundant clone\n  --> src/a.rs:3:9\nerror: could not compile `a`", 101);
    let (kind, title, _) = one("bash", clippy);
    assert_eq!(kind, ObservationKind::Failure);
    assert_eq!(title, "`cargo clippy` failed: redundant clone (src/a.rs:3:9)");
    let title_of = |command: &str| one("command", json!({ "cmd": command, "exit_code": 0 })).1;
    assert_eq!(title_of("npm run build"), "`npm run build` succeeds");
    assert_eq!(title_of("alembic upgrade head"), "Ran `alembic upgrade head`");
    let script = json!({ "command": "./deploy.sh", "exit_code": 3, "stderr": "no such region" });
    let title = "`./deploy.sh` failed with exit code 3";
    let body = "Command: `./deploy.sh` (exit code 3)\nOutput: no such region";
    assert_eq!(one("command", script), kept(ObservationKind::Failure, title, body));
    let document = "git add -A && git commit -m \"$(cat <<'EOF'\nAdd cents\n\nHalves too.\nEOF\n)\"";
    let (kind, title, _) = one("bash", bash(document, "1 file changed", 0));
    assert_eq!((kind, title.as_str()), (ObservationKind::Change, "Add cents"));
}

// MEMORY-19
#[test]
fn an_edit_says_what_it_is_for_or_what_it_declares() {
    let edit = json!({
        "tool_name": "Edit", "cwd": "/w",
        "tool_input": {
            "file_path": "/w/src/money.rs", "old_string": "fn sum() {}",
            "new_string": "fn sum() {}\npub fn post() {}\nstruct Entry;",
        },
        "tool_response": { "success": true },
    });
    let (kind, title, body) = one("post_tool_use", edit);
    assert_eq!((kind, title.as_str()), (ObservationKind::Change, "Changed src/money.rs: fn post, struct Entry"));
    assert_eq!(body, "Declares: fn post, struct Entry\nFiles: src/money.rs");
    let patch = "*** Begin Patch\n*** Update File: a/b.py\n+def run():\n*** End Patch";
    assert_eq!(one("tool_use", json!({ "tool_name": "apply_patch", "input": patch })).1, "Changed a/b.py: def run");
    let said = json!({ "path": "web/cart.ts", "summary": "empties the cart" });
    assert_eq!(one("file_edit", said).1, "Changed web/cart.ts: empties the cart");
}

// MEMORY-19
#[test]
fn commits_errors_reviews_and_pull_requests_say_what_and_where() {
    let commit = json!({
        "sha": "0a1b2c3d4e5f6a7b", "message": "Fix rounding\n\nHalf cents go to the buyer.\n", "branch": "cents",
        "files": ["src/cents.rs"],
    });
    let body = "Half cents go to the buyer.\nCommit: 0a1b2c3d4e on cents\nFiles: src/cents.rs";
    assert_eq!(one("commit", commit), kept(ObservationKind::Fix, "Fix rounding", body));
    let error = json!({ "error": { "message": "connection reset by peer" }, "file": "src/pool.rs", "line": 12 });
    let body = "connection reset by peer\nWhere: src/pool.rs:12";
    assert_eq!(one("error", error), kept(ObservationKind::Failure, "connection reset by peer", body));
    let opened = json!({ "action": "opened", "number": 7, "title": "Round cents", "url": "https://h/a/b/pull/7" });
    let title = "Pull request #7 opened: Round cents";
    assert_eq!(one("pull_request", opened), kept(ObservationKind::Change, title, "Address: https://h/a/b/pull/7"));
    let review = json!({ "reviewer": "ada", "state": "CHANGES_REQUESTED", "body": "Please round up." });
    let title = "Changes requested by ada: Please round up";
    assert_eq!(one("review", review), kept(ObservationKind::Note, title, "Reviewer: ada\nPlease round up."));
}

// MEMORY-19
#[test]
fn an_unknown_event_is_kept_for_its_most_telling_text() {
    let nested = json!({ "x": { "y": ["short", "The cache of tenants is rebuilt every night"] }, "n": 3 });
    assert_eq!(one("vendor.thing", nested).1, "The cache of tenants is rebuilt every night");
    let (kind, title, _) = one("vendor.thing", json!({ "info": "It turns out that the pool is never closed." }));
    assert_eq!((kind, title.as_str()), (ObservationKind::Discovery, "The pool is never closed"));
    assert_eq!(one("user_prompt", json!({ "prompt": "Please add a cart. Thanks!" })).1, "Asked: Please add a cart");
    let items = json!({ "items": [{ "content": "one", "status": "completed" }, { "content": "two" }, "three"] });
    assert_eq!(one("todo", items).1, "To do: two; three");
}

// MEMORY-18
#[test]
fn trivial_events_give_nothing() {
    let answer = json!({ "ok": true });
    let tool = |name: &str, input: Value| json!({ "tool_name": name, "tool_input": input, "tool_response": answer });
    let trivial = [
        ("post_tool_use", tool("Read", json!({ "file_path": "src/a.rs" }))),
        ("post_tool_use", tool("Grep", json!({ "pattern": "fn main" }))),
        ("post_tool_use", tool("mcp__docs__find", json!({ "query": "how to use it" }))),
        ("post_tool_use", tool("str_replace_editor", json!({ "command": "view", "path": "src/a.rs" }))),
        ("post_tool_use", tool("Edit", json!({ "file_path": "Cargo.lock", "new_string": "x" }))),
        ("post_tool_use", bash("ls -la && git status | head -3", "total 3", 0)),
        ("post_tool_use", bash("grep -rn error src", "", 1)),
        ("post_tool_use", bash("echo done; sleep 3", "done", 0)),
        ("post_tool_use", bash("cargo fmt --all", "", 0)),
        ("post_tool_use", bash("python probe.py", "fine", 0)),
        ("pre_tool_use", bash("cargo test", FAILED, 101)),
        ("user_prompt", json!({ "prompt": "go on" })),
        ("assistant_message", json!({ "message": "Let me look at the failing tests." })),
        ("session_start", json!({ "message": "A long message of some harness" })),
        ("notification", json!({ "message": "The agent waits for your input" })),
        ("todo", json!({ "items": [{ "content": "one", "status": "completed" }] })),
        ("note", json!({})),
        ("note", json!(null)),
        ("note", json!("")),
        ("decision", json!([])),
        ("commit", json!({ "sha": 7 })),
        ("", json!({ "a": true })),
    ];
    for (event_type, payload) in trivial {
        assert!(of(event_type, payload.clone()).is_empty(), "{event_type} {payload}");
    }
}
