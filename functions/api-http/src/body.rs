//! Reading a JSON body: bounded in size, time and depth, typed, and every complaint with a JSON pointer.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::error::{Code, FieldError};
use shared::value::{Actor, ActorType, Word};

use crate::identity::Claims;
use crate::problem::{Answer, Problem};

/// A body must have come to its end within this time.
const WITHIN: Duration = Duration::from_secs(30);
/// How deep lists and objects may lie in one another.
const DEPTH: usize = 64;

/// Reads the body to its end: at most `limit` bytes, and not for ever.
pub async fn read(body: Body, limit: usize) -> Answer<Bytes> {
    read_within(WITHIN, body, limit).await
}

async fn read_within(time: Duration, body: Body, limit: usize) -> Answer<Bytes> {
    let Ok(collected) = tokio::time::timeout(time, Limited::new(body, limit).collect()).await else {
        let detail = format!("the body was not complete after {} s", time.as_secs());
        return Err(Problem::new(Code::InvalidRequest, detail));
    };
    let collected = collected.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return Problem::new(Code::PayloadTooLarge, format!("the body has more than {limit} bytes"));
        }
        Problem::new(Code::InvalidRequest, "the body could not be read to its end")
    })?;
    Ok(collected.to_bytes())
}

/// The text of a JSON body, which is UTF-8, and which a reader that goes down into each list and object can read.
pub fn text(bytes: &[u8]) -> Answer<&str> {
    let complain = |detail: String| Problem::fields(vec![FieldError { pointer: String::new(), detail }]);
    if is_deeper_than(DEPTH, bytes) {
        return Err(complain(format!("must not be nested deeper than {DEPTH}")));
    }
    std::str::from_utf8(bytes).map_err(|error| complain(format!("is no UTF-8: {error}")))
}

/// Whether lists and objects lie deeper in one another than that. What is no JSON may be called either.
fn is_deeper_than(most: usize, json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

/// Reads the body as a JSON object of at most `limit` bytes. Nothing at all counts as `{}`.
pub async fn object(headers: &HeaderMap, body: Body, limit: usize) -> Answer<Map<String, Value>> {
    let bytes = read(body, limit).await?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Code::UnsupportedMediaType, "send the body as application/json"));
    }
    serde_json::from_str(text(&bytes)?).map_err(|error| Problem::fields(vec![complaint(String::new(), &error)]))
}

/// Takes from the body what it says about tenant and actor, so that the rest is the payload alone.
pub fn take_claims(object: &mut Map<String, Value>) -> Answer<Claims> {
    let mut errors = Vec::new();
    let mut take = |field: &str| match object.remove(field) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if !text.trim().is_empty() && text.len() <= 128 => Some(text.trim().to_owned()),
        Some(_) => {
            errors.push(FieldError::at(field, "must be a text of 1 to 128 characters"));
            None
        }
    };
    let (team_id, project_id) = (take("team_id"), take("project_id"));
    let (actor_type, actor_name) = (take("actor_type"), take("actor_name"));
    let actor_type = actor_type.map(|word| ActorType::parse(&word)).transpose();
    let actor = match (actor_type, actor_name) {
        (Ok(None), None) => None,
        // Only the server acts as the system.
        (Ok(Some(ActorType::System)), _) => {
            errors.push(FieldError::at("actor_type", "must be one of agent, operator, human"));
            None
        }
        (Ok(Some(actor_type)), Some(actor_name)) if !actor_name.chars().any(char::is_control) => {
            Some(Actor { actor_type, actor_name })
        }
        (Ok(_), _) => {
            errors.push(FieldError::at("actor_name", "actor_type and actor_name belong together"));
            None
        }
        (Err(error), _) => {
            errors.push(FieldError::at("actor_type", error.to_string()));
            None
        }
    };
    if errors.is_empty() { Ok(Claims { team_id, project_id, actor }) } else { Err(Problem::fields(errors)) }
}

/// The payload in its type; what does not fit is named by its pointer.
pub fn typed<T: DeserializeOwned>(object: Map<String, Value>) -> Answer<T> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let pointer = pointer_of(error.path());
        Problem::fields(vec![complaint(pointer, error.inner())])
    })
}

/// RFC 6901 form of a path.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("{pointer}/{}", escaped(key))
        }
        Segment::Unknown => pointer,
    })
}

/// A name as a part of a pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn complaint(pointer: String, error: &serde_json::Error) -> FieldError {
    let detail = error.to_string();
    // The deserialiser names an unknown or a missing field in its text, not in its path.
    let named = ["unknown field `", "missing field `"].iter().find_map(|prefix| detail.strip_prefix(prefix));
    let named = named.and_then(|rest| rest.split_once('`')).map(|(name, _)| format!("/{}", escaped(name)));
    let pointer = match named {
        Some(name) if !pointer.ends_with(&name) => pointer + &name,
        _ => pointer,
    };
    FieldError { pointer, detail }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    // SEC-7
    #[tokio::test]
    async fn a_body_that_does_not_end_is_cut_off() {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let body = Body::from_stream(begun.chain(stream::pending()));
        let refused = read_within(Duration::ZERO, body, 100).await.expect_err("it never ends");
        assert_eq!(refused.code, Code::InvalidRequest);
        assert!(refused.detail.contains("not complete"), "{}", refused.detail);
        let whole = read_within(Duration::ZERO, Body::from("{}"), 100).await.expect("it is there at once");
        assert_eq!(&whole[..], b"{}");
    }

    // SEC-7
    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_deeper_than(DEPTH, nested(DEPTH).as_bytes()));
        assert!(is_deeper_than(DEPTH, nested(DEPTH + 1).as_bytes()));
        assert!(is_deeper_than(DEPTH, "{\"a\":".repeat(DEPTH + 1).as_bytes()));
        assert!(!is_deeper_than(1, br#"{"a[[[":"{{{\"[[[","b":"\\"}"#));
        assert!(is_deeper_than(1, br#"{"a":"\\","b":[1]}"#));
        assert!(!is_deeper_than(1, b"[1],[2],[3]"));
    }

    // SEC-6
    #[test]
    fn a_text_is_utf_8() {
        assert_eq!(text("{\"a\":\"é\"}".as_bytes()).expect("UTF-8"), "{\"a\":\"é\"}");
        assert_eq!(text(b"{\"a\":\"\xff\"}").expect_err("no UTF-8").code, Code::InvalidRequest);
    }
}
