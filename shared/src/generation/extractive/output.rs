//! What a program's output says: how many tests passed and failed, which ones, and the lines that tell what went wrong.

use super::text::{add, line};

/// Characters of an error that are kept.
const ERROR_MAX: usize = 300;
/// Errors that are kept of one output.
const ERRORS_MAX: usize = 4;
/// Failed tests that are kept of one output.
const TESTS_MAX: usize = 8;
/// Lines that are looked at, from the end.
const LINES_MAX: usize = 400;

/// What an output says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Output {
    /// Tests that passed, if it says so.
    pub(super) passed: Option<u64>,
    /// Tests that failed, if it says so.
    pub(super) failed: Option<u64>,
    /// Names of tests that failed.
    pub(super) tests: Vec<String>,
    /// Lines that tell what went wrong.
    pub(super) errors: Vec<String>,
    /// Its last line.
    pub(super) last: String,
}

/// Reads an output.
pub(super) fn read(written: &str) -> Output {
    let lines: Vec<&str> = written.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let lines = &lines[lines.len().saturating_sub(LINES_MAX)..];
    let mut output = Output { last: line(lines.last().unwrap_or(&""), ERROR_MAX), ..Output::default() };
    let mut told = None;
    for (index, said) in lines.iter().enumerate() {
        if told == Some(index) {
            continue;
        }
        count(said, &mut output);
        if let Some(test) = failed_test(said).filter(|_| output.tests.len() < TESTS_MAX) {
            add(&mut output.tests, line(test, ERROR_MAX));
        } else if output.errors.len() < ERRORS_MAX && tells_an_error(said) {
            let next = lines.get(index + 1).copied().unwrap_or_default();
            let (error, with_next) = error(said, next);
            add(&mut output.errors, error);
            told = with_next.then_some(index + 1);
        }
    }
    output
}

/// An error with what belongs to it on the next line, the words of a panic or the place; and whether something does.
fn error(said: &str, next: &str) -> (String, bool) {
    // A test framework marks the lines that matter.
    let said = said.strip_prefix("E   ").unwrap_or(said).trim();
    // The thread has the name of its test, which is told anyway.
    if let Some((_, place)) = said.split_once("' panicked at ") {
        let with_next = place.ends_with(':');
        let next = if with_next { next } else { "" };
        return (line(&format!("panicked at {place} {next}"), ERROR_MAX), with_next);
    }
    match next.strip_prefix("--> ") {
        Some(place) => (line(&format!("{said} ({place})"), ERROR_MAX), true),
        None => (line(said, ERROR_MAX), false),
    }
}

/// Adds up `12 passed`, `1 failed` and the like. Suites and files are not tests.
fn count(said: &str, output: &mut Output) {
    if !said.contains("pass") && !said.contains("fail") && !said.contains("example") {
        return;
    }
    if starts_with_any(said, &["Test Suites", "Test Files", "Suites", "Snapshots"]) {
        return;
    }
    let mut words = said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let mut examples = None;
    while let Some(word) = words.next() {
        let Ok(number) = word.parse::<u64>() else { continue };
        let sum = |known: Option<u64>| Some(known.unwrap_or(0).saturating_add(number));
        match words.peek().copied() {
            Some("passed" | "passing") => output.passed = sum(output.passed),
            Some("failed" | "failing" | "failures" | "failure") => {
                output.failed = sum(output.failed);
                if let Some(examples) = examples.take() {
                    output.passed = Some(u64::saturating_sub(examples, number));
                }
            }
            Some("examples" | "example") => examples = Some(number),
            _ => {}
        }
    }
}

/// The name of the test that a line says failed.
fn failed_test(said: &str) -> Option<&str> {
    if let Some(test) = said.strip_prefix("test ").and_then(|said| said.strip_suffix(" ... FAILED")) {
        return Some(test);
    }
    if let Some(test) = said.strip_prefix("--- FAIL: ") {
        return test.split_whitespace().next();
    }
    if let Some(test) = said.strip_prefix("FAILED ") {
        // The reason follows as an error of its own.
        return test.split(" - ").next().filter(|test| test.contains("::") || test.contains('/'));
    }
    if let Some(named) = said.strip_prefix("FAIL ") {
        // A test, behind its time or its file; a file alone says nothing that the test's own line does not say.
        let timed = named.rsplit_once("] ").map(|(_, test)| test);
        return timed.or_else(|| named.contains(" > ").then_some(named)).map(str::trim);
    }
    let marked = said.strip_prefix("● ").or_else(|| said.strip_prefix("✕ ")).or_else(|| said.strip_prefix("✗ "))?;
    Some(marked.rsplit_once(" (").map_or(marked, |(test, _)| test))
}

/// Whether a line tells what went wrong, rather than that something did.
fn tells_an_error(said: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "error:",
        "error[",
        "Error:",
        "ERROR:",
        "ERROR ",
        "fatal:",
        "FATAL:",
        "panic:",
        "E   ",
        "! ",
        "npm ERR!",
        "thread '",
        "Caused by:",
        "Failed to",
        "failed to",
        "Cannot ",
        "cannot ",
        "Unable to",
        "bash:",
        "sh:",
        "zsh:",
        "make: ***",
        "undefined reference",
        "ld:",
        "AssertionError",
    ];
    const WITHIN: &[&str] = &[
        ": error:",
        ": fatal error:",
        "error TS",
        "Exception:",
        "Error: ",
        "panicked at",
        "Permission denied",
        "permission denied",
        "No such file",
        "not found",
        "timed out",
        "refused",
        "deadlock",
        "CONFLICT",
        "does not exist",
        "Segmentation fault",
        "Killed",
        "out of memory",
        "assertion `",
        "assertion failed",
    ];
    if starts_with_any(said, &["error: could not compile", "error: test failed", "error: aborting", "npm ERR! A "]) {
        return false;
    }
    if starts_with_any(said, &["left:", "right:", "Expected:", "Received:", "expected:", "actual:", "got:", "want:"]) {
        return true;
    }
    let thread = said.starts_with("thread '") && !said.contains("panicked");
    !thread && (starts_with_any(said, BEGINNINGS) || WITHIN.iter().any(|part| said.contains(part)))
}

fn starts_with_any(said: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| said.starts_with(beginning))
}
