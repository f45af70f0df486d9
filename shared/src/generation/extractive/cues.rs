//! What the sentences of a message are about, told by the phrases that people and agents use.

use super::text::is_among;
use crate::value::ObservationKind;

/// Sentences that are looked at in one message.
const SENTENCES_MAX: usize = 60;

/// Words before a phrase that turn it around, or leave it open.
const OPEN: &str = "\
    not|no|never|without|0|zero|isn't|wasn't|hasn't|haven't|don't|didn't|doesn't|nothing|be|if|whether|could|\
    might|should|would|unless|until|why";

/// Phrases of decisions.
const DECIDED: &str = "\
    decided|we'll use|we will use|i'll use|i will use|let's use|going with|go with|went with|we chose|i chose|\
    chose to|opted for|opting for|settled on|in favor of|in favour of|we agreed|i prefer|we prefer|decision is|\
    decision was|the decision to";
/// What is done by a decision, ..
const CHOICES: &str = "\
    use|using|keep|keeping|adopt|pick|picked|store|storing|stick|switch|switching|make|put|write|move|add|drop|\
    split|validate|build";
/// .. who does it, ..
const CHOOSERS: &str = "we|i|we'll|i'll|we're|i'm|let's|don't|do|never|always|please";
/// .. and what it is weighed against or why it is so.
const WEIGHED: &str = "instead of|rather than|because|since|so that";

/// Phrases of fixes.
const FIXED: &str = "fixed|fixes|the fix|fix is|resolved|solved|no longer|works now|repaired|corrected|patched";
/// Phrases of discoveries.
const FOUND: &str = "\
    turns out|turned out|found that|found out|i found|we found|found the|discovered|root cause|the reason|\
    the cause|the culprit|caused by|noticed that|realised|realized|learned that|the problem is|the problem was|\
    the issue is|the issue was|explains|the bug is|the bug was|surprisingly|apparently";
/// Phrases of failures.
const FAILED: &str = "\
    failed|fails|fail|failing|failure|failures|cannot|can't|couldn't|could not|unable to|panicked|panics|\
    crashed|crashes|timed out|times out|broke|broken|throws|blocked by|doesn't work|does not work|didn't work|\
    an error|exception|regression";
/// Phrases of checks that went well.
const CHECKED: &str = "\
    tests pass|tests passed|test passes|tests are green|all green|now pass|now passes|passes|verified|is green|\
    build succeeds|works as expected|confirmed";
/// Phrases of what is worth a note.
const NOTED: &str = "\
    note that|keep in mind|remember|be careful|watch out|gotcha|follow-up|still need to|left to do|next time|\
    important|todo";
/// Words at the beginning that say something was changed.
const CHANGED: &str = "\
    added|implemented|refactored|renamed|removed|replaced|moved|migrated|updated|extracted|introduced|created|\
    rewrote|deleted|bumped|upgraded|split|wired";
/// Beginnings of sentences that only say what is looked at next.
const ASIDES: &str = "\
    let me|now let me|now let's|now i'll|i'll look|i'll check|i'll read|i'll start|i'll now|i'll run|\
    i will look|i will check|first i'll|next i'll|looking at|let's look|let's see|let's check|i'm going to look";

/// A sentence and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    /// What it is about; none if that is nothing to keep.
    pub(super) kind: Option<ObservationKind>,
    /// Whether it only says what is looked at next.
    pub(super) is_aside: bool,
    /// Its words, in one line.
    pub(super) text: String,
}

/// The sentences of a text, each with what it is about. Blocks of code are no sentences.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let sentences = paragraphs(text).into_iter().flat_map(|paragraph| split(&paragraph)).take(SENTENCES_MAX);
    sentences.map(judged).collect()
}

fn judged(text: String) -> Sentence {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> = words_of(&lower).collect();
    let is_aside = ASIDES.split('|').any(|aside| begins(&words, aside));
    let is_question = text.ends_with(['?', '؟']);
    let kind = if is_aside || is_question || words.len() < 2 { None } else { kind_of(&words) };
    Sentence { kind, is_aside, text }
}

/// Lines without the marks of lists and headings; a line that goes on in the next one is joined with it.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let (mut within_code, mut open) = (false, false);
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            within_code = !within_code;
            open = false;
            continue;
        }
        let said = line.trim_start_matches(['#', '>', '*', '-', '•', ' ', '\t']).replace("**", "");
        if within_code || said.is_empty() || said.starts_with('|') {
            open = false;
            continue;
        }
        let goes_on = said == line && said.starts_with(|c: char| c.is_lowercase() || c == '`' || c == '(');
        match paragraphs.last_mut() {
            Some(last) if open && goes_on => {
                last.push(' ');
                last.push_str(&said);
            }
            _ => paragraphs.push(said),
        }
        open = !line.ends_with(['.', '!', '?', ':', ';']);
    }
    paragraphs
}

/// Sentences end with a mark that stands before a space and the beginning of another one.
fn split(paragraph: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut begin = 0;
    for (at, c) in paragraph.char_indices() {
        if !matches!(c, '.' | '!' | '?' | '。' | '؟') {
            continue;
        }
        let end = at + c.len_utf8();
        let rest = &paragraph[end..];
        let next = rest.trim_start().chars().next();
        let begins = next.is_none_or(|next| !next.is_lowercase() && !matches!(next, ',' | ';' | ')' | '.'));
        let ends = c == '。' || rest.is_empty() || rest.starts_with(char::is_whitespace);
        if ends && begins && !paragraph[begin..end].ends_with("e.g.") {
            found.push(paragraph[begin..end].trim().to_owned());
            begin = end;
        }
    }
    found.push(paragraph[begin..].trim().to_owned());
    found.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    found
}

/// What a sentence is about.
fn kind_of(words: &[&str]) -> Option<ObservationKind> {
    if said(words, DECIDED).is_some() || words.first() == Some(&"decision") || is_choice(words) {
        return Some(ObservationKind::Decision);
    }
    // Of a fix and its cause, what is said first is what the sentence is about.
    match (said(words, FIXED), said(words, FOUND)) {
        (Some(fix), Some(cause)) if cause < fix => return Some(ObservationKind::Discovery),
        (Some(_), _) => return Some(ObservationKind::Fix),
        (None, Some(_)) => return Some(ObservationKind::Discovery),
        (None, None) => {}
    }
    if words.iter().take(3).any(|word| is_among(word, CHANGED)) {
        return Some(ObservationKind::Change);
    }
    let rest =
        [(FAILED, ObservationKind::Failure), (CHECKED, ObservationKind::Verification), (NOTED, ObservationKind::Note)];
    rest.into_iter().find(|(phrases, _)| said(words, phrases).is_some()).map(|(_, kind)| kind)
}

/// Somebody says early in the sentence what is to be done, and against what it is weighed or why.
fn is_choice(words: &[&str]) -> bool {
    let Some(at) = words.iter().take(5).position(|word| is_among(word, CHOICES)) else { return false };
    let chosen = at == 0 || words[..at].iter().any(|word| is_among(word, CHOOSERS));
    // To keep failing is no choice.
    let goes_on = words.get(at + 1).is_some_and(|next| next.ends_with("ing"));
    chosen && !goes_on && said(words, WEIGHED).is_some()
}

/// Where the first of these phrases is said and meant.
fn said(words: &[&str], phrases: &str) -> Option<usize> {
    phrases.split('|').filter_map(|phrase| place(words, phrase)).min()
}

fn place(words: &[&str], phrase: &str) -> Option<usize> {
    let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
    (0..words.len()).find(|&at| {
        words[at] == first
            && rest.split(' ').filter(|part| !part.is_empty()).eq(words[at + 1..].iter().copied().take(parts(rest)))
            && !words[at.saturating_sub(2)..at].iter().any(|word| is_among(word, OPEN))
    })
}

fn parts(rest: &str) -> usize {
    if rest.is_empty() { 0 } else { rest.split(' ').count() }
}

fn begins(words: &[&str], phrase: &str) -> bool {
    let mut words = words.iter();
    phrase.split(' ').all(|part| words.next() == Some(&part))
}

/// Words in the sense of phrases: names of files and flags are one word each.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '-' | '_' | '/' | '.'))
        .map(|word| word.trim_matches(['\'', '-', '/', '.']))
        .filter(|word| !word.is_empty())
}
