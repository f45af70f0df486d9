//! Something fails, files are edited, and it passes: that is one fix.

use super::Entry;
use crate::generation::Draft;
use crate::generation::extractive::event::{draft, files_of};
use crate::generation::extractive::text::{Body, add, capital, counted};
use crate::generation::extractive::told::{Run, Told};
use crate::value::ObservationKind;

/// How many telling events after the passing run may still speak of the fix.
const AFTER: usize = 4;
/// Errors that are kept of one fix.
const ERRORS_MAX: usize = 4;

/// A fix in the making.
#[derive(Default)]
pub(super) struct Repair {
    /// The place of the run that failed first.
    begin: usize,
    /// The place of the run that passed.
    pub(super) end: usize,
    /// What was said of the fix; the first is its title.
    fixes: Vec<String>,
    /// What was said of the cause.
    causes: Vec<String>,
    /// What went wrong.
    errors: Vec<String>,
    /// Tests that failed.
    tests: Vec<String>,
    /// What failed, and how often.
    failed: (String, usize),
    /// What was said of edits.
    changes: Vec<String>,
    /// Files that were edited.
    files: Vec<String>,
    /// What passed.
    passed: String,
    /// First lines of commits of the fix, as they are shown.
    pub(super) commits: Vec<(String, String)>,
    /// The events it was made of.
    pub(super) sources: Vec<String>,
}

/// Finds the fixes, and takes what belongs to them out of the entries.
pub(super) fn take(entries: &mut [Entry<'_>]) -> Vec<Repair> {
    let mut found = Vec::new();
    for begin in 0..entries.len() {
        if let Some(end) = end_of(entries, begin) {
            found.extend(repair(entries, begin, end));
        }
    }
    found
}

/// Where what fails here passes again, if files were edited between.
fn end_of(entries: &[Entry<'_>], begin: usize) -> Option<usize> {
    let first = &entries[begin];
    let failed = first.run().filter(|run| run.passed == Some(false) && !first.drafts.is_empty())?;
    let passes = |entry: &Entry<'_>| entry.run().is_some_and(|run| run.passed == Some(true) && run.repeats(failed));
    let end = begin + 1 + entries[begin + 1..].iter().position(passes)?;
    let is_edited = entries[begin..end].iter().any(|entry| matches!(entry.told, Told::Edited(_)));
    is_edited.then_some(end)
}

fn repair(entries: &mut [Entry<'_>], begin: usize, end: usize) -> Option<Repair> {
    let failed = entries[begin].run().cloned()?;
    let mut made = Repair { begin, end, ..Repair::default() };
    let mut after = 0;
    for (at, entry) in entries.iter_mut().enumerate().skip(begin) {
        let is_after = at > end;
        after += usize::from(is_after && !entry.drafts.is_empty());
        if after > AFTER {
            break;
        }
        let is_part = match &entry.told {
            Told::Ran(run) if !is_after && run.repeats(&failed) => {
                made.see_run(run);
                true
            }
            // What comes after another failure or another request is another story.
            Told::Ran(run) if is_after && run.passed == Some(false) => break,
            Told::Asked(_) if is_after => break,
            Told::Edited(edits) if !is_after => {
                for edit in edits {
                    if let Some(summary) = &edit.summary {
                        add(&mut made.changes, format!("{}: {summary}", edit.path));
                    } else if !edit.declared.is_empty() {
                        add(&mut made.changes, format!("{}: {}", edit.path, edit.declared.join(", ")));
                    }
                }
                for file in files_of(edits) {
                    add(&mut made.files, file);
                }
                true
            }
            Told::Failed(failure) if !is_after => {
                add(&mut made.errors, failure.what.clone());
                true
            }
            _ => false,
        };
        if is_part {
            entry.drafts.clear();
            add(&mut made.sources, entry.source.to_owned());
        } else if matches!(entry.told, Told::Said(_) | Told::Noted(..)) {
            made.hear(entry, is_after);
        }
    }
    Some(made)
}

impl Repair {
    fn see_run(&mut self, run: &Run) {
        let shown = &run.command.shown;
        if run.passed == Some(true) {
            self.passed = run.counts().map_or_else(|| format!("`{shown}`"), |counts| format!("`{shown}`: {counts}"));
            return;
        }
        if self.failed.1 == 0 {
            let code = run.exit.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            self.failed.0 = format!("`{shown}`{code}");
        }
        self.failed.1 += 1;
        run.output.tests.iter().for_each(|test| add(&mut self.tests, test.clone()));
        run.output.errors.iter().for_each(|error| add(&mut self.errors, error.clone()));
    }

    /// Takes what was said of the failure, its cause and its fix. After the fix, only of the fix.
    fn hear(&mut self, entry: &mut Entry<'_>, is_after: bool) {
        let before = entry.drafts.len();
        for draft in &entry.drafts {
            match draft.kind {
                ObservationKind::Fix => add(&mut self.fixes, draft.title.clone()),
                ObservationKind::Discovery if !is_after => {
                    let cause = draft.title.strip_prefix("Root cause: ").unwrap_or(&draft.title);
                    add(&mut self.causes, capital(cause));
                }
                ObservationKind::Failure if !is_after => add(&mut self.errors, draft.title.clone()),
                _ => {}
            }
        }
        entry.drafts.retain(|draft| match draft.kind {
            ObservationKind::Fix | ObservationKind::Verification => false,
            ObservationKind::Discovery | ObservationKind::Failure => is_after,
            _ => true,
        });
        if entry.drafts.len() < before {
            add(&mut self.sources, entry.source.to_owned());
        }
    }

    /// The observation, with its place.
    pub(super) fn done(self) -> Option<(usize, Draft)> {
        let error = self.errors.first().map(|error| error.strip_prefix("error: ").unwrap_or(error).to_owned());
        let what = if self.tests.is_empty() { error } else { Some(self.tests.join(", ")) };
        let subject = self.commits.first().map(|(subject, _)| subject.clone());
        let title = self.fixes.first().cloned().or(subject).or_else(|| what.map(|what| format!("Fixed: {what}")));
        let title = title.unwrap_or_else(|| format!("{} passes again", self.passed));
        let (failed, times) = &self.failed;
        let mut body = Body::default();
        let times = if *times > 1 { format!(", {}", counted(*times, "time")) } else { String::new() };
        body.fact("Failed", &format!("{failed}{times}"));
        body.list("Tests", &self.tests);
        self.errors.iter().take(ERRORS_MAX).for_each(|error| body.fact("Error", error));
        self.causes.iter().for_each(|cause| body.fact("Cause", cause));
        self.fixes.iter().filter(|fix| **fix != title).for_each(|fix| body.fact("Fix", fix));
        self.changes.iter().for_each(|change| body.fact("Change", change));
        body.list("Files", &self.files);
        body.fact("Verified", &self.passed);
        self.commits.iter().for_each(|(_, commit)| body.fact("Commit", commit));
        Some((self.begin, draft(ObservationKind::Fix, &title, body, &self.sources)?))
    }
}
