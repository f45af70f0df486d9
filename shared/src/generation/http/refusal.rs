//! What a provider's refusal amounts to: the class that decides whether it is asked again, and a line for people that
//! repeats neither the key nor what the provider was given.

use http::StatusCode;
use serde_json::Value;

use super::{Answered, DETAIL_MAX, wait};
use crate::generation::GenerationError;
use crate::generation::answer::{cut, one_line};
use crate::value::ErrorClass;

/// So many characters in a row that also stand in the material are no coincidence.
const RUN: usize = 12;
/// So many of a key's characters are too many: some providers show its ends.
const KEY_RUN: usize = 6;
/// Longer ones are no words of a protocol.
const WORD_MAX: usize = 64;

/// The error that an answer other than 2xx amounts to.
pub(super) fn refused(answered: &Answered, key: Option<&str>, told: &str) -> GenerationError {
    let said = Said::read(&answered.body);
    let class = class_of(answered.status, &said.words);
    // A provider may quote what it was sent.
    let fit = |text: &&str| !repeats(text, told, RUN) && key.is_none_or(|key| !repeats(text, key, KEY_RUN));
    let words: Vec<&str> = said.words.iter().map(String::as_str).filter(fit).collect();
    let mut detail = format!("the provider answered {}", answered.status.as_u16());
    if !words.is_empty() {
        detail = format!("{detail} ({})", words.join(", "));
    }
    if class == ErrorClass::Auth {
        detail.push_str("; see generation.key");
    } else if answered.status.is_redirection() {
        detail.push_str(", which is not followed; see generation.url");
    } else if let Some(message) = said.message.as_deref().filter(fit) {
        detail = format!("{detail}: {message}");
    }
    let retry_after = if class.is_retried() { wait::asked_for(&answered.headers) } else { None };
    GenerationError { class, detail: cut(&detail, DETAIL_MAX), retry_after }
}

fn class_of(status: StatusCode, words: &[String]) -> ErrorClass {
    let unpaid = words.iter().any(|word| word.contains("insufficient_quota") || word.contains("billing"));
    match status.as_u16() {
        402 => ErrorClass::Quota,
        400..=499 if unpaid => ErrorClass::Quota,
        401 | 403 => ErrorClass::Auth,
        429 => ErrorClass::RateLimited,
        408 | 409 | 500..=599 => ErrorClass::Transient,
        _ => ErrorClass::Unrecoverable,
    }
}

/// What a provider says of an error, in any of the usual forms.
struct Said {
    /// Its type and code.
    words: Vec<String>,
    /// One line for people.
    message: Option<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let mut words: Vec<String> =
            ["type", "code"].into_iter().filter_map(text).filter(|word| is_word(word)).map(str::to_owned).collect();
        words.dedup();
        let message = text("message").or_else(|| value.get("error").and_then(Value::as_str));
        let message = message.map(|message| cut(&one_line(message), DETAIL_MAX)).filter(|message| !message.is_empty());
        Self { words, message }
    }
}

fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=WORD_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether so many characters of `hidden`, or all of either text if it is shorter, stand in both.
fn repeats(text: &str, hidden: &str, run: usize) -> bool {
    let run = run.min(text.chars().count()).min(hidden.chars().count());
    let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    run > 0 && edges.windows(run + 1).any(|window| hidden.contains(&text[window[0]..window[run]]))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn detail(status: u16, body: &Value) -> String {
        let status = StatusCode::from_u16(status).expect("a status");
        let answered = Answered { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() };
        refused(&answered, Some("sk-0123456789"), "the basement door opens with 4711").detail
    }

    #[test]
    fn every_usual_form_of_an_error_is_read() {
        let form = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded\n" } });
        assert_eq!(detail(529, &form), "the provider answered 529 (overloaded_error): Overloaded");
        let form = json!({ "error": { "type": "invalid_request_error", "code": "no_model", "message": "No x" } });
        assert_eq!(detail(404, &form), "the provider answered 404 (invalid_request_error, no_model): No x");
        assert_eq!(detail(404, &json!({ "error": "no such model" })), "the provider answered 404: no such model");
        let form = json!({ "message": "too long", "type": "BadRequestError", "code": 400 });
        assert_eq!(detail(400, &form), "the provider answered 400 (BadRequestError): too long");
        assert_eq!(detail(502, &json!([])), "the provider answered 502");
    }

    // SEC-2
    #[test]
    fn what_was_sent_is_not_repeated() {
        for message in ["bad: the basement door", "sk-0123456789 is wrong", "0123456789 is no `door opens with`"] {
            let form = json!({ "error": { "type": "sk-0123456789", "message": message } });
            assert_eq!(detail(400, &form), "the provider answered 400", "{message}");
        }
        let form = json!({ "error": { "type": "authentication_error", "message": "sk-0***89 is wrong" } });
        assert_eq!(detail(401, &form), "the provider answered 401 (authentication_error); see generation.key");
    }

    #[test]
    fn a_long_message_is_cut_and_no_control_character_is_left() {
        let form = json!({ "error": { "message": format!("a\u{7}b\r\n{}", "long ".repeat(200)) } });
        let detail = detail(400, &form);
        assert!(detail.starts_with("the provider answered 400: a b long"), "{detail}");
        assert_eq!(detail.chars().count(), DETAIL_MAX);
        assert!(!detail.chars().any(char::is_control), "{detail:?}");
    }
}
