//! Which options go with which signal, what is sent, and what settles a request.

use clap::Parser;
use serde_json::json;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    signal: Signal,
}

fn signal(kind: &str, more: &[&str]) -> Signal {
    let line = ["signal", "--run", "run_1", "--agent", "ada", "--type", kind];
    Line::try_parse_from(line.iter().chain(more)).unwrap_or_else(|error| panic!("{error}")).signal
}

// CLI-3
#[test]
fn an_option_of_another_type_is_named_and_what_is_missing_too() {
    let refused = |kind: &str, more: &[&str]| signal(kind, more).check().err().map(|error| error.to_string());
    for (kind, more, expected) in [
        (REQUEST, vec!["--question", "Which?", "--summary", "S"], "--summary does not go with --type guidance_request"),
        (ANSWER, vec!["--answer", "A", "--wait", "1s"], "--wait does not go with --type guidance_answer"),
        (COMPLETION, vec!["--status", "passed"], "--status does not go with --type completion"),
        (VALIDATION, vec!["--option", "a"], "--option does not go with --type validation"),
        (ANSWER, vec!["--option", "a", "--option", "b"], "--option is given once with --type guidance_answer"),
        (REQUEST, vec![], "--type guidance_request needs --question"),
        (ANSWER, vec![], "--type guidance_answer needs --answer or --option"),
        (VALIDATION, vec!["--status", "passed"], "--type validation needs --done-criteria"),
        (VALIDATION, vec!["--done-criteria", "D"], "--type validation needs --status"),
    ] {
        assert_eq!(refused(kind, &more).as_deref(), Some(expected), "{kind} {more:?}");
    }
    assert_eq!(refused(COMPLETION, &[]), None);
    assert_eq!(refused(ANSWER, &["--option", "a"]), None);
}

// SIGNAL-1
#[test]
fn only_what_was_given_is_said() {
    let said = |kind: &str, more: &[&str]| {
        let said = signal(kind, more).said(Time(0)).unwrap_or_else(|error| panic!("{error}"));
        Value::Object(said)
    };
    let head = |kind: &str, more: Value| {
        let mut head = json!({"schema_version": 1, "type": kind, "run_id": "run_1", "agent_name": "ada"});
        let members = more.as_object().expect("an object").clone();
        head.as_object_mut().expect("an object").extend(members);
        head
    };
    let request = ["--question", "Which?", "--option", "a", "--option", "b", "--deadline", "2s"];
    let expected = json!({"question": "Which?", "options": ["a", "b"], "deadline": "1970-01-01T00:00:02.000Z"});
    assert_eq!(said(REQUEST, &request), head(REQUEST, expected));
    let expected = json!({"answer": "a", "option": "a", "request_id": "pst_1"});
    assert_eq!(said(ANSWER, &["--option", "a", "--request", "pst_1"]), head(ANSWER, expected));
    let expected = json!({"evidence": ["x", "y"]});
    assert_eq!(said(COMPLETION, &["--evidence", "x", "--evidence", "y"]), head(COMPLETION, expected));
    let expected = json!({"status": "passed", "done_criteria": "tests pass"});
    let validation = ["--status", "passed", "--done-criteria", "tests pass"];
    assert_eq!(said(VALIDATION, &validation), head(VALIDATION, expected));
    let late = signal(REQUEST, &["--question", "Q", "--deadline", "whenever"]).said(Time(0));
    assert!(late.is_err_and(|error| error.is::<UsageError>()));
}

fn event(event_type: &str, actor_type: &str, payload: Value) -> EventView {
    EventView {
        event_type: event_type.to_owned(),
        thread_id: Some("ctl_1".to_owned()),
        actor_type: actor_type.to_owned(),
        actor_name: "owner".to_owned(),
        payload,
        ..EventView::default()
    }
}

fn answer(request_id: &str, counts: bool) -> Value {
    let control = json!({"type": ANSWER, "answer": "go", "option": "yes"});
    json!({"post_id": "pst_9", "request_id": request_id, "counts": counts, "auto": false, "control": control})
}

// CLI-5
#[test]
fn a_request_is_settled_by_its_own_answer_its_deadline_or_its_successor() {
    let request = || Request { id: "pst_1".to_owned(), made: true };
    let status = |event: &EventView| request().settled(event).map(|guidance| guidance.status);
    let signalled = |actor: &str, payload| event(types::CONTROL_SIGNAL, actor, payload);
    let given = request().settled(&signalled("human", answer("pst_1", true))).expect("an answer");
    assert_eq!((given.answer.as_deref(), given.option.as_deref()), (Some("go"), Some("yes")));
    assert_eq!((given.status, given.answered_by.as_deref()), (GuidanceStatus::Answered, Some("owner")));
    assert_eq!(status(&signalled("system", answer("pst_1", true))), Some(GuidanceStatus::AutoAnswered));
    assert_eq!(status(&signalled("human", answer("pst_0", true))), None);
    assert_eq!(status(&signalled("human", answer("pst_1", false))), None);
    let next = json!({"post_id": "pst_2", "request_id": "pst_2", "counts": true, "control": {"type": REQUEST}});
    assert_eq!(status(&signalled("agent", next)), Some(GuidanceStatus::Superseded));
    assert_eq!(status(&signalled("agent", json!({"control": {"type": COMPLETION}}))), None);
    let parked = |id| json!({"why": "deadline", "guidance_status": "no_answer", "request_id": id});
    assert_eq!(status(&event(types::ESCALATION_REQUESTED, "system", parked("pst_1"))), Some(GuidanceStatus::NoAnswer));
    assert_eq!(status(&event(types::ESCALATION_REQUESTED, "system", parked("pst_0"))), None);
}

// CLI-5, SIGNAL-15
#[test]
fn a_repeated_client_key_waits_for_the_first_request_and_earlier_ones_do_not_end_it() {
    let text = r#"{"command":{"command_id":"cmd_019a0000-0000-7000-8000-000000000000","status":"applied"}}"#;
    let repeated: Outcome = serde_json::from_str(text).expect("an outcome");
    let standing: Standing = serde_json::from_value(json!({"request_id": "pst_1", "status": "pending", "auto": false}))
        .expect("how it stands");
    let mut request = Request::of(&repeated, Some(&standing));
    assert_eq!((request.id.as_str(), request.made), ("pst_1", false));
    let made =
        |id: &str| event(types::CONTROL_SIGNAL, "agent", json!({"request_id": id, "control": {"type": REQUEST}}));
    assert_eq!(request.settled(&made("pst_0")), None, "it came before");
    assert_eq!(request.settled(&made("pst_1")), None);
    let superseded = request.settled(&made("pst_2")).map(|guidance| guidance.status);
    assert_eq!(superseded, Some(GuidanceStatus::Superseded));

    let text = text.replace("}}", r#","pos":7}}"#);
    let sent: Outcome = serde_json::from_str(&text).expect("an outcome");
    let request = Request::of(&sent, Some(&standing));
    assert_eq!((request.id.as_str(), request.made), ("pst_019a0000-0000-7000-8000-000000000000", true));
}
