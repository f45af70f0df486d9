//! What was said: requests, messages, notes and decisions.

use super::{draft, rank};
use crate::generation::Draft;
use crate::generation::extractive::command::{Purpose, understand};
use crate::generation::extractive::cues::{Sentence, sentences};
use crate::generation::extractive::text::{Body, add, capital, line};
use crate::generation::extractive::told::Decision;
use crate::value::ObservationKind;

/// Words below which a request or a note says nothing by itself, such as `go on`.
const WORDS_MIN: usize = 3;
/// Lines that a body keeps of a text.
const LINES_MAX: usize = 20;
/// Sentences of one kind that a body keeps.
const SENTENCES_MAX: usize = 6;
/// Files and commands that a body names of those that a text mentions.
const PLACES_MAX: usize = 8;
/// Words that a title does without.
const LEADS: &str = "\
    decision: |decided: |finding: |discovery: |note: |so |so, |ok, |okay, |note that |we decided to |\
    i decided to |i've decided to |we've decided to |we have decided to |i have decided to |decided to |\
    i found that |i found out that |we found that |found that |it turns out that |it turns out |turns out that |\
    turns out |turned out that |i noticed that |noticed that |discovered that |i realized that |\
    i realised that |important: |todo: ";
/// Words before a reason.
const REASONS: &str = " because | since | so that ";

fn says_enough(text: &str) -> bool {
    text.split_whitespace().nth(WORDS_MIN - 1).is_some()
}

/// What a text is about: its first sentence that says something.
pub(in crate::generation::extractive) fn essence(text: &str) -> String {
    let mut sentences = sentences(text).into_iter().map(|sentence| sentence.text);
    sentences.find(|sentence| says_enough(sentence)).map_or_else(|| line(text, 400), |sentence| headline(&sentence))
}

/// A sentence as a title: without what leads to it, and without its full stop.
fn headline(sentence: &str) -> String {
    let mut said = sentence.trim();
    // Such as `OK, we decided to`.
    for _ in 0..2 {
        let matches = |lead: &&str| said.get(..lead.len()).is_some_and(|first| first.eq_ignore_ascii_case(lead));
        let Some(lead) = LEADS.split('|').find(matches) else { break };
        said = said[lead.len()..].trim_start();
    }
    let said = said.strip_suffix('.').filter(|said| !said.ends_with('.')).unwrap_or(said);
    if said.len() == sentence.trim_end_matches('.').trim().len() { said.to_owned() } else { capital(said) }
}

/// What is said and why, of a sentence that says both.
fn with_reason(sentence: &str) -> (&str, Option<&str>) {
    let lower = sentence.to_ascii_lowercase();
    let found = REASONS.split('|').filter_map(|word| lower.find(word).map(|at| (at, word.len()))).min();
    match found {
        Some((at, length)) if says_enough(&sentence[..at]) && says_enough(&sentence[at + length..]) => {
            (sentence[..at].trim_end_matches([',', ' ']), Some(sentence[at + length..].trim()))
        }
        _ => (sentence, None),
    }
}

/// Whether a sentence gives the reason of the one before it.
fn is_reason(sentence: &str) -> bool {
    let lower = sentence.to_ascii_lowercase();
    ["because ", "the reason", "that way", "this way", "this avoids", "it avoids", "reason: ", "why: ", "otherwise "]
        .iter()
        .any(|beginning| lower.starts_with(beginning))
}

/// A request. What it decides is observed by itself.
pub(super) fn asked(text: &str, sources: &[String]) -> Vec<Draft> {
    if !says_enough(text) {
        return Vec::new();
    }
    let mut made: Vec<Draft> = of_sentences(&sentences(text), &[ObservationKind::Decision], sources);
    let mut body = Body::default();
    text.lines().take(LINES_MAX).for_each(|said| body.say(said));
    made.extend(draft(ObservationKind::Note, &format!("Asked: {}", essence(text)), body, sources));
    made
}

/// A message: what its sentences decide, find out, mend and so on.
pub(super) fn said(text: &str, sources: &[String]) -> Vec<Draft> {
    const KINDS: &[ObservationKind] = &[
        ObservationKind::Decision,
        ObservationKind::Fix,
        ObservationKind::Failure,
        ObservationKind::Discovery,
        ObservationKind::Change,
        ObservationKind::Verification,
        ObservationKind::Note,
    ];
    of_sentences(&sentences(text), KINDS, sources)
}

/// One observation for each of these kinds that some sentences are of.
fn of_sentences(sentences: &[Sentence], kinds: &[ObservationKind], sources: &[String]) -> Vec<Draft> {
    kinds.iter().filter_map(|kind| of_kind(sentences, *kind, sources)).collect()
}

fn of_kind(sentences: &[Sentence], kind: ObservationKind, sources: &[String]) -> Option<Draft> {
    let is = |sentence: &Sentence| sentence.kind == Some(kind);
    let first = sentences.iter().position(is)?;
    let (what, mut why) = with_reason(&sentences[first].text);
    let title = headline(if kind == ObservationKind::Decision { what } else { &sentences[first].text });
    let (mut body, mut places) = (Body::default(), Places::default());
    for (index, sentence) in sentences.iter().enumerate().filter(|&(_, sentence)| is(sentence)).take(SENTENCES_MAX) {
        places.see(&sentence.text);
        // The title says it already, or the reason does.
        if index != first || kind != ObservationKind::Decision || why.is_none() {
            body.say(&sentence.text);
        }
        if let Some(next) = sentences.get(index + 1).filter(|next| next.kind.is_none() && !next.is_aside) {
            places.see(&next.text);
            if kind == ObservationKind::Decision && why.is_none() && is_reason(&next.text) {
                why = Some(next.text.as_str());
            } else if !next.text.ends_with('?') {
                body.say(&next.text);
            }
        }
    }
    if kind == ObservationKind::Decision {
        body.fact("Why", &capital(why.unwrap_or_default()));
    }
    body.list("Files", &places.files);
    body.list("Commands", &places.commands);
    draft(kind, &title, body, sources)
}

/// A note: of the kind that its words tell, else of the one that its sender says.
pub(super) fn noted(kind: ObservationKind, text: &str, sources: &[String]) -> Option<Draft> {
    if !says_enough(text) {
        return None;
    }
    let sentences = sentences(text);
    let telling = sentences.iter().filter_map(|sentence| Some((sentence.kind?, sentence.text.as_str())));
    let telling = telling.min_by_key(|(kind, _)| rank(*kind));
    let (kind, title) = telling.map_or_else(|| (kind, essence(text)), |(kind, said)| (kind, headline(said)));
    let mut body = Body::default();
    text.lines().take(LINES_MAX).for_each(|said| body.say(said));
    draft(kind, &title, body, sources)
}

/// A decision that was said to be one.
pub(super) fn decided(decision: &Decision, sources: &[String]) -> Option<Draft> {
    let first = essence(&decision.what);
    let (what, why) = with_reason(&first);
    let title = if decision.why.is_none() { what } else { first.as_str() };
    let mut body = Body::default();
    let why = decision.why.as_deref().or(why).unwrap_or_default();
    if why.is_empty() || decision.what.lines().nth(1).is_some() {
        decision.what.lines().take(LINES_MAX).for_each(|said| body.say(said));
    }
    body.fact("Why", &capital(why.trim()));
    body.list("Instead of", &decision.instead);
    body.list("Files", &decision.files);
    draft(ObservationKind::Decision, title, body, sources)
}

/// Files and commands that a text mentions.
#[derive(Default)]
struct Places {
    files: Vec<String>,
    commands: Vec<String>,
}

impl Places {
    fn see(&mut self, text: &str) {
        for (index, part) in text.split('`').enumerate() {
            let quoted = index % 2 == 1;
            if quoted && part.contains(' ') {
                // What only looks, or is no command at all, is not worth a name.
                if self.commands.len() < PLACES_MAX && understand(part).purpose > Purpose::Other {
                    add(&mut self.commands, format!("`{part}`"));
                }
                continue;
            }
            for word in part.split_whitespace() {
                // Such as `src/ledger.rs:42`.
                let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '/');
                let word = word.split(':').next().unwrap_or_default();
                if self.files.len() < PLACES_MAX && is_file(word, quoted) {
                    add(&mut self.files, word.to_owned());
                }
            }
        }
    }
}

/// Whether a word names a file. One without a folder counts only if it was set apart.
fn is_file(word: &str, quoted: bool) -> bool {
    let Some((stem, ending)) = word.rsplit_once('.') else { return false };
    let is_ending = (1..=5).contains(&ending.len())
        && ending.starts_with(|c: char| c.is_ascii_lowercase())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_ending && (word.contains('/') || (quoted && stem.len() > 1)) && !stem.is_empty() && word.len() <= 200
}
