//! Batches and summaries.

use std::fmt::Write;

use super::*;
use crate::generation::{Known, PullRequestFact, SessionFacts};

fn batch(told: Vec<(&str, Value)>) -> Vec<Draft> {
    generate(&material(JobKind::EventBatch, told)).drafts
}

fn says(text: &str) -> (&'static str, Value) {
    ("assistant_message", json!({ "message": text }))
}

fn edits(path: &str, summary: &str) -> (&'static str, Value) {
    ("file_edit", json!({ "file_path": path, "summary": summary }))
}

fn runs(command: &str, stdout: &str, exit: i64) -> (&'static str, Value) {
    ("post_tool_use", bash(command, stdout, exit))
}

/// A test fails, its cause is found and mended, and it passes.
fn mended() -> Vec<(&'static str, Value)> {
    vec![
        runs("cargo test", FAILED, 101),
        says("Root cause: the clock is read twice. I keep the first reading."),
        runs("cargo test clock", FAILED, 101),
        edits("src/clock.rs", "read the clock once"),
        runs("cargo test", PASSED, 0),
        says("Fixed the midnight bug. We decided to hand in the clock because tests can then set it."),
    ]
}

// MEMORY-19
#[test]
fn a_failure_its_cause_an_edit_and_a_passing_run_are_one_fix() {
    let drafts = batch(mended());
    let kinds: Vec<_> = drafts.iter().map(|draft| (draft.kind, draft.title.as_str())).collect();
    let expected = [(ObservationKind::Decision, "Hand in the clock"), (ObservationKind::Fix, "Fixed the midnight bug")];
    assert_eq!(kinds, expected);
    let body = "Failed: `cargo test` (exit code 101), 2 times\nTests: clock::midnight\n\
        Error: panicked at src/clock.rs:9:5: assertion failed: one == other\nCause: The clock is read twice\n\
        Change: src/clock.rs: read the clock once\nFiles: src/clock.rs\nVerified: `cargo test`: 2 passed";
    assert_eq!(drafts[1].body, body);
    assert_eq!(drafts[1].sources, ["e0", "e1", "e2", "e3", "e4", "e5"]);
}

// MEMORY-19
#[test]
fn what_passes_again_without_an_edit_is_no_fix() {
    let drafts = batch(vec![runs("cargo test", FAILED, 101), runs("cargo test", PASSED, 0)]);
    let kinds: Vec<_> = drafts.iter().map(|draft| draft.kind).collect();
    assert_eq!(kinds, [ObservationKind::Failure, ObservationKind::Verification]);
    let (failing, passing) = (runs("cargo test clock", FAILED, 101), runs("cargo test queue", PASSED, 0));
    let other = vec![failing, edits("a.rs", "mends it"), passing];
    assert!(batch(other).iter().all(|draft| draft.kind != ObservationKind::Fix), "another test passed");
}

// MEMORY-19
#[test]
fn a_commit_takes_the_edits_of_its_files_and_a_fix_takes_its_commit() {
    let mut told = mended();
    let fix = json!({ "sha": "0a1b2c3d4e5f", "message": "Fix the midnight bug", "files": ["src/clock.rs"] });
    told.push(("commit", fix));
    told.push(edits("src/cart.rs", "empties the cart"));
    told.push(edits("src/other.rs", "says why"));
    told.push(runs("git commit -m 'Empty carts'", "1 file changed", 0));
    told.push(("commit", json!({ "sha": "1a1b2c3d4e5f", "message": "Empty carts", "files": ["src/cart.rs"] })));
    let drafts = batch(told);
    let titles: Vec<_> = drafts.iter().map(|draft| draft.title.as_str()).collect();
    assert_eq!(titles, ["Hand in the clock", "Fixed the midnight bug", "Empty carts"]);
    assert!(drafts[1].body.ends_with("\nCommit: 0a1b2c3d4e Fix the midnight bug"), "{}", drafts[1].body);
    let body = "Command: `git commit -m Empty carts` (exit code 0)\nChange: src/cart.rs: empties the cart\n\
        Change: src/other.rs: says why\nFiles: src/cart.rs, src/other.rs\nCommit: 1a1b2c3d4e\nFiles: src/cart.rs";
    assert_eq!(drafts[2].body, body);
}

// MEMORY-19
#[test]
fn edits_of_a_file_are_one_change_and_the_last_run_of_a_check_counts() {
    let drafts = batch(vec![
        edits("src/a.rs", "adds a lane"),
        runs("cargo clippy", "", 0),
        edits("src/a.rs", "names the lane"),
        ("file_edit", json!({ "file_path": "src/b.rs" })),
        ("file_edit", json!({ "file_path": "src/c.rs" })),
        runs("cargo clippy", "", 0),
    ]);
    let told: Vec<_> = drafts.iter().map(|draft| (draft.title.as_str(), draft.body.as_str())).collect();
    let expected = [
        ("Changed src/a.rs: adds a lane", "What: adds a lane\nWhat: names the lane\nFile: src/a.rs (2 edits)"),
        ("Changed src/b.rs, src/c.rs", "File: src/b.rs (1 edit)\nFile: src/c.rs (1 edit)"),
        ("`cargo clippy` succeeds", "Command: `cargo clippy` (exit code 0)"),
    ];
    assert_eq!(told, expected);
    assert_eq!(drafts[2].sources, ["e5", "e1"]);
}

// MEMORY-19
#[test]
fn nothing_is_said_twice_and_the_most_important_twenty_are_kept() {
    let mut told: Vec<_> = (0..25).map(|_| ("note", json!({ "text": "The pool has ten connections" }))).collect();
    told.extend((0..60).map(|_| says("We decided to use one pool.")));
    told.extend((0..30).map(|number| ("note", json!({ "text": format!("Remark number {number} of this day") }))));
    let drafts = batch(told);
    assert_eq!(drafts.len(), DRAFTS_MAX);
    assert_eq!((drafts[0].kind, drafts[0].title.as_str()), (ObservationKind::Decision, "Use one pool"));
    assert_eq!(drafts[0].sources.len(), SOURCES_MAX);
    assert_eq!(drafts.iter().filter(|draft| draft.title == "The pool has ten connections").count(), 1);
}

fn session() -> SessionFacts {
    SessionFacts {
        session_id: "p-1".to_owned(),
        ticket: Some("T-1".to_owned()),
        agent_name: Some("amber".to_owned()),
        prompt: Some("Mend the clock.\nIt is wrong at midnight.".to_owned()),
        outcome: Some("done".to_owned()),
        end_reason: Some("merged".to_owned()),
        started_at: Some(Time(0)),
        ended_at: Some(Time(4_000_000)),
        ..SessionFacts::default()
    }
}

// MEMORY-19
#[test]
fn a_summary_has_a_section_for_all_that_is_known() {
    let mut told = mended();
    told.push(runs("cargo clippy", "error: redundant clone\n  --> src/a.rs:3:9", 101));
    let known = |kind, title: &str| Known { kind, title: title.to_owned(), body: "Why: It is simple".to_owned() };
    let material = Material {
        session: Some(session()),
        observations: vec![
            known(ObservationKind::Decision, "Hand in the clock"),
            known(ObservationKind::Decision, "Keep one thread"),
            known(ObservationKind::Failure, "Tests failed: clock::midnight (`cargo test`)"),
        ],
        pull_requests: vec![PullRequestFact {
            url: "https://h/a/b/pull/1".to_owned(),
            title: Some("Mend the clock".to_owned()),
            state: "merged".to_owned(),
            ci: "passing".to_owned(),
        }],
        truncated: true,
        ..material(JobKind::Summary, told)
    };
    let drafts = generate(&material).drafts;
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].kind, ObservationKind::Summary);
    assert_eq!(drafts[0].title, "amber on T-1: Mend the clock (done)");
    let mut expected = String::new();
    for line in [
        "Request: Mend the clock. It is wrong at midnight.",
        "Decisions:",
        "- Hand in the clock (why: Tests can then set it.)",
        "- Keep one thread (why: It is simple)",
        "Changes:",
        "- Fixed the midnight bug",
        "- Files: src/clock.rs (1 edit)",
        "Verification:",
        "- tests pass: 2 passed (`cargo test`)",
        "- check fail: `cargo clippy`",
        "- CI is passing on https://h/a/b/pull/1",
        "Problems: `cargo clippy` failed: redundant clone (src/a.rs:3:9)",
        "Pull requests: Mend the clock (merged) https://h/a/b/pull/1",
        "Outcome: done; merged; 1 h 6 min",
        "Only the newest part of the session was looked at.",
    ] {
        let _ = writeln!(expected, "{line}");
    }
    assert_eq!(format!("{}\n", drafts[0].body), expected);
}

// MEMORY-18, MEMORY-19
#[test]
fn a_summary_is_made_of_whatever_there_is_and_of_nothing_there_is_none() {
    let of = |material: Material| generate(&material).drafts;
    assert!(of(material(JobKind::Summary, Vec::new())).is_empty());
    let unasked = SessionFacts { prompt: Some(" \n".to_owned()), ..session() };
    let nothing = Material { session: Some(unasked.clone()), ..material(JobKind::Summary, Vec::new()) };
    assert!(of(nothing).is_empty());
    let asked = Material { session: Some(session()), ..material(JobKind::Summary, Vec::new()) };
    assert_eq!(of(asked).len(), 1);
    let read = ("post_tool_use", json!({ "tool_name": "Read", "tool_input": { "file_path": "a.rs" } }));
    let trivial = of(Material { session: Some(unasked), ..material(JobKind::Summary, vec![read]) });
    assert_eq!(trivial[0].title, "Session of amber on T-1 (done)");
    let known = Known { kind: ObservationKind::Failure, title: "The disk is full".to_owned(), body: String::new() };
    let observed = of(Material { observations: vec![known], ..material(JobKind::Summary, Vec::new()) });
    assert_eq!(observed[0].title, "The disk is full");
    assert_eq!(observed[0].body, "Problems: The disk is full");
}

// MEMORY-25
#[test]
fn a_reindex_makes_nothing() {
    let generated = generate(&material(JobKind::Reindex, mended()));
    assert_eq!((generated.drafts.len(), generated.usage.provider), (0, "extractive"));
    assert_eq!((generated.usage.model, generated.usage.input_tokens, generated.usage.output_tokens), (None, 0, 0));
}
