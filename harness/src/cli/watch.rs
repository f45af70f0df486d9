//! `forum watch`: the forum's events as they happen, each once, through any number of lost connections.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use shared::client::Live;
use shared::message::command::ControlPayload;
use shared::value::Word;

use super::documents::EventView;
use super::globals::{Globals, Session};
use super::interrupt::until_interrupted;
use super::output::Output;
use super::text;

/// Arguments of `forum watch`.
#[derive(Args)]
pub(super) struct Watch {
    /// Only events of this ticket
    #[arg(long)]
    ticket: Option<String>,
    /// Only events of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Go on after this cursor; 0 is the beginning of the log. Unset, only what happens from now on
    #[arg(long)]
    cursor: Option<String>,
}

impl Watch {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        until_interrupted(self.follow(&session)).await
    }

    async fn follow(self, session: &Session) -> anyhow::Result<()> {
        let output = &session.output;
        let mut filter = vec![("types", "forum.*".to_owned())];
        filter.extend(self.ticket.map(|ticket| ("ticket", ticket)));
        filter.extend(self.run.map(|run| ("run_id", run)));
        // Without a place in the log, what happens while a first connection breaks would be missed.
        let cursor = match self.cursor {
            Some(cursor) => Some(cursor),
            None => session.client.head().await?,
        };
        let mut follow = session.client.follow(filter, cursor);
        loop {
            match follow.next().await? {
                Live::Connected { again: false } => {
                    output.note(&format!("watching {}; stop with Ctrl-C", session.client.address()));
                }
                Live::Connected { again: true } => output.note("connected again; nothing was missed"),
                Live::Lost(error) => output.note(&format!("connection lost ({error}); trying again")),
                Live::Event(event) => match serde_json::from_str::<EventView>(&event.data) {
                    // Requests to other systems are no part of the conversation.
                    Ok(view) if view.event_type.starts_with("forum.integration.") => {}
                    _ if output.json => output.json(&event.data)?,
                    Ok(view) => Output::text(&line(&view))?,
                    Err(_) => Output::text(&format!("{}  {}", event.pos, text::line(&event.data)))?,
                },
            }
        }
    }
}

/// Texts of events are cut here.
const TEXT_WIDTH: usize = 100;

/// Position, time, type, thread, actor and what it says in short.
fn line(event: &EventView) -> String {
    let thread = event.thread_id.as_deref().unwrap_or("-");
    let parts = [&event.recorded_at, &event.event_type, thread, &event.actor_type, &event.actor_name].map(text::line);
    let [time, event_type, thread, actor_type, actor_name] = parts;
    let said = text::short(&said(event), TEXT_WIDTH);
    format!("{}  {time}  {event_type}  {thread}  {actor_type} {actor_name}  {said}", event.pos).trim_end().to_owned()
}

/// The part of the payload a person looks for.
fn said(event: &EventView) -> String {
    if let (Some(from), Some(to)) = (event.text("from"), event.text("to")) {
        return format!("{from} > {to}");
    }
    let control = event.payload.get("control").and_then(|control| ControlPayload::deserialize(control).ok());
    if let Some(control) = control {
        return format!("{}: {}", control.kind().as_str(), control.text());
    }
    ["title", "body", "reason", "why"].into_iter().find_map(|member| event.text(member)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(event_type: &str, payload: Value) -> EventView {
        EventView {
            pos: 7,
            event_type: event_type.to_owned(),
            thread_id: Some("thr_1".to_owned()),
            actor_type: "human".to_owned(),
            actor_name: "ada".to_owned(),
            recorded_at: "2026-01-01T00:00:00.000Z".to_owned(),
            payload,
        }
    }

    // CLI-2, SEC-6
    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        let head = "7  2026-01-01T00:00:00.000Z";
        let rows = [
            ("forum.post.added", json!({"body": "a\nb\u{1b}[2J"}), "a b[2J"),
            ("forum.thread.opened", json!({"title": "T", "body": "B"}), "T"),
            ("forum.state.changed", json!({"from": "new", "to": "answered"}), "new > answered"),
            ("forum.thread.closed", json!({"from": "new", "reason": "done"}), "done"),
            ("forum.sla.escalation_requested", json!({"why": "deadline", "waiting_seconds": 60}), "deadline"),
            (
                "forum.control.signal",
                json!({"post_id": "pst_1", "kind": "guidance_request", "control": {"type": "guidance_request",
                    "schema_version": 1, "run_id": "run_1", "agent_name": "ada", "question": "Which?", "context": "b"}}),
                "guidance_request: Which? b",
            ),
        ];
        for (event_type, payload, said) in rows {
            let expected = format!("{head}  {event_type}  thr_1  human ada  {said}");
            assert_eq!(line(&event(event_type, payload)), expected);
        }
        assert_eq!(line(&event("x", Value::Null)), format!("{head}  x  thr_1  human ada"));
    }
}
