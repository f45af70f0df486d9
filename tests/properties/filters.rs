//! Event filters against the plainest thing that could be right.

use proptest::prelude::*;
use serde_json::value::RawValue;
use shared::clock::Time;
use shared::message::event::LogEvent;
use shared::store::events::{EventFilter, TypePattern};
use shared::value::ActorType;

const TYPES: [&str; 6] = [
    "forum.thread.opened",
    "forum.post.added",
    "forum.integration.docs_sync.requested",
    "run.state.changed",
    "forum",
    "forumish.thing",
];

fn small() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), "[aA]|[bB]| a|b ".prop_map(Some)]
}

prop_compose! {
    fn event()(
        team in "[ab]", project in "[ab]", ticket in small(), run_id in small(), thread_id in small(), kind in 0..TYPES.len()
    ) -> LogEvent {
        LogEvent {
            pos: 1,
            event_id: "ev_1".to_owned(),
            event_type: TYPES[kind].to_owned(),
            schema_version: 1,
            stream: "thread/a".to_owned(),
            version: 1,
            team_id: team,
            project_id: project,
            ticket,
            run_id,
            thread_id,
            session_id: None,
            agent_name: None,
            actor_type: ActorType::Agent,
            actor_name: "ada".to_owned(),
            correlation_id: "ev_1".to_owned(),
            causation_id: None,
            traceparent: None,
            occurred_at: Time(0),
            recorded_at: Time(0),
            payload: RawValue::from_string("{}".to_owned()).expect("JSON"),
        }
    }
}

/// A pattern and the spelling a caller would have used.
fn pattern() -> impl Strategy<Value = (TypePattern, String)> {
    prop_oneof![
        (0..TYPES.len()).prop_map(|kind| (TypePattern::Exactly(TYPES[kind].to_owned()), TYPES[kind].to_owned())),
        prop_oneof![Just("forum."), Just("forum.integration."), Just("run.")]
            .prop_map(|prefix| (TypePattern::Prefix(prefix.to_owned()), format!("{prefix}*"))),
        Just((TypePattern::FORUM, "default".to_owned())),
    ]
}

/// LOG-6 and LOG-7, word for word.
fn wanted(event: &LogEvent, filter: &EventFilter, spelled: &[String]) -> bool {
    let same = |filter: &Option<String>, field: &Option<String>| {
        let normal = |text: &String| text.trim().to_lowercase();
        filter.is_none() || filter.as_ref().map(normal) == field.as_ref().map(normal)
    };
    let by_type = spelled.iter().any(|spelling| match spelling.as_str() {
        "default" => event.event_type.starts_with("forum.") && !event.event_type.starts_with("forum.integration."),
        spelling if spelling.ends_with(".*") => event.event_type.starts_with(&spelling[..spelling.len() - 1]),
        spelling => event.event_type == spelling,
    });
    event.team_id == filter.team_id
        && (filter.project_id.is_none() || filter.project_id.as_deref() == Some(event.project_id.as_str()))
        && same(&filter.ticket, &event.ticket)
        && same(&filter.run_id, &event.run_id)
        && (filter.thread_id.is_none() || filter.thread_id == event.thread_id)
        && (spelled.is_empty() || by_type)
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 2_000, ..crate::config() })]

    // LOG-6, LOG-7
    #[test]
    fn a_filter_wants_exactly_what_the_model_wants(
        event in event(),
        team_id in "[ab]",
        project_id in prop::option::of("[ab]"),
        (ticket, run_id, thread_id) in (small(), small(), small()),
        patterns in prop::collection::vec(pattern(), 0..3),
    ) {
        let (types, spelled): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        let filter = EventFilter { team_id, project_id, ticket, run_id, thread_id, types };
        prop_assert_eq!(filter.matches(&event), wanted(&event, &filter, &spelled), "{:?} {:?}", filter, spelled);
    }

    // LOG-7
    #[test]
    fn a_filter_with_only_its_team_wants_everything_of_the_team(event in event(), team_id in "[ab]") {
        let filter = EventFilter { team_id: team_id.clone(), ..EventFilter::default() };
        prop_assert_eq!(filter.matches(&event), event.team_id == team_id);
    }
}
