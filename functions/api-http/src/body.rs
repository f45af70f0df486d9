//! Reading a JSON body: bounded, typed, and every complaint with a JSON pointer.

use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::error::{Code, FieldError};
use shared::value::{Actor, ActorType, Word};

use crate::identity::Claims;
use crate::problem::{Answer, Problem};

/// Reads the body as a JSON object of at most `limit` bytes. Nothing at all counts as `{}`.
pub async fn object(headers: &HeaderMap, body: Body, limit: usize) -> Answer<Map<String, Value>> {
    let collected = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return Problem::new(Code::PayloadTooLarge, format!("the body has more than {limit} bytes"));
        }
        Problem::new(Code::InvalidRequest, "the body could not be read to its end")
    })?;
    let bytes = collected.to_bytes();
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Code::UnsupportedMediaType, "send the body as application/json"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::fields(vec![complaint(String::new(), &error)]))
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
