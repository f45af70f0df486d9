//! The built-in provider: it takes observations from what agents sent, by rules, without asking anybody. The same
//! material gives the same observations, byte for byte.

mod batch;
mod command;
mod cues;
mod declared;
mod event;
mod output;
mod payload;
mod reading;
mod summary;
mod text;
mod told;

use crate::generation::{DRAFTS_MAX, Draft, Generated, Material, SourceEvent, Usage};
use crate::value::JobKind;

/// Makes observations of `material`.
pub(super) fn generate(material: &Material) -> Generated {
    let mut drafts: Vec<Draft> = match material.kind {
        JobKind::Event => material.events.iter().flat_map(of_event).collect(),
        JobKind::EventBatch => {
            let found = batch::Story::of(&material.events).found();
            found.into_iter().map(|found| found.draft).collect()
        }
        JobKind::Summary => summary::draft_of(material).into_iter().collect(),
        JobKind::Reindex => Vec::new(),
    };
    drafts.truncate(DRAFTS_MAX);
    Generated { drafts, usage: Usage { provider: "extractive", ..Usage::default() } }
}

fn of_event(event: &SourceEvent) -> Vec<Draft> {
    event::drafts(&reading::read(event), &event.agent_event_id)
}

#[cfg(test)]
mod tests;
