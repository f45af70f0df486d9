//! The queue message.

use proptest::prelude::*;
use serde_json::value::RawValue;
use shared::message::envelope::{CloudEvent, DATA_MAX_BYTES};
use shared::value::Scope;

fn scope() -> impl Strategy<Value = Scope> {
    let slug = || "[a-z0-9][a-z0-9._-]{0,20}";
    (slug(), slug()).prop_map(|(team_id, project_id)| Scope { team_id, project_id })
}

fn envelope(scope: &Scope, text: &str, sequence: i64) -> CloudEvent {
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: text.to_owned(),
        source: CloudEvent::source_of(scope),
        message_type: text.to_owned(),
        subject: text.to_owned(),
        time: text.to_owned(),
        sequence,
        correlationid: text.to_owned(),
        causationid: Some(text.to_owned()),
        traceparent: None,
        dataref: None,
        data: None,
    }
}

fn raw(value: &serde_json::Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("JSON")
}

proptest! {
    #![proptest_config(crate::config())]

    // TRANSPORT-7
    #[test]
    fn an_envelope_survives_its_json_whatever_it_carries(scope in scope(), text in ".*", body in ".*", sequence: i64) {
        let data = raw(&serde_json::json!({ "body": body, "nested": [{ "text": text }] }));
        let envelope = envelope(&scope, &text, sequence).carrying(data, "events/1".to_owned());
        let json = serde_json::to_string(&envelope).expect("JSON");
        let read: CloudEvent = serde_json::from_str(&json).expect("an envelope");
        prop_assert_eq!(serde_json::to_string(&read).expect("JSON"), json);
        prop_assert_eq!(
            (&read.id, &read.message_type, &read.subject, &read.time, read.sequence),
            (&text, &text, &text, &text, sequence)
        );
        prop_assert_eq!((&read.correlationid, read.causationid.as_ref(), read.traceparent.as_ref()), (&text, Some(&text), None));
        prop_assert_eq!(read.scope(), Some(scope));
        prop_assert_eq!(read.data.as_ref().map(|data| data.get()), envelope.data.as_ref().map(|data| data.get()));
        prop_assert_eq!(read.dataref.as_deref(), None);
    }

    // TRANSPORT-11
    #[test]
    fn a_source_names_a_tenant_or_nothing(source in "(/teams/)?[a-z/]{0,8}(/projects/)?[a-z/]{0,8}") {
        let mut envelope = envelope(&Scope { team_id: "t".to_owned(), project_id: "p".to_owned() }, "text", 1);
        envelope.source = source.clone();
        if let Some(scope) = envelope.scope() {
            prop_assert!(!scope.team_id.is_empty() && !scope.project_id.is_empty());
            prop_assert_eq!(CloudEvent::source_of(&scope), source);
        }
    }

    #[test]
    fn no_text_makes_decoding_panic(text in ".*") {
        let _ = serde_json::from_str::<CloudEvent>(&text);
    }
}

// TRANSPORT-7
#[test]
fn data_over_the_limit_travels_as_a_reference() {
    for size in [DATA_MAX_BYTES - 1, DATA_MAX_BYTES, DATA_MAX_BYTES + 1] {
        let data = raw(&serde_json::Value::String("x".repeat(size - 2)));
        assert_eq!(data.get().len(), size);
        let scope = Scope { team_id: "t".to_owned(), project_id: "p".to_owned() };
        let envelope = envelope(&scope, "text", 7).carrying(data, "events/7".to_owned());
        assert_eq!(envelope.data.is_some(), size <= DATA_MAX_BYTES);
        assert_eq!(envelope.dataref.as_deref(), (size > DATA_MAX_BYTES).then_some("events/7"));
    }
}
