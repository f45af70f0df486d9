//! Private text: what stands between `<private>` and `</private>` is removed before anything is stored. Tags may be of any
//! case and may be nested; one that is never closed goes on to the end.

use serde_json::Value;

/// How often a text is looked at. One that still shows tags then was made to show them, and to cost time.
const PASSES: usize = 8;

/// What a text says outside of private parts. What is left is looked at again: taking a part away must not make a tag of
/// what stood around it. A text that goes on making tags is private as a whole.
#[must_use]
pub fn without_private(text: &str) -> String {
    let mut kept = pass(text);
    for _ in 1..PASSES {
        let again = pass(&kept);
        if again.len() == kept.len() {
            return kept;
        }
        kept = again;
    }
    String::new()
}

fn pass(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        if depth == 0 {
            kept.push_str(before);
        }
        match tag(from) {
            Some((Tag::Open, length)) => {
                depth += 1;
                rest = &from[length..];
            }
            Some((Tag::Close, length)) => {
                // One that closes nothing is no text either.
                depth = depth.saturating_sub(1);
                rest = &from[length..];
            }
            None => {
                if depth == 0 {
                    kept.push('<');
                }
                rest = &from[1..];
            }
        }
    }
    if depth == 0 {
        kept.push_str(rest);
    }
    kept
}

/// A text without control characters other than tabs and ends of lines, so that none can stand within a tag; and then
/// without private parts.
fn clean(text: &str) -> String {
    let plain = |c: &char| !c.is_control() || matches!(c, '\t' | '\n');
    without_private(&text.chars().filter(plain).collect::<String>())
}

/// The same for every text within a value, names of members too.
#[must_use]
pub fn value_without_private(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(value_without_private).collect()),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (clean(&name), value_without_private(value))).collect(),
        ),
        other => other,
    }
}

enum Tag {
    Open,
    Close,
}

/// The tag at the beginning of `text`, with its length in bytes: `<private>`, `</private>`, spaces and attributes allowed.
fn tag(text: &str) -> Option<(Tag, usize)> {
    let inner = text.strip_prefix('<')?;
    let inner = inner.trim_start_matches([' ', '\t', '\n', '\r']);
    let (kind, inner) = match inner.strip_prefix('/') {
        Some(rest) => (Tag::Close, rest.trim_start_matches([' ', '\t', '\n', '\r'])),
        None => (Tag::Open, inner),
    };
    let name = inner.get(..7).filter(|name| name.eq_ignore_ascii_case("private"))?;
    let after = &inner[name.len()..];
    // `<privateer>` is another tag.
    if !after.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
        return None;
    }
    // A tag that does not end takes the rest with it.
    let length = after.find('>').map_or(text.len(), |end| text.len() - after.len() + end + 1);
    Some((kind, length))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // MEMORY-21
    #[test]
    fn private_text_is_gone_in_any_case_nested_and_unclosed() {
        for (text, kept) in [
            ("a <private>b</private> c", "a  c"),
            ("<PRIVATE>x</Private>y", "y"),
            ("a<private>b<private>c</private>d</private>e", "ae"),
            ("a <private>to the end", "a "),
            ("a</private>b", "ab"),
            ("< private >x</ private >y", "y"),
            ("<private reason=\"key\">x</private>y", "y"),
            ("1 < 2 and <b>bold</b> <privateer>", "1 < 2 and <b>bold</b> <privateer>"),
            ("<private", "<private"),
            ("a<private and no end", "a"),
            ("<pri<private>x</private>vate>secret", ""),
            ("ü<private>ü</private>ü", "üü"),
            ("", ""),
        ] {
            assert_eq!(without_private(text), kept, "{text}");
        }
    }

    // MEMORY-21, SEC-7
    #[test]
    fn a_text_that_makes_tag_after_tag_is_private_as_a_whole() {
        let made = |depth: usize| format!("a{}</private>{}b", "</pri".repeat(depth), "vate>".repeat(depth));
        assert_eq!(without_private(&made(3)), "ab");
        assert_eq!(without_private(&made(100_000)), "");
    }

    // MEMORY-21
    #[test]
    fn every_text_of_a_value_is_looked_at() {
        assert_eq!(value_without_private(json!("<pri\u{0}vate>x")), json!(""));
        let long = format!("<private {}>x</private>y", "a".repeat(1000));
        assert_eq!(without_private(&long), "y");
        let value = json!({ "a<private>k</private>": ["x<private>y", { "b": "<private>z</private>w" }], "n": 1 });
        assert_eq!(value_without_private(value), json!({ "a": ["x", { "b": "w" }], "n": 1 }));
    }
}
