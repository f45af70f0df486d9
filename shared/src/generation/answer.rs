//! What a provider wrote, as drafts of observations. It is text by a stranger: bounded, cleaned and checked before it
//! counts.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Deserializer, Value};

use super::prompt::asked_kinds;
use super::{BODY_MAX, DRAFTS_MAX, Draft, GenerationError, Material, SOURCES_MAX, TITLE_MAX};
use crate::value::privacy::without_private;
use crate::value::{ErrorClass, JobKind, ObservationKind, Word};

/// Most braces that are tried as the beginning of the answer, where there is text before it.
const STARTS_MAX: usize = 16;

#[derive(Deserialize)]
struct Answer {
    observations: Vec<Written>,
}

/// An observation in the provider's words.
#[derive(Deserialize)]
struct Written {
    kind: Option<String>,
    title: Option<String>,
    body: Option<String>,
    sources: Option<Vec<String>>,
}

/// The drafts in a text that holds one JSON object, fenced or with words around it.
pub(super) fn drafts_in(text: &str, material: &Material) -> Result<Vec<Draft>, GenerationError> {
    let mut starts = text.match_indices('{').take(STARTS_MAX).map(|(at, _)| &text[at..]);
    let object = starts.find_map(|rest| Deserializer::from_str(rest).into_iter::<Value>().next()?.ok());
    drafts(object.ok_or_else(|| invalid("the provider's answer holds no JSON object"))?, material)
}

/// The drafts of an answer; none if nothing was worth keeping, or nothing is left of it.
pub(super) fn drafts(answer: Value, material: &Material) -> Result<Vec<Draft>, GenerationError> {
    let answer: Answer =
        serde_json::from_value(answer).map_err(|_| invalid("the provider's answer is no list of observations"))?;
    let most = if material.kind == JobKind::Summary { 1 } else { DRAFTS_MAX };
    Ok(answer.observations.into_iter().filter_map(|written| draft(written, material)).take(most).collect())
}

/// An answer that is none.
pub(super) fn invalid(detail: &str) -> GenerationError {
    GenerationError::new(ErrorClass::InvalidOutput, detail)
}

/// At most `max` characters of a text; what is cut shows it.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// A text as one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn draft(written: Written, material: &Material) -> Option<Draft> {
    // Private parts go last: what is removed before may have stood inside of a tag.
    let title = without_private(&one_line(&written.title.unwrap_or_default()));
    let title = cut(&one_line(&title), TITLE_MAX);
    let body = written.body.unwrap_or_default();
    let body: String = body.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect();
    let body = cut(without_private(&body).trim(), BODY_MAX);
    let kind = kind_of(written.kind.as_deref().unwrap_or_default(), material.kind);
    let sources = sources(written.sources.unwrap_or_default(), material);
    (!title.is_empty()).then_some(Draft { kind, title, body, sources })
}

/// The kind of this name, if it was asked for.
fn kind_of(name: &str, job: JobKind) -> ObservationKind {
    if job == JobKind::Summary {
        return ObservationKind::Summary;
    }
    let kind = ObservationKind::parse(name).ok().filter(|kind| asked_kinds(job).contains(kind));
    kind.unwrap_or(ObservationKind::Note)
}

/// The events that are named and were given, in their order; all of them if none is.
fn sources(named: Vec<String>, material: &Material) -> Vec<String> {
    let named: HashSet<String> = named.into_iter().collect();
    let given = || material.events.iter().map(|event| &event.agent_event_id);
    let sources: Vec<String> = given().filter(|id| named.contains(*id)).take(SOURCES_MAX).cloned().collect();
    if sources.is_empty() { given().take(SOURCES_MAX).cloned().collect() } else { sources }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Time;
    use crate::generation::SourceEvent;

    /// Material of this many events, `aev_0`, `aev_1`, ..
    fn material(kind: JobKind, events: usize) -> Material {
        let event = |n| SourceEvent {
            agent_event_id: format!("aev_{n}"),
            event_type: "note".to_owned(),
            occurred_at: Time(0),
            payload: json!({}),
        };
        let events = (0..events).map(event).collect();
        Material { kind, session: None, events, observations: vec![], pull_requests: vec![], truncated: false }
    }

    fn one(observation: &Value) -> Option<Draft> {
        let answer = json!({ "observations": [observation] });
        let mut drafts = drafts(answer, &material(JobKind::EventBatch, 3)).expect("an answer");
        assert!(drafts.len() <= 1);
        drafts.pop()
    }

    // MEMORY-18
    #[test]
    fn an_answer_is_found_in_a_fence_and_among_words() {
        let material = material(JobKind::Event, 1);
        for text in [
            r#"{"observations":[{"kind":"fix","title":"t","body":"b","sources":["aev_0"]}]}"#,
            "```json\n{\"observations\":[{\"kind\":\"fix\",\"title\":\"t\",\"body\":\"b\"}]}\n```",
            r#"Here {as asked}: {"observations":[{"kind":"fix","title":"t","body":"b"}], "more": 1} That is all."#,
        ] {
            let drafts = drafts_in(text, &material).expect(text);
            let sources = vec!["aev_0".to_owned()];
            let expected = Draft { kind: ObservationKind::Fix, title: "t".to_owned(), body: "b".to_owned(), sources };
            assert_eq!(drafts, [expected], "{text}");
        }
        assert_eq!(drafts_in(r#"{"observations":[]}"#, &material), Ok(vec![]));
    }

    // MEMORY-18
    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        let material = material(JobKind::Event, 1);
        for text in [
            "",
            "I could not do it.",
            "[]",
            "{}",
            r#"{"observations":{}}"#,
            r#"{"observations":["t"]}"#,
            r#"{"observations":[{"title":1}]}"#,
            r#"{"result":{"observations":[]}}"#,
            r#"{"observations":[{"kind":"fix","title":"cut"},{"kind":"#,
        ] {
            let error = drafts_in(text, &material).expect_err(text);
            assert_eq!(error.class, ErrorClass::InvalidOutput, "{text}");
        }
    }

    #[test]
    fn kinds_and_sources_are_known_ones() {
        let named = ["aev_2", "aev_9", "aev_1", "aev_2"];
        let draft = one(&json!({ "kind": " Decision ", "title": "t", "sources": named })).expect("a draft");
        assert_eq!(draft.kind, ObservationKind::Decision);
        assert_eq!(draft.sources, ["aev_1", "aev_2"]);
        for kind in [json!("rumour"), json!("summary"), json!(null)] {
            let draft = one(&json!({ "kind": kind, "title": "t", "sources": ["aev_9"] })).expect("a draft");
            assert_eq!((draft.kind, draft.sources.len()), (ObservationKind::Note, 3), "{kind}");
        }
        let many = drafts(json!({ "observations": [{ "title": "t" }] }), &material(JobKind::EventBatch, 90));
        assert_eq!(many.expect("an answer")[0].sources.len(), SOURCES_MAX);
    }

    // SEC-6
    #[test]
    fn texts_are_cleaned_and_cut_between_characters() {
        let written = json!({ "title": format!(" a\r\n\tb\u{0}{}", "ü".repeat(300)), "body": "x\u{0}y\r\n\tz " });
        let draft = one(&written).expect("a draft");
        assert!(draft.title.starts_with("a b üü") && draft.title.ends_with("ü…"), "{}", draft.title);
        assert_eq!((draft.title.chars().count(), draft.body.as_str()), (TITLE_MAX, "xy\n\tz"));
        let long = one(&json!({ "title": "t", "body": "ü".repeat(BODY_MAX + 1) })).expect("a draft");
        assert_eq!(long.body.chars().count(), BODY_MAX);
        let fits = one(&json!({ "title": "ü".repeat(TITLE_MAX), "body": "ü".repeat(BODY_MAX) })).expect("a draft");
        assert!(!fits.title.contains('…') && !fits.body.contains('…'));
    }

    // MEMORY-18, MEMORY-21
    #[test]
    fn private_text_is_gone_and_what_has_no_title_then_is_no_observation() {
        let draft = one(&json!({ "title": "a <private>b</private> c", "body": "d <PRI\u{0}VATE>e" })).expect("a draft");
        assert_eq!((draft.title.as_str(), draft.body.as_str()), ("a c", "d"));
        for title in [json!(""), json!(" \n"), json!(null), json!("<private>all of it"), json!("\u{0}")] {
            assert_eq!(one(&json!({ "title": title, "body": "left" })), None, "{title}");
        }
    }

    #[test]
    fn drafts_are_bounded_and_a_summary_is_one() {
        let answer = json!({ "observations": vec![json!({ "kind": "fix", "title": "t" }); DRAFTS_MAX + 5] });
        let of = |kind| drafts(answer.clone(), &material(kind, 1)).expect("an answer");
        assert_eq!(of(JobKind::EventBatch).len(), DRAFTS_MAX);
        let summary = of(JobKind::Summary);
        assert_eq!((summary.len(), summary[0].kind), (1, ObservationKind::Summary));
    }
}
