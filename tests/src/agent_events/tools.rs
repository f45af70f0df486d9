//! What an agent's tools report, in the shapes that its harness sends.

use serde_json::{Value, json};

use super::random::Random;
use super::topics::{Change, Runner, Topic};

/// A type of event and its payload.
pub(super) type Act = (&'static str, Value);

/// Where agents work.
pub(super) fn home(topic: &Topic) -> String {
    format!("/workspace/{}", topic.repository)
}

/// A command and what it wrote.
pub(super) fn ran(topic: &Topic, command: &str, written: &str, exit: i64) -> Act {
    let (stdout, stderr) = if exit == 0 { (written, "") } else { ("", written) };
    let payload = json!({
        "hook_event_name": "PostToolUse",
        "cwd": home(topic),
        "tool_name": "Bash",
        "tool_input": { "command": command },
        "tool_response": { "stdout": stdout, "stderr": stderr, "exit_code": exit, "interrupted": false },
    });
    ("post_tool_use", payload)
}

/// An edit by the harness's own tool, which does not say what it is for.
pub(super) fn edited(topic: &Topic, change: &Change) -> Act {
    let path = format!("{}/{}", home(topic), change.path);
    let payload = json!({
        "hook_event_name": "PostToolUse",
        "cwd": home(topic),
        "tool_name": "Edit",
        "tool_input": { "file_path": path, "old_string": "", "new_string": format!("{}\n", change.line) },
        "tool_response": { "filePath": path, "success": true },
    });
    ("post_tool_use", payload)
}

/// An edit that says what it is for.
pub(super) fn edited_for(change: &Change, random: &mut Random) -> Act {
    let (added, removed) = (3 + random.below(60), random.below(20));
    let payload =
        json!({ "file_path": change.path, "summary": change.what, "lines_added": added, "lines_removed": removed });
    ("file_edit", payload)
}

/// A message of the agent.
pub(super) fn says(text: &str) -> Act {
    let message = json!({ "role": "assistant", "content": [{ "type": "text", "text": text }] });
    ("assistant_message", json!({ "message": message }))
}

/// Something that is worth nothing later.
pub(super) fn noise(topic: &Topic, random: &mut Random) -> Act {
    let path = random.pick(&["README.md", "docs/overview.md", topic.changes[0].path, topic.changes[2].path]);
    let tool = |name: &str, input: Value, response: Value| {
        let payload = json!({
            "hook_event_name": "PostToolUse", "cwd": home(topic), "tool_name": name,
            "tool_input": input, "tool_response": response,
        });
        ("post_tool_use", payload)
    };
    match random.below(9) {
        0 | 1 => tool("Read", json!({ "file_path": path }), json!({ "numLines": 20 + random.below(400) })),
        2 => tool("Grep", json!({ "pattern": "fn |def |func ", "path": path }), json!({ "numFiles": random.below(9) })),
        3 => ran(topic, "ls -la", "total 48\ndrwxr-xr-x 7 agent agent 4096 Mar  2 09:00 src", 0),
        4 => ran(topic, "git status --short", " M src\n?? notes.txt", 0),
        5 => ran(topic, &format!("rg -n TODO {path} | head -20"), "", 1),
        6 => says(random.pick(&[
            "Let me look at the tests first.",
            "Let me check how this is called.",
            "I'll read the file again before I change it.",
            "Now let me run the tests.",
        ])),
        7 => tool("TodoWrite", json!({ "todos": [{ "content": topic.left, "status": "pending" }] }), json!({})),
        _ => ("notification", json!({ "message": "The agent is waiting for your input" })),
    }
}

impl Runner {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Go => "go",
            Self::Jest => "jest",
            Self::Pytest => "pytest",
        }
    }

    /// The exit code of a run with a failed test.
    pub(super) fn exit(self) -> i64 {
        if matches!(self, Self::Cargo) { 101 } else { 1 }
    }

    /// What it writes if the topic's test fails, and so many others pass.
    pub(super) fn failing(self, topic: &Topic, passed: u64) -> String {
        let Topic { test, assertion, .. } = topic;
        let path = topic.changes[0].path;
        match self {
            Self::Cargo => format!(
                "running {} tests\ntest {test} ... \u{1b}[31mFAILED\u{1b}[0m\n\nfailures:\n\n---- {test} stdout ----\n\
                 thread '{test}' panicked at {path}:88:9:\n{assertion}\n\n\
                 test result: FAILED. {passed} passed; 1 failed; 0 ignored; finished in 0.41s\n\n\
                 error: test failed, to rerun pass `--lib`",
                passed + 1
            ),
            Self::Go => format!("--- FAIL: {test} (0.02s)\n    {assertion}\nFAIL\nFAIL\t{path}\t0.031s\nFAIL"),
            Self::Jest => format!(
                "FAIL {path}\n  ● {test}\n\n    {assertion}\n\n\
                 Test Suites: 1 failed, 3 passed, 4 total\nTests:       1 failed, {passed} passed, {} total",
                passed + 1
            ),
            Self::Pytest => format!(
                "..F..\n\nE   {assertion}\n\nFAILED {test} - {assertion}\n\
                 ===== 1 failed, {passed} passed in 1.92s ====="
            ),
        }
    }

    /// What it writes if all pass.
    pub(super) fn passing(self, topic: &Topic, passed: u64) -> String {
        match self {
            Self::Cargo => {
                format!("test {} ... ok\n\ntest result: ok. {passed} passed; 0 failed; 0 ignored", topic.test)
            }
            Self::Go => format!("ok  \texample.com/{}\t0.034s", topic.repository),
            Self::Jest => format!("Test Suites: 4 passed, 4 total\nTests:       {passed} passed, {passed} total"),
            Self::Pytest => format!("......\n===== {passed} passed in 1.80s ====="),
        }
    }
}
