//! How a session goes: what is asked, decided, tried, found out, mended, checked and published.

use serde_json::json;

use super::PRIVATE;
use super::random::Random;
use super::tools::{Act, edited, edited_for, home, ran, says};
use super::topics::Topic;

/// What an agent does in a session about this topic, without the noise.
pub(super) fn acts(topic: &Topic, session: u64, random: &mut Random) -> Vec<Act> {
    let passed = 12 + random.below(60);
    let mut acts = opening(topic);
    acts.extend(mending(topic, passed, random));
    acts.extend(following(topic, passed, random));
    acts.extend(ending(topic, session, passed, random));
    acts
}

fn opening(topic: &Topic) -> Vec<Act> {
    let choice = &topic.choice;
    let decision = json!({
        "decision": choice.what, "reason": choice.why, "alternatives": choice.instead, "files": [topic.changes[0].path],
    });
    vec![
        ("session_start", json!({ "source": "startup", "cwd": home(topic), "branch": topic.branch })),
        ("user_prompt", json!({ "prompt": topic.prompt })),
        says(topic.plan),
        ("decision", decision),
    ]
}

/// A test fails, its cause is found, and it passes.
fn mending(topic: &Topic, passed: u64, random: &mut Random) -> Vec<Act> {
    let runner = topic.runner;
    let [first, second, _] = &topic.changes;
    let password = format!("The password of the staging database is <private>{PRIVATE}</private>, only read from it.");
    let sha = random.sha();
    let commit = json!({
        "sha": sha, "message": topic.commits[0], "branch": topic.branch, "files": [first.path, second.path],
    });
    vec![
        edited(topic, first),
        ran(topic, topic.test_command, &runner.failing(topic, passed - 1), runner.exit()),
        ("user_prompt", json!({ "prompt": password })),
        says(topic.cause),
        edited_for(second, random),
        edited_for(first, random),
        ran(topic, topic.test_command, &runner.passing(topic, passed), 0),
        says(topic.fix),
        ran(topic, &format!("git add -A && git commit -m \"{}\"", topic.commits[0]), "2 files changed", 0),
        ("commit", commit),
    ]
}

/// What follows from it: another decision, a change of the environment, a complaint of a linter.
fn following(topic: &Topic, passed: u64, random: &mut Random) -> Vec<Act> {
    let third = &topic.changes[2];
    let connected = format!("connected as <private>{PRIVATE}</private>\ndone");
    vec![
        says(topic.message),
        edited_for(third, random),
        ("error", json!({ "message": topic.error, "file": third.path })),
        ran(topic, topic.command, &connected, 0),
        says(topic.discovery),
        ran(topic, topic.check, topic.complaint, 1),
        edited(topic, third),
        ran(topic, topic.check, "", 0),
        (
            "test_run",
            json!({
                "framework": topic.runner.name(), "command": topic.test_command, "passed": passed + 1, "failed": 0,
                "skipped": random.below(3), "duration_ms": 400 + random.below(9000),
            }),
        ),
    ]
}

fn ending(topic: &Topic, session: u64, passed: u64, random: &mut Random) -> Vec<Act> {
    let number = 100 + session;
    let commit = json!({
        "sha": random.sha(), "message": topic.commits[1], "branch": topic.branch, "files": [topic.changes[2].path],
    });
    let body = format!("{}\n\nTicket: {}-{number}", topic.choice.what, topic.ticket);
    let url = format!("https://github.com/acme/{}/pull/{number}", topic.repository);
    let review = json!({
        "reviewer": random.pick(&["ada", "grace", "linus"]), "state": random.pick(&["approved", "changes_requested"]),
        "body": topic.review, "file": topic.changes[0].path, "line": 40 + random.below(50),
    });
    let published = json!({ "action": "opened", "number": number, "title": topic.title, "url": url, "body": body });
    let items = json!([
        { "content": topic.title, "status": "completed" },
        { "content": topic.left, "status": "pending" },
    ]);
    let said = format!("{} All {} tests pass.", topic.fix, passed + 1);
    vec![
        ("commit", commit),
        ("note", json!({ "text": topic.note })),
        ("pull_request", published),
        ("review", review),
        ("todo", json!({ "items": items })),
        ("session_end", json!({ "reason": "completed", "summary": said })),
    ]
}
