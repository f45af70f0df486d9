//! The observations of many events: what belongs together is one observation, and nothing is said twice.

mod changes;
mod repairs;

use std::collections::BTreeMap;

use super::event::{drafts, rank};
use super::reading;
use super::text::{Body, add, key};
use super::told::{Run, Told};
use crate::generation::{Draft, SOURCES_MAX, SourceEvent};
use crate::value::ObservationKind;

/// An event, what it tells, and those observations of it that are not part of others yet.
struct Entry<'a> {
    source: &'a str,
    told: Told,
    drafts: Vec<Draft>,
}

impl Entry<'_> {
    fn run(&self) -> Option<&Run> {
        match &self.told {
            Told::Ran(run) => Some(run),
            _ => None,
        }
    }
}

/// An observation, and what is known of it beside that.
pub(super) struct Found {
    /// The observation.
    pub(super) draft: Draft,
    /// The place of the event that it begins with.
    at: usize,
    /// Whether it is a failure that nothing which came later has mended.
    pub(super) is_open: bool,
}

/// Many events, in the order in which they happened.
pub(super) struct Story<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Story<'a> {
    /// Of these events.
    pub(super) fn of(events: &'a [SourceEvent]) -> Self {
        let entry = |event: &'a SourceEvent| {
            let (source, told) = (event.agent_event_id.as_str(), reading::read(event));
            Entry { source, drafts: drafts(&told, source), told }
        };
        Self { entries: events.iter().map(entry).collect() }
    }

    /// What was asked for first.
    pub(super) fn asked(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match &entry.told {
            Told::Asked(text) if !entry.drafts.is_empty() => Some(text.as_str()),
            _ => None,
        })
    }

    /// What was said at the end.
    pub(super) fn ended(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match &entry.told {
            Told::Ended(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The files that were edited or committed, with the number of edits, in the order of their first.
    pub(super) fn files(&self) -> Vec<(String, usize)> {
        let mut files: Vec<(String, usize)> = Vec::new();
        let mut places = BTreeMap::new();
        let mut count = |path: &str, edits: usize| {
            let place = *places.entry(path.to_owned()).or_insert(files.len());
            match files.get_mut(place) {
                Some((_, known)) => *known += edits,
                None => files.push((path.to_owned(), edits)),
            }
        };
        for entry in &self.entries {
            match &entry.told {
                Told::Edited(edits) => edits.iter().for_each(|edit| count(&edit.path, 1)),
                Told::Committed(commit) => commit.files.iter().for_each(|path| count(path, 0)),
                _ => {}
            }
        }
        files
    }

    /// The last run of each thing that was tested, built or linted.
    pub(super) fn checks(&self) -> Vec<&Run> {
        let mut last: Vec<&Run> = Vec::new();
        for run in self.entries.iter().filter_map(Entry::run).filter(|run| run.is_check() && run.passed.is_some()) {
            last.retain(|known| !run.repeats(known));
            last.push(run);
        }
        last
    }

    /// The observations, the most important first.
    pub(super) fn found(mut self) -> Vec<Found> {
        let open = self.open();
        let mut made = repairs::take(&mut self.entries);
        changes::take_commits(&mut self.entries, &mut made);
        let mut found: Vec<(usize, Draft)> = made.into_iter().filter_map(repairs::Repair::done).collect();
        found.extend(changes::take_edits(&mut self.entries));
        supersede(&mut self.entries);
        for (at, entry) in self.entries.into_iter().enumerate() {
            found.extend(entry.drafts.into_iter().map(|draft| (at, draft)));
        }
        found.sort_by_key(|(at, _)| *at);
        let mut merged = merge(found);
        for found in &mut merged {
            found.is_open = found.draft.kind == ObservationKind::Failure && open.contains(&found.at);
        }
        merged.sort_by_key(|found| (rank(found.draft.kind), found.at));
        merged
    }

    /// Places of events after which nothing was mended: a command that failed did not pass later, and after anything
    /// else that went wrong neither a check passed nor a fix was committed.
    fn open(&self) -> Vec<usize> {
        let is_mending = |entry: &Entry<'_>| match &entry.told {
            Told::Ran(run) => run.is_check() && run.passed == Some(true),
            Told::Committed(commit) => commit.is_fix(),
            _ => entry.drafts.iter().any(|draft| draft.kind == ObservationKind::Fix),
        };
        let last = self.entries.iter().rposition(is_mending);
        let passes_later = |at: usize, failed: &Run| {
            let later = self.entries[at + 1..].iter().filter_map(Entry::run);
            later.filter(|run| run.passed == Some(true)).any(|run| run.repeats(failed))
        };
        let is_open = |(at, entry): (usize, &Entry<'_>)| match &entry.told {
            Told::Ran(run) => !passes_later(at, run),
            _ => last.is_none_or(|last| at > last),
        };
        (0..self.entries.len()).filter(|at| is_open((*at, &self.entries[*at]))).collect()
    }
}

/// Of runs of the same thing that ended in the same way, the last one counts.
fn supersede(entries: &mut [Entry<'_>]) {
    for at in 0..entries.len() {
        let Some(run) = entries[at].run().filter(|_| !entries[at].drafts.is_empty()) else { continue };
        let later = entries.iter().enumerate().skip(at + 1).rev().find(|(_, entry)| {
            let same = |later: &Run| later.passed == run.passed && later.repeats(run);
            !entry.drafts.is_empty() && run.is_check() && entry.run().is_some_and(same)
        });
        let Some((later, _)) = later else { continue };
        let source = entries[at].source.to_owned();
        entries[at].drafts.clear();
        for draft in &mut entries[later].drafts {
            add_source(draft, source.clone());
        }
    }
}

fn add_source(draft: &mut Draft, source: String) {
    if draft.sources.len() < SOURCES_MAX {
        add(&mut draft.sources, source);
    }
}

/// Makes one of observations of a kind with the same title.
fn merge(drafts: Vec<(usize, Draft)>) -> Vec<Found> {
    let mut merged: Vec<Found> = Vec::new();
    let mut known = BTreeMap::new();
    for (at, draft) in drafts {
        let place = *known.entry((draft.kind, key(&draft.title))).or_insert(merged.len());
        let Some(found) = merged.get_mut(place) else {
            merged.push(Found { draft, at, is_open: false });
            continue;
        };
        let mut body = Body::after(std::mem::take(&mut found.draft.body));
        draft.body.lines().for_each(|line| body.say(line));
        found.draft.body = body.done();
        // The newest says whether it is still so.
        found.at = at;
        for source in draft.sources {
            add_source(&mut found.draft, source);
        }
    }
    merged
}
