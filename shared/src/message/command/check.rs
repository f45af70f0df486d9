//! The checks that payloads share.

use std::collections::HashSet;

use crate::clock::Time;
use crate::error::FieldError;
use crate::value::OnTimeout;

/// Collects complaints field by field while a payload is put into its normal form.
#[derive(Debug, Default)]
pub(super) struct Check {
    errors: Vec<FieldError>,
    /// Where the fields stand, when not at the top of the body.
    within: &'static str,
}

/// A question's deadline and what it does.
#[derive(Debug)]
pub(super) struct Deadline<'a> {
    pub(super) at: Option<Time>,
    pub(super) on_timeout: OnTimeout,
    pub(super) default: Option<&'a str>,
    pub(super) options: &'a [String],
    pub(super) now: Time,
}

impl Check {
    /// From here on fields stand within this one; `""` is the top of the body.
    pub(super) fn within(&mut self, field: &'static str) {
        self.within = field;
    }

    pub(super) fn complain(&mut self, field: &str, detail: impl Into<String>) {
        let place = match self.within {
            "" => field.to_owned(),
            within => format!("{within}/{field}"),
        };
        self.errors.push(FieldError::at(&place, detail));
    }

    /// One line: trimmed, 1 to `max` characters, no control characters.
    pub(super) fn name(&mut self, field: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            self.complain(field, "is required");
        } else if length > max {
            self.complain(field, format!("must have at most {max} characters, has {length}"));
        } else if text.chars().any(char::is_control) {
            self.complain(field, "must not contain control characters");
        }
        text.to_owned()
    }

    /// As [`Check::name`] with 128 characters; blank counts as absent.
    pub(super) fn optional_name(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        self.optional_line(field, text, 128)
    }

    /// As [`Check::name`] with `max` characters; blank counts as absent.
    pub(super) fn optional_line(&mut self, field: &str, text: Option<&str>, max: usize) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        Some(self.name(field, text, max))
    }

    /// Free text: cleaned, trimmed, at most `max` characters; blank counts as absent.
    pub(super) fn optional_text(&mut self, field: &str, text: Option<&str>, max: usize) -> Option<String> {
        let text = clean(text?);
        let text = text.trim();
        if text.chars().count() > max {
            self.complain(field, format!("must have at most {max} characters"));
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// As [`Check::optional_text`], and required.
    pub(super) fn text(&mut self, field: &str, text: &str, max: usize) -> String {
        let text = self.optional_text(field, Some(text), max);
        if text.is_none() {
            self.complain(field, "is required");
        }
        text.unwrap_or_default()
    }

    /// A post's body: cleaned, trimmed, 1 to 65 536 bytes.
    pub(super) fn body(&mut self, field: &str, text: &str) -> String {
        const MAX: usize = 65_536;
        let text = clean(text);
        let text = text.trim();
        if text.is_empty() {
            self.complain(field, "is required");
        } else if text.len() > MAX {
            self.complain(field, format!("must have at most {MAX} bytes, has {}", text.len()));
        }
        text.to_owned()
    }

    /// Texts of 1 to `max` characters, at most `count` of them.
    pub(super) fn texts(&mut self, field: &str, texts: &[String], count: usize, max: usize) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| clean(text).trim().to_owned()).collect();
        if texts.len() > count {
            self.complain(field, format!("must have at most {count} entries"));
        }
        if texts.iter().any(|text| !(1..=max).contains(&text.chars().count())) {
            self.complain(field, format!("each entry must have 1 to {max} characters"));
        }
        texts
    }

    /// As [`Check::texts`] of 1 to 128 characters without control characters, and no two alike.
    pub(super) fn names(&mut self, field: &str, names: &[String], count: usize) -> Vec<String> {
        let names = self.texts(field, names, count, 128);
        if names.iter().any(|name| name.chars().any(char::is_control)) {
            self.complain(field, "must not contain control characters");
        }
        if names.iter().collect::<HashSet<_>>().len() != names.len() {
            self.complain(field, "must be distinct");
        }
        names
    }

    pub(super) fn options(&mut self, options: &[String]) -> Vec<String> {
        let options: Vec<String> = options.iter().map(|option| clean(option).trim().to_owned()).collect();
        if options.len() > 9 {
            self.complain("options", "must have at most 9 entries");
        }
        if options.iter().any(|option| !(1..=200).contains(&option.chars().count())) {
            self.complain("options", "each option must have 1 to 200 characters");
        }
        if options.iter().collect::<HashSet<_>>().len() != options.len() {
            self.complain("options", "must be distinct");
        }
        options
    }

    /// SIGNAL-10: a deadline lies ahead, and what it does has what it needs.
    pub(super) fn deadline(&mut self, asked: &Deadline<'_>) {
        if asked.at.is_some_and(|deadline| deadline <= asked.now) {
            self.complain("deadline", "must lie in the future");
        }
        if asked.on_timeout != OnTimeout::Wait && asked.at.is_none() {
            self.complain("deadline", "is required by on_timeout");
        }
        match asked.default {
            None if asked.on_timeout == OnTimeout::Default => self.complain("default", "is required by on_timeout"),
            Some(default) if !asked.options.is_empty() && !asked.options.iter().any(|option| option == default) => {
                self.complain("default", "must be one of the options");
            }
            _ => {}
        }
    }

    pub(super) fn done<T>(self, payload: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(payload) } else { Err(self.errors) }
    }
}

/// Text from programs and strangers: without terminal escape sequences, and then as [`clean`].
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // A control sequence ends with its first letter or sign from @ to ~.
                Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // An operating system command ends with a bell or another escape.
                Some(']') => {
                    while chars.peek().is_some_and(|c| !matches!(c, '\u{7}' | '\u{1b}')) {
                        chars.next();
                    }
                }
                _ => {}
            },
            c => plain.push(c),
        }
    }
    clean(&plain)
}

/// Text by others without control characters other than tab and newline.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect()
}
