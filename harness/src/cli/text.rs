//! Text by others, made safe for a terminal: an agent may write anything, also what moves a cursor or hides a line.

use std::fmt::Write;

/// Text of several lines: tabs and newlines stay, other control characters go.
pub(super) fn lines(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !is_hostile(*letter)).collect()
}

/// As [`lines`], set in, so that none of them can pass for a line of ours.
pub(super) fn block(text: &str) -> String {
    let text = lines(text);
    let text = text.lines().map(|line| format!("    {line}").trim_end().to_owned());
    text.collect::<Vec<_>>().join("\n")
}

/// Text on one line: every run of white space is one blank.
pub(super) fn line(text: &str) -> String {
    let words =
        text.split(char::is_whitespace).map(|word| word.chars().filter(|it| !is_hostile(*it)).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// As [`line`], at most `width` characters.
pub(super) fn short(text: &str, width: usize) -> String {
    let text = line(text);
    if text.chars().count() <= width {
        return text;
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The same JSON document with hostile characters, which can only stand inside its strings, spelled as escapes.
pub(super) fn escape_json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    for letter in document.chars() {
        // White space between tokens is the only control character outside of strings.
        if !is_hostile(letter) || letter.is_ascii_whitespace() {
            escaped.push(letter);
        } else {
            // All hostile characters lie in the plane that one escape reaches; writing to a string cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
        }
    }
    escaped
}

/// Control characters, and the invisible ones that reorder the text around them.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-6
    #[test]
    fn escape_sequences_and_reordering_marks_do_not_reach_the_terminal() {
        let hostile = "a\u{1b}[2Jb\r\u{9b}31m\tc\u{202e}d\ne\u{7}";
        assert_eq!(lines(hostile), "a[2Jb31m\tcd\ne");
        assert_eq!(block(hostile), "    a[2Jb31m\tcd\n    e");
        assert_eq!(line(hostile), "a[2Jb 31m cd e");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(short("one two three", 8), "one two…");
        assert_eq!(short(" one\n two ", 8), "one two");
    }

    // CLI-2
    #[test]
    fn json_for_a_terminal_is_the_same_document() {
        let document = "{\"a\": \"x\u{9b}y\u{202e}é\"}\n";
        let escaped = escape_json(document);
        assert_eq!(escaped, "{\"a\": \"x\\u009by\\u202eé\"}\n");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(read(&escaped), read(document));
    }
}
