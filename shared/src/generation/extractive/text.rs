//! Text as a person reads it: without control characters and the escapes of terminals, cut where a word ends, and never
//! longer than it may be.

use std::borrow::Cow;
use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use crate::generation::BODY_MAX;

/// Bytes that are looked at of a long text: so many from its beginning, and so many from its end.
const END: usize = 12_000;
/// Characters of one line of a body.
const LINE_MAX: usize = 600;
/// Entries of one list within a body.
const LIST_MAX: usize = 12;

/// The text without escapes of terminals and control characters, but for line breaks and tabs. Marks that turn the
/// direction of what follows are left out too: they let a line look like another one.
pub(super) fn clean(text: &str) -> String {
    let text = both_ends(text);
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_sequence(&mut chars),
            '\n' | '\t' => kept.push(c),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    kept.push('\n');
                }
            }
            c if c.is_control() || turns_direction(c) => {}
            c => kept.push(c),
        }
    }
    kept
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// All of a text, or of a long one its beginning and its end.
fn both_ends(text: &str) -> Cow<'_, str> {
    if text.len() <= 2 * END {
        return Cow::Borrowed(text);
    }
    let (mut head, mut tail) = (END, text.len() - END);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    // Half a line, or half an escape, says nothing.
    let tail = text[tail..].find('\n').map_or(tail, |line| tail + line + 1);
    Cow::Owned(format!("{}\n{}", &text[..head], &text[tail..]))
}

fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some('(' | ')' | '*' | '+' | '#' | '%') => {
            chars.next();
            chars.next_if(char::is_ascii_graphic);
        }
        _ => {
            chars.next_if(|c| ('0'..='~').contains(c));
        }
    }
}

/// Such as `31m`.
fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// Such as the title of a window. One that is never closed ends with its line.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        if matches!(c, '\u{7}' | '\u{9c}') {
            return;
        }
        if c == '\u{1b}' {
            chars.next_if_eq(&'\\');
            return;
        }
    }
}

/// One line of at most `max` characters. One that is too long ends after a word, with an ellipsis.
pub(super) fn line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // No character has more than four bytes: the rest is cut anyway.
        if line.len() > max.saturating_mul(4) {
            break;
        }
    }
    if line.char_indices().nth(max).is_none() {
        return line;
    }
    let end = line.char_indices().nth(max.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let (head, rest) = line.split_at(end);
    let word = if rest.starts_with(' ') { None } else { head.rfind(' ').filter(|at| *at > head.len() / 2) };
    let head = word.map_or(head, |at| &head[..at]);
    format!("{}…", head.trim_end_matches([' ', ',', ';', ':', '-', '(']))
}

/// What makes two lines the same for a reader: their words, whatever stands between them.
pub(super) fn key(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Whether a word is one of those in a list that is written `one|two|three`.
pub(super) fn is_among(word: &str, words: &str) -> bool {
    words.split('|').any(|known| known == word)
}

/// Some of the entries in one line, and how many more there are.
pub(super) fn listed(items: &[String]) -> String {
    let mut text = items.iter().take(LIST_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    if items.len() > LIST_MAX {
        let _ = write!(text, " and {} more", items.len() - LIST_MAX);
    }
    text
}

/// `1 edit`, `2 edits`.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// With a capital letter at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Adds what is not there yet.
pub(super) fn add(items: &mut Vec<String>, item: String) {
    if !item.is_empty() && !items.contains(&item) {
        items.push(item);
    }
}

/// A body in the making: facts of a line each, none said twice, together within the bound.
#[derive(Debug, Default)]
pub(super) struct Body {
    text: String,
    chars: usize,
}

impl Body {
    /// One that goes on after this.
    pub(super) fn after(text: String) -> Self {
        Self { chars: text.chars().count(), text }
    }

    /// Adds a line, unless it is empty, there already, or too much.
    pub(super) fn say(&mut self, text: &str) {
        let line = line(text, LINE_MAX);
        let chars = line.chars().count();
        if line.is_empty() || self.chars + chars + 1 > BODY_MAX || self.text.lines().any(|known| known == line) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
            self.chars += 1;
        }
        self.text.push_str(&line);
        self.chars += chars;
    }

    /// Adds a fact with its name.
    pub(super) fn fact(&mut self, name: &str, text: &str) {
        if !text.trim().is_empty() {
            self.say(&format!("{name}: {text}"));
        }
    }

    /// Adds some entries in one line.
    pub(super) fn list(&mut self, name: &str, items: &[String]) {
        self.fact(name, &listed(items));
    }

    /// What was said.
    pub(super) fn done(self) -> String {
        self.text
    }
}
