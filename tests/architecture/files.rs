//! How files look: what they open with, how long they are, what they are called.

use crate::expect_nothing;
use crate::sources::{all, production};

/// A file longer than this needs a reason below.
const LINES: usize = 300;
/// No reason makes a file longer than this.
const LINES_MOST: usize = 500;
/// Files over [`LINES`], with the reason.
const LONG: &[(&str, &str)] = &[];
const HANDLER_LINES: usize = 120;

#[test]
fn every_file_opens_with_what_it_is_for() {
    let found: Vec<_> =
        all().iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.at(1)).collect();
    expect_nothing("a file opens with `//!`", &found);
}

#[test]
fn no_file_is_long_without_a_reason() {
    let mut found = Vec::new();
    for source in all() {
        let lines = source.text.lines().count();
        let reason = LONG.iter().any(|(path, _)| *path == source.path);
        if lines > LINES_MOST || (lines > LINES && !reason) {
            found.push(format!("{} has {lines} lines", source.at(1)));
        }
        if lines <= LINES && reason {
            found.push(format!("{} has only {lines} lines: its reason is out of date", source.at(1)));
        }
    }
    expect_nothing("a file has at most 300 lines, or a reason and at most 500", &found);
}

#[test]
fn handlers_are_short() {
    let mut found = Vec::new();
    for source in production() {
        let code = source.code();
        for (index, line) in code.iter().enumerate() {
            if !line.contains("fn handle") {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = code[index..].iter().position(|line| *line == end).map_or(1, |length| length + 1);
            if length >= HANDLER_LINES {
                found.push(format!("{} is {length} lines long", source.at(index + 1)));
            }
        }
    }
    expect_nothing("`fn handle` has fewer than 120 lines", &found);
}

#[test]
fn no_module_hides_in_a_mod_rs() {
    let found: Vec<_> =
        all().iter().filter(|source| source.path.ends_with("/mod.rs")).map(|source| source.at(1)).collect();
    expect_nothing("a module is a file of its own name", &found);
}

/// Every code line that contains one of `words`.
fn lines_with(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in all() {
        for (index, line) in source.code().iter().enumerate() {
            found.extend(
                words
                    .iter()
                    .filter(|word| line.contains(**word))
                    .map(|_| format!("{}: {}", source.at(index + 1), line.trim())),
            );
        }
    }
    found
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    expect_nothing("`#[expect(.., reason = ..)]`, not `allow`", &lines_with(&["#[allow(", "#![allow("]));
    let mut found = Vec::new();
    for source in all() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let expects = line.trim_start().starts_with("#[expect(") || line.trim_start().starts_with("#![expect(");
            // rustfmt breaks a long one over a few lines.
            if expects && !lines[index..lines.len().min(index + 5)].concat().contains("reason =") {
                found.push(format!("{}: {}", source.at(index + 1), line.trim()));
            }
        }
    }
    expect_nothing("an expected lint says why", &found);
}

#[test]
fn nothing_sleeps_but_the_live_tail_and_what_waits_for_a_server() {
    let mut found = Vec::new();
    for source in production() {
        for (index, line) in source.code().iter().enumerate() {
            if line.contains("thread::sleep") {
                found.push(format!("{}: {}", source.at(index + 1), line.trim()));
            }
        }
    }
    expect_nothing("no thread sleeps", &found);
}

#[test]
fn tests_inside_production_files_stand_at_their_end() {
    let mut found = Vec::new();
    for source in production() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("cfg(test)")) {
            let follows = lines.get(index + 1).copied().unwrap_or_default();
            if line.trim() != "#[cfg(test)]" || !follows.starts_with("mod tests") {
                found.push(format!("{}: {}", source.at(index + 1), line.trim()));
            }
        }
    }
    expect_nothing("`cfg(test)` only before `mod tests`", &found);
}
