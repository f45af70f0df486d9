//! What a file says that agents did. All of it is looked at before anything is sent.

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value};
use shared::clock::Time;

use crate::cli::forum::body;

/// Most events that the server takes at once.
const EVENTS_MAX: usize = 500;
/// Most bytes of events that are sent at once: the server takes 8 MiB, and there is something around them.
const BYTES_MAX: usize = 8 * 1024 * 1024 - 64 * 1024;

/// An event as the file has it.
pub(super) type Event = Map<String, Value>;

/// The events in a file; those that name no session belong to `session`.
pub(super) fn read(file: &str, session: Option<&str>) -> anyhow::Result<Vec<Event>> {
    let (name, text) = match file {
        "-" => ("stdin", body(file.to_owned())?),
        _ => (file, std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?),
    };
    let mut events = parse(&text).with_context(|| name.to_owned())?;
    ensure!(!events.is_empty(), "{name} holds no events");
    if let Some(session) = session {
        for event in events.iter_mut().filter(|event| event.get("session_id").is_none_or(Value::is_null)) {
            event.insert("session_id".to_owned(), session.into());
        }
    }
    Ok(events)
}

/// One JSON array, or a JSON object on every line that is not empty.
fn parse(text: &str) -> anyhow::Result<Vec<Event>> {
    if text.trim_start().starts_with('[') {
        let items: Vec<Value> = serde_json::from_str(text).context("no JSON array")?;
        let items = items.into_iter().enumerate();
        return items.map(|(index, item)| checked(item).with_context(|| format!("event {}", index + 1))).collect();
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| on_line(line).with_context(|| format!("line {}", index + 1))).collect()
}

fn on_line(line: &str) -> anyhow::Result<Event> {
    match serde_json::from_str(line) {
        Ok(value) => checked(value),
        // The parser's own words would name a line too: that of this one line.
        Err(error) => bail!("no JSON at column {}", error.column()),
    }
}

/// An event with everything that one needs; the rest is for the server to judge.
fn checked(value: Value) -> anyhow::Result<Event> {
    let Value::Object(event) = value else { bail!("no JSON object") };
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    ensure!(text("event_type").is_some(), "`event_type` is missing, or no text");
    let at = text("occurred_at").and_then(|at| Time::parse(at).ok());
    ensure!(at.is_some(), "`occurred_at` is missing, or no time such as 2026-01-31T12:00:00Z");
    ensure!(event.get("payload").is_some_and(|payload| !payload.is_null()), "`payload` is missing");
    Ok(event)
}

/// The same events in batches that the server takes. The same events make the same batches.
pub(super) fn batches(events: Vec<Event>) -> anyhow::Result<Vec<Vec<Event>>> {
    let mut batches = Vec::<Vec<Event>>::new();
    let mut bytes = 0;
    for event in events {
        let more = serde_json::to_string(&event)?.len() + 1;
        let fits = batches.last().is_some_and(|batch| batch.len() < EVENTS_MAX) && bytes + more <= BYTES_MAX;
        if !fits {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += more;
        if let Some(batch) = batches.last_mut() {
            batch.push(event);
        }
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str = r#"{"event_type":"note","occurred_at":"2026-01-31T12:00:00Z","payload":{"text":"a"}}"#;

    fn complaint(text: &str) -> String {
        format!("{:#}", parse(text).expect_err("something is wrong"))
    }

    #[test]
    fn events_are_lines_or_one_array() {
        let lines = parse(&format!("\n{GOOD}\n\n  {GOOD}\n")).expect("lines");
        assert_eq!((lines.len(), &lines[1]["payload"]), (2, &json!({ "text": "a" })));
        assert_eq!(parse(&format!(" [{GOOD},\n{GOOD}]")).expect("an array"), lines);
        assert!(parse("").expect("nothing").is_empty());
    }

    // CLI-3
    #[test]
    fn what_is_broken_is_named_by_its_place() {
        let broken = complaint(&format!("{GOOD}\n\n{{\"event_type\":}}"));
        assert!(broken.starts_with("line 3: no JSON at column "), "{broken}");
        assert_eq!(complaint(&format!("{GOOD}\n7")), "line 2: no JSON object");
        let lacking = |member: &str| {
            let mut event = parse(GOOD).expect("an event").remove(0);
            event.insert(member.to_owned(), Value::Null);
            complaint(&json!([event]).to_string())
        };
        assert_eq!(lacking("event_type"), "event 1: `event_type` is missing, or no text");
        assert!(lacking("occurred_at").starts_with("event 1: `occurred_at` is missing"));
        assert_eq!(lacking("payload"), "event 1: `payload` is missing");
        assert!(complaint(&format!("[{GOOD}")).starts_with("no JSON array: "));
    }

    #[test]
    fn the_session_given_is_that_of_the_events_that_name_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.jsonl");
        let file = path.to_str().expect("a path of UTF-8");
        let own = GOOD.replace("{\"event", "{\"session_id\":\"own-1\",\"event");
        std::fs::write(&path, format!("{GOOD}\n{own}\n")).expect("the file");
        let events = read(file, Some("mer-1")).expect("events");
        let sessions: Vec<_> = events.iter().map(|event| event["session_id"].clone()).collect();
        assert_eq!(sessions, ["mer-1", "own-1"]);
        std::fs::write(&path, "\n").expect("the file");
        let empty = read(file, None).expect_err("nothing to send");
        assert!(empty.to_string().ends_with("holds no events"), "{empty}");
    }

    // MEMORY-3, HTTP-4
    #[test]
    fn a_batch_has_at_most_500_events_and_fits_into_a_body() {
        let many = vec![parse(GOOD).expect("an event").remove(0); 1001];
        let sizes = |events: Vec<Event>| batches(events).expect("batches").iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(many), [500, 500, 1]);
        let mut large = parse(GOOD).expect("an event").remove(0);
        large.insert("payload".to_owned(), json!("x".repeat(256 * 1024)));
        assert_eq!(sizes(vec![large; 40]), [31, 9]);
        assert!(sizes(Vec::new()).is_empty());
    }
}
