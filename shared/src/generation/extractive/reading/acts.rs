//! What an agent did with its tools: commands, tests, edits.

use serde_json::Value;

use super::{Sort, facts};
use crate::generation::extractive::command::{Command, Purpose, understand};
use crate::generation::extractive::declared::{declared, patched};
use crate::generation::extractive::output;
use crate::generation::extractive::payload::{Payload, text_of};
use crate::generation::extractive::text::{add, clean, is_among, line};
use crate::generation::extractive::told::{Edit, Failure, Run, Told};

/// Members that name a tool.
pub(super) const TOOL: &[&str] = &["tool_name", "toolName", "tool"];
/// Members that hold a command line.
pub(super) const COMMAND: &[&str] = &["command", "cmd", "command_line", "shell_command", "script"];
/// Members that say what came of a command.
pub(super) const COMMAND_RESULT: &[&str] = &["exit_code", "exitCode", "exit_status", "returncode", "stdout", "stderr"];
/// Members that name a file.
pub(super) const PATH: &[&str] = &[
    "file_path",
    "filePath",
    "path",
    "file",
    "filename",
    "notebook_path",
    "target_file",
    "files",
    "paths",
    "changed_files",
];
/// Members that hold what a file says now.
pub(super) const NEW: &[&str] = &[
    "new_string",
    "newString",
    "new_str",
    "file_text",
    "new_source",
    "code_edit",
    "content",
    "diff",
    "patch",
    "edits",
];

/// Members that hold what a file said before.
const OLD: &[&str] = &["old_string", "oldString", "old_str"];
/// Members that hold a list of changes.
const PATCH: &[&str] = &["patch", "diff", "unified_diff", "input"];
const EXIT: &[&str] = &["exit_code", "exitCode", "exit_status", "exit", "returncode", "return_code", "code"];
const STATUS: &[&str] = &["status", "outcome", "conclusion", "result", "state"];
const OUTPUT: &[&str] =
    &["stdout", "aggregated_output", "output", "content", "tool_response", "tool_result", "result", "text"];
/// Characters of a path that are kept.
const PATH_MAX: usize = 200;
/// Files that a program writes.
const WRITTEN_BY_PROGRAMS: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
];

/// What the use of a tool tells.
pub(super) fn tool(payload: &Payload<'_>) -> Told {
    let name = payload.text(TOOL).unwrap_or_default().trim().to_lowercase();
    let name = name.rsplit("__").next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    match sort_of_tool(name) {
        Some(Sort::Command) => command(payload),
        // An edit that failed is tried again at once.
        Some(Sort::Edit) if went_well(payload) != Some(false) => edits(payload),
        Some(Sort::Test) => tests(payload),
        Some(Sort::PullRequest) => facts::pull_request(payload),
        Some(Sort::Said) => payload.text(OUTPUT).or_else(|| payload.text(&["plan"])).map_or(Told::Nothing, Told::Said),
        None if went_well(payload) == Some(false) => failed_tool(name, payload),
        _ => Told::Nothing,
    }
}

/// Tools as harnesses call them.
const TOOLS: &[(Sort, &str)] = &[
    (Sort::Command, "bash|shell|exec|exec_command|run_command|run_shell_command|run_terminal_cmd|terminal"),
    (Sort::Command, "execute_command|local_shell|powershell"),
    (Sort::Edit, "edit|write|multiedit|multi_edit|notebookedit|write_file|edit_file|create_file|apply_patch|replace"),
    (Sort::Edit, "str_replace|str_replace_editor|str_replace_based_edit_tool|insert|text_editor|search_replace"),
    (Sort::Edit, "write_to_file|replace_in_file"),
    (Sort::Test, "run_tests|test"),
    (Sort::PullRequest, "create_pull_request|merge_pull_request"),
    (Sort::Said, "task|agent|exitplanmode|exit_plan_mode"),
    (Sort::Nothing, "read|read_file|view|glob|grep|ls|list_dir|search|codebase_search|grep_search|file_search"),
    (Sort::Nothing, "websearch|web_search|webfetch|web_fetch|todowrite|todoread|update_plan|notebookread|bashoutput"),
    (Sort::Nothing, "killbash|killshell|askuserquestion"),
];

fn sort_of_tool(name: &str) -> Option<Sort> {
    TOOLS.iter().find(|(_, names)| is_among(name, names)).map(|(sort, _)| *sort)
}

fn failed_tool(name: &str, payload: &Payload<'_>) -> Told {
    let Some(said) = payload.text(&["error", "message"]).or_else(|| payload.text(OUTPUT)) else { return Told::Nothing };
    let read = output::read(&said);
    let error = read.errors.first().cloned().unwrap_or_else(|| line(&said, PATH_MAX));
    let what = format!("`{}` failed: {error}", line(name, 60));
    Told::Failed(Failure { what, lines: read.errors.into_iter().skip(1).collect(), ..Failure::default() })
}

/// Whether it is said to have gone well.
fn went_well(payload: &Payload<'_>) -> Option<bool> {
    if payload.flag(&["is_error", "isError"]) == Some(true) {
        return Some(false);
    }
    if let Some(flag) = payload.flag(&["success", "ok", "passed"]) {
        return Some(flag);
    }
    let word = payload.find(STATUS, |value| value.as_str().map(|word| word.trim().to_lowercase()));
    match word.as_deref() {
        Some("failed" | "failure" | "error" | "errored" | "failing" | "timed_out") => Some(false),
        Some("success" | "succeeded" | "ok" | "passed" | "passing" | "completed" | "done") => Some(true),
        _ => payload.text(&["error"]).map(|_| false),
    }
}

/// What a command tells that ran.
pub(super) fn command(payload: &Payload<'_>) -> Told {
    let Some(text) = payload.command(COMMAND) else { return Told::Nothing };
    let command = understand(&text);
    if command.purpose == Purpose::Look {
        return Told::Nothing;
    }
    let texts = [payload.text(OUTPUT), payload.text(&["stderr"]), payload.text(&["error"])];
    let written = texts.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let output = output::read(&written);
    let exit = payload.number(EXIT).or_else(|| exit_said(&written));
    let passed = match exit {
        Some(code) => Some(code == 0),
        None => went_well(payload).or_else(|| counted_well(&output)),
    };
    Told::Ran(Run { command, exit, passed, output })
}

/// Some harnesses say it before what a command wrote.
fn exit_said(written: &str) -> Option<i64> {
    let first = written.lines().next()?.trim().to_lowercase();
    let rest = first.strip_prefix("exit code")?;
    rest.trim_start_matches([':', ' ']).parse().ok()
}

fn counted_well(output: &output::Output) -> Option<bool> {
    match (output.passed, output.failed) {
        (_, Some(failed)) if failed > 0 => Some(false),
        (Some(passed), _) if passed > 0 => Some(true),
        _ => None,
    }
}

/// What a run of tests tells.
pub(super) fn tests(payload: &Payload<'_>) -> Told {
    let framework = payload.text(&["framework", "runner", "suite", "name"]).map(|name| line(&name, 60));
    let mut command = understand(&payload.command(COMMAND).unwrap_or_default());
    if command.purpose != Purpose::Test {
        let shown = Some(command.shown).filter(|shown| !shown.is_empty());
        let shown = shown.or_else(|| framework.clone()).unwrap_or_else(|| "tests".to_owned());
        let family = family_of(framework.as_deref().unwrap_or("tests"));
        command = Command { purpose: Purpose::Test, shown, family, aims: Vec::new(), message: None };
    }
    let written = payload.text(&["output", "stdout", "stderr", "message", "error", "details", "summary"]);
    let mut output = output::read(&written.unwrap_or_default());
    output.passed = payload.count(&["passed", "passes", "num_passed", "tests_passed", "successes"]).or(output.passed);
    output.failed = payload.count(&["failed", "failures", "num_failed", "tests_failed", "errors"]).or(output.failed);
    for name in payload.list(&["failures", "failed_tests", "failing", "failed", "failed_names"]) {
        if name.parse::<u64>().is_err() {
            add(&mut output.tests, line(&name, PATH_MAX));
        }
    }
    let exit = payload.number(EXIT);
    let passed = counted_well(&output).or_else(|| exit.map(|code| code == 0)).or_else(|| went_well(payload));
    if passed.is_none() { Told::Nothing } else { Told::Ran(Run { command, exit, passed, output }) }
}

/// The family of the commands that run tests in a framework.
fn family_of(framework: &str) -> String {
    let name = framework.to_lowercase();
    let known = [
        ("cargo", ["cargo", "nextest", "rust", "libtest"]),
        ("python", ["pytest", "unittest", "python", "tox"]),
        ("javascript", ["jest", "vitest", "mocha", "playwright"]),
    ];
    let family = known.into_iter().find(|(_, names)| names.iter().any(|known| name.contains(known)));
    family.map_or(name, |(family, _)| family.to_owned())
}

/// What edits tell, without those of files that programs write.
pub(super) fn edits(payload: &Payload<'_>) -> Told {
    // One tool both shows and edits.
    if payload.text(&["command"]).is_some_and(|command| command.trim() == "view") {
        return Told::Nothing;
    }
    let summary = payload.text(&["summary", "description", "reason", "explanation", "change", "message", "note"]);
    let home = payload.text(&["cwd", "workdir", "repository_path"]).unwrap_or_default();
    let diff = payload.text(PATCH).map(|text| patched(&text)).unwrap_or_default();
    let mut names = payload.list(PATH);
    let changes = payload.find(&["changes"], Value::as_object);
    names.extend(changes.into_iter().flat_map(|changes| changes.keys().map(|name| clean(name))));
    names.extend(diff.paths);
    let mut paths = Vec::new();
    for name in names {
        add(&mut paths, line(relative(&name, home.trim()), PATH_MAX));
    }
    paths.retain(|path| !WRITTEN_BY_PROGRAMS.iter().any(|name| path.ends_with(name)));
    let mut names = new_names(payload);
    names.extend(diff.declared);
    let mut edits: Vec<Edit> = paths.into_iter().map(|path| Edit { path, ..Edit::default() }).collect();
    // Of many files nobody knows whose the names are.
    if let [edit] = &mut edits[..] {
        names.truncate(3);
        edit.declared = names;
    }
    if let Some(first) = edits.first_mut() {
        first.summary = summary.map(|summary| line(&summary, 400)).filter(|summary| !is_by_the_tool(summary));
    }
    if edits.is_empty() { Told::Nothing } else { Told::Edited(edits) }
}

/// The name of a file as seen from where the agent works.
fn relative<'a>(name: &'a str, home: &str) -> &'a str {
    let within = name.strip_prefix(home).filter(|_| !home.is_empty()).and_then(|rest| rest.strip_prefix('/'));
    within.unwrap_or_else(|| name.trim_start_matches("./"))
}

/// Tools say of every edit that it was made.
fn is_by_the_tool(summary: &str) -> bool {
    ["has been updated", "has been created", "uccessfully"].iter().any(|said| summary.contains(*said))
}

/// What is declared after an edit, and was not before.
fn new_names(payload: &Payload<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut compare = |new: Option<String>, old: Option<String>| {
        let before = declared(&old.unwrap_or_default());
        for name in declared(&new.unwrap_or_default()) {
            if !before.contains(&name) {
                add(&mut names, name);
            }
        }
    };
    let texts = NEW.iter().filter(|name| !matches!(**name, "diff" | "patch" | "edits")).copied().collect::<Vec<_>>();
    compare(payload.text(&texts), payload.text(OLD));
    for edit in payload.find(&["edits"], Value::as_array).into_iter().flatten() {
        let text = |names: &[&str]| names.iter().find_map(|name| text_of(edit.get(*name)?));
        compare(text(&texts), text(OLD));
    }
    names
}
