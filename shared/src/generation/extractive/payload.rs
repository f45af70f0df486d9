//! Reading an event's payload, whatever its sender calls things and wherever it puts them.

use serde_json::{Map, Value};

use super::text::clean;

/// Members that only wrap what is said.
const WRAPPERS: [&str; 18] = [
    "tool_input",
    "toolInput",
    "input",
    "arguments",
    "args",
    "params",
    "tool_response",
    "toolResponse",
    "tool_result",
    "response",
    "result",
    "payload",
    "data",
    "event",
    "details",
    "item",
    "commit",
    "pull_request",
];
/// Members that hold text, the most telling first.
const TEXTS: [&str; 16] = [
    "message",
    "text",
    "content",
    "summary",
    "title",
    "description",
    "decision",
    "reason",
    "note",
    "body",
    "details",
    "subject",
    "prompt",
    "comment",
    "output",
    "result",
];
/// Members that name a thing.
const NAMES: [&str; 10] =
    ["path", "file_path", "filename", "file", "name", "content", "title", "message", "text", "option"];
/// How deep a value is looked at.
const DEPTH_MAX: usize = 8;
/// How many values are looked at.
const VALUES_MAX: usize = 400;
/// Bytes after which no more text is gathered.
const GATHERED_MAX: usize = 24_000;

/// An event's payload: what it says itself comes before what it wraps.
pub(super) struct Payload<'a> {
    whole: &'a Value,
    levels: Vec<&'a Map<String, Value>>,
}

impl<'a> Payload<'a> {
    /// Of this value.
    pub(super) fn of(whole: &'a Value) -> Self {
        let mut levels: Vec<&Map<String, Value>> = whole.as_object().into_iter().collect();
        let mut begin = 0;
        for _ in 0..2 {
            let end = levels.len();
            for index in begin..end {
                let members = levels[index];
                levels.extend(WRAPPERS.iter().filter_map(|name| members.get(*name)?.as_object()));
            }
            begin = end;
        }
        Self { whole, levels }
    }

    /// Those of these members that are there.
    fn values(&self, names: &[&str]) -> impl Iterator<Item = &'a Value> {
        self.levels.iter().copied().flat_map(move |members| names.iter().filter_map(move |name| members.get(*name)))
    }

    /// Whether one of these members is there and says something.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.values(names).any(|value| !value.is_null())
    }

    /// What the first of these members says that says something to `read`.
    pub(super) fn find<T>(&self, names: &[&str], read: impl FnMut(&'a Value) -> Option<T>) -> Option<T> {
        self.values(names).find_map(read)
    }

    /// The first of these members that holds text.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        self.values(names).find_map(text_of)
    }

    /// The first of these members that is a number, or a text that is one.
    pub(super) fn number(&self, names: &[&str]) -> Option<i64> {
        self.values(names).find_map(|value| match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// The first of these members that is a number of things, or a list of them.
    pub(super) fn count(&self, names: &[&str]) -> Option<u64> {
        self.values(names).find_map(|value| match value {
            Value::Array(items) => u64::try_from(items.len()).ok(),
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// The first of these members that is true or false.
    pub(super) fn flag(&self, names: &[&str]) -> Option<bool> {
        self.values(names).find_map(Value::as_bool)
    }

    /// The entries of the first of these members that has some; names of things that are objects.
    pub(super) fn list(&self, names: &[&str]) -> Vec<String> {
        self.values(names).map(entries).find(|list| !list.is_empty()).unwrap_or_default()
    }

    /// A command line; one that is given in words is joined, without the shell that runs it.
    pub(super) fn command(&self, names: &[&str]) -> Option<String> {
        self.values(names).find_map(|value| match value {
            Value::String(text) => Some(clean(text)).filter(|text| !text.trim().is_empty()),
            Value::Array(words) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                let wrapped = words.len() > 2 && words[0].ends_with("sh") && words[1].starts_with('-');
                let words = if wrapped { &words[2..] } else { &words[..] };
                Some(clean(&words.join(" "))).filter(|text| !text.trim().is_empty())
            }
            _ => None,
        })
    }

    /// The most telling text there is: a member known to hold one, else the longest that reads like a sentence.
    pub(super) fn telling(&self) -> Option<String> {
        if let Value::String(text) = self.whole {
            return Some(clean(text)).filter(|text| !text.trim().is_empty());
        }
        self.text(&TEXTS).or_else(|| {
            let mut longest = "";
            let mut left = VALUES_MAX;
            longest_sentence(self.whole, 0, &mut left, &mut longest);
            Some(clean(longest)).filter(|text| !text.trim().is_empty())
        })
    }
}

/// What a value says in words; none if it says nothing.
pub(super) fn text_of(value: &Value) -> Option<String> {
    let mut gathered = String::new();
    gather(value, 0, &mut gathered);
    Some(clean(&gathered)).filter(|text| !text.trim().is_empty())
}

fn gather(value: &Value, depth: usize, gathered: &mut String) {
    if depth > DEPTH_MAX || gathered.len() > GATHERED_MAX {
        return;
    }
    match value {
        Value::String(text) => {
            if !gathered.is_empty() {
                gathered.push('\n');
            }
            gathered.push_str(text);
        }
        Value::Array(items) => {
            for item in items.iter().take(VALUES_MAX) {
                gather(item, depth + 1, gathered);
            }
        }
        Value::Object(members) => {
            // What tools were asked and answered stands in events of its own.
            let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
            if matches!(kind, "tool_use" | "tool_result" | "image") {
                return;
            }
            let before = gathered.len();
            for member in TEXTS.iter().filter_map(|name| members.get(*name)) {
                gather(member, depth + 1, gathered);
                if gathered.len() > before {
                    return;
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn longest_sentence<'a>(value: &'a Value, depth: usize, left: &mut usize, longest: &mut &'a str) {
    if depth > DEPTH_MAX || *left == 0 {
        return;
    }
    *left -= 1;
    match value {
        Value::String(text) => {
            if text.len() > longest.len() && text.split_whitespace().nth(2).is_some() {
                *longest = text.as_str();
            }
        }
        Value::Array(items) => {
            for item in items {
                longest_sentence(item, depth + 1, left, longest);
            }
        }
        Value::Object(members) => {
            for member in members.values() {
                longest_sentence(member, depth + 1, left, longest);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A list's entries, each in a word or a line; of one text, itself; of an object of things by name, the names.
fn entries(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(clean(text).trim().to_owned()),
        Value::Object(members) => {
            let named = NAMES.iter().find_map(|name| members.get(*name)?.as_str());
            named.map(|name| clean(name).trim().to_owned())
        }
        _ => None,
    };
    let list: Vec<String> = match value {
        Value::Array(items) => items.iter().take(VALUES_MAX).filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    };
    list.into_iter().filter(|entry| !entry.is_empty()).collect()
}
