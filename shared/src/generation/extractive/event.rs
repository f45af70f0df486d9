//! The observations of one event.

mod speech;
mod work;

use super::text::{Body, add, line};
use super::told::Told;
use crate::generation::{Draft, SOURCES_MAX, TITLE_MAX};
use crate::value::ObservationKind;

pub(super) use speech::essence;
pub(super) use work::files_of;

/// Most observations of one event.
const DRAFTS_MAX: usize = 3;

/// The place of a kind in the order of importance.
pub(super) fn rank(kind: ObservationKind) -> usize {
    match kind {
        ObservationKind::Summary | ObservationKind::Decision => 0,
        ObservationKind::Fix => 1,
        ObservationKind::Failure => 2,
        ObservationKind::Discovery => 3,
        ObservationKind::Change => 4,
        ObservationKind::Verification => 5,
        ObservationKind::Note => 6,
    }
}

/// An observation, if there is something to call it.
pub(super) fn draft(kind: ObservationKind, title: &str, body: Body, sources: &[String]) -> Option<Draft> {
    let title = line(title, TITLE_MAX);
    let mut named = Vec::new();
    for source in sources {
        if named.len() < SOURCES_MAX {
            add(&mut named, source.clone());
        }
    }
    (!title.is_empty()).then(|| Draft { kind, title, body: body.done(), sources: named })
}

/// The observations of an event that tells this, the most important first.
pub(super) fn drafts(told: &Told, source: &str) -> Vec<Draft> {
    let sources = [source.to_owned()];
    let mut made: Vec<Draft> = match told {
        Told::Nothing | Told::Ended(_) => Vec::new(),
        Told::Asked(text) => speech::asked(text, &sources),
        Told::Said(text) => speech::said(text, &sources),
        Told::Noted(kind, text) => speech::noted(*kind, text, &sources).into_iter().collect(),
        Told::Decided(decision) => speech::decided(decision, &sources).into_iter().collect(),
        Told::Ran(run) => work::ran(run, &sources).into_iter().collect(),
        Told::Edited(edits) => work::edited(edits, &sources).into_iter().collect(),
        Told::Failed(failure) => work::failed(failure, &sources).into_iter().collect(),
        Told::Committed(commit) => work::committed(commit, &sources).into_iter().collect(),
        Told::PullRequest(pull_request) => work::published(pull_request, &sources).into_iter().collect(),
        Told::Reviewed(review) => work::reviewed(review, &sources).into_iter().collect(),
        Told::ToDo(items) => work::to_do(items, &sources).into_iter().collect(),
    };
    made.sort_by_key(|draft| rank(draft.kind));
    made.truncate(DRAFTS_MAX);
    made
}
