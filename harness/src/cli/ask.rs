//! `forum ask`: opens a thread and, with `--wait`, follows the log until the answer is in it (CLI-5). The answer is taken
//! from the event itself, so that nothing depends on how far a view has come.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use shared::client::{ClientError, Follow, Live};
use shared::clock::{Clock, Time};
use shared::id::Kind;
use shared::message::event::types;
use shared::value::{OnTimeout, Priority};

use super::documents::{EventView, Outcome};
use super::failure::UsageError;
use super::forum::{body, words};
use super::globals::{Globals, Session};
use super::output::Output;
use super::reply::{Payload, Write, send, show};
use super::{duration, text};

/// Arguments of `forum ask`.
#[derive(Args)]
pub(super) struct Ask {
    /// What it is about, in one line
    #[arg(long)]
    title: String,
    /// The ticket it belongs to
    #[arg(long)]
    ticket: String,
    /// The question; `-` reads it from stdin
    #[arg(value_name = "BODY", required_unless_present = "body")]
    question: Option<String>,
    /// The question, as an option
    #[arg(long, conflicts_with = "question")]
    body: Option<String>,
    /// An answer to choose from; may be repeated, up to nine times
    #[arg(long = "option", value_name = "TEXT")]
    options: Vec<String>,
    /// The answer to take if nobody gives one
    #[arg(long, value_name = "TEXT")]
    default: Option<String>,
    /// Until when an answer is wanted: a time (RFC 3339), or a duration from now such as 30m
    #[arg(long, value_name = "WHEN")]
    deadline: Option<String>,
    /// What the deadline does
    #[arg(long, value_parser = words::<OnTimeout>(), ignore_case = true)]
    on_timeout: Option<String>,
    /// How urgent it is
    #[arg(long, value_parser = words::<Priority>(), ignore_case = true)]
    priority: Option<String>,
    /// Who should answer
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// The run it belongs to
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The agent that asks
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// The session that asks
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Wait this long for the answer and print it; exit 1 when there is none by then
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    wait: Option<Duration>,
    #[command(flatten)]
    write: Write,
}

/// What `--wait` prints.
#[derive(Debug, PartialEq, Serialize)]
struct Guidance {
    thread_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<String>,
}

impl Ask {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let (wait, ticket) = (self.wait, self.ticket.trim().to_owned());
        let (payload, write) = self.payload(Clock::System.now())?;
        let session = globals.session()?;
        let document = send(&session, &["forum", "threads"], payload, &write).await?;
        let Some(wait) = wait else {
            show(&session, &document)?;
            return Ok(ExitCode::SUCCESS);
        };
        let outcome: Outcome = document.read()?;
        let thread_id = thread_of(&outcome).context("the answer names no thread to wait for")?;
        session.output.note(&format!("asked in {}; waiting for the answer", text::line(&thread_id)));
        // From where the question stands in the log; from the log's beginning while that is not known.
        let cursor = outcome.pos().unwrap_or(0).to_string();
        let follow = session.client.follow(vec![("types", "forum.*".to_owned()), ("ticket", ticket)], Some(cursor));
        let guidance = tokio::select! {
            found = find(follow, &session, &thread_id) => found?,
            () = tokio::time::sleep(wait) => None,
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None).context("cannot listen for SIGINT")?,
        };
        print(&session, &guidance.unwrap_or_else(|| Guidance::pending(thread_id)))
    }

    fn payload(self, now: Time) -> anyhow::Result<(Payload, Write)> {
        let deadline = self.deadline.map(|text| duration::moment(&text, now)).transpose();
        let deadline = deadline.map_err(|error| UsageError(format!("--deadline: {error}")))?;
        let options = (!self.options.is_empty()).then_some(self.options);
        let payload = Payload::default()
            .with("title", self.title)
            .with("ticket", self.ticket)
            .with("body", body(self.question.or(self.body).unwrap_or_default())?)
            .with_any("options", options)
            .with_any("default", self.default)
            .with_any("deadline", deadline.map(|deadline| deadline.to_string()))
            .with_any("on_timeout", self.on_timeout)
            .with_any("priority", self.priority)
            .with_any("assignee", self.assignee)
            .with_any("run_id", self.run)
            .with_any("agent_name", self.agent)
            .with_any("session_id", self.session);
        Ok((payload, self.write))
    }
}

/// The thread that was opened. Its id follows from the command's, so it is known before the command is finished.
fn thread_of(outcome: &Outcome) -> Option<String> {
    let opened = outcome.thread().map(|thread| thread.thread_id.clone());
    opened.or_else(|| Kind::Command.parse(outcome.command_id()).map(|uuid| Kind::Thread.with(uuid)))
}

/// The answer to the thread's question; none once the thread is closed without one.
async fn find(mut follow: Follow, session: &Session, thread_id: &str) -> Result<Option<Guidance>, ClientError> {
    loop {
        match follow.next().await? {
            Live::Connected { again: false } => {}
            Live::Connected { again: true } => session.output.note("note: connected again"),
            Live::Lost(error) => session.output.note(&format!("note: {error}; trying again")),
            Live::Event(event) => match serde_json::from_str::<EventView>(&event.data) {
                Ok(event) if event.thread_id.as_deref() == Some(thread_id) => {
                    if event.event_type == types::THREAD_CLOSED {
                        session.output.note("note: the thread was closed without an answer");
                        return Ok(None);
                    }
                    if let Some(guidance) = answer_in(&event) {
                        return Ok(Some(guidance));
                    }
                }
                _ => {}
            },
        }
    }
}

/// The answer, if `event` is one.
fn answer_in(event: &EventView) -> Option<Guidance> {
    if event.event_type != types::POST_ADDED || event.text("kind") != Some("guidance_answer") {
        return None;
    }
    Some(Guidance {
        thread_id: event.thread_id.clone()?,
        status: if event.actor_type == "system" { "auto_answered" } else { "answered" },
        answer: event.text("body").map(str::to_owned),
        option: event.text("option").map(str::to_owned),
        answered_by: Some(event.actor_name.clone()),
    })
}

impl Guidance {
    fn pending(thread_id: String) -> Self {
        Self { thread_id, status: "pending", answer: None, option: None, answered_by: None }
    }

    /// For people: the facts on one line, the answer below it.
    fn describe(&self) -> String {
        let part = |before: &str, text: &Option<String>| match text {
            Some(text) => format!("{before}{}", text::line(text)),
            None => String::new(),
        };
        let (option, by) = (part("  option: ", &self.option), part("  by ", &self.answered_by));
        let answer = self.answer.as_ref().map_or_else(String::new, |answer| format!("\n{}", text::lines(answer)));
        format!("{}  {}{option}{by}{answer}", text::line(&self.thread_id), self.status)
    }
}

fn print(session: &Session, guidance: &Guidance) -> anyhow::Result<ExitCode> {
    if session.output.json {
        session.output.json(&serde_json::to_string(guidance)?)?;
    } else {
        Output::text(&guidance.describe())?;
    }
    Ok(if guidance.status == "pending" { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, actor_type: &str, kind: &str) -> EventView {
        EventView {
            event_type: event_type.to_owned(),
            thread_id: Some("thr_1".to_owned()),
            actor_type: actor_type.to_owned(),
            actor_name: "ada".to_owned(),
            payload: serde_json::json!({"kind": kind, "body": "take\u{1b}[2J B", "option": "B"}),
            ..EventView::default()
        }
    }

    // CLI-5
    #[test]
    fn the_answer_is_found_in_its_event_and_nowhere_else() {
        assert_eq!(answer_in(&event(types::POST_ADDED, "agent", "message")), None);
        assert_eq!(answer_in(&event(types::STATE_CHANGED, "human", "guidance_answer")), None);
        let answer = answer_in(&event(types::POST_ADDED, "human", "guidance_answer")).expect("an answer");
        let json = serde_json::to_value(&answer).ok();
        let expected = serde_json::json!({"thread_id": "thr_1", "status": "answered", "answer": "take\u{1b}[2J B",
            "option": "B", "answered_by": "ada"});
        assert_eq!(json, Some(expected));
        assert_eq!(answer.describe(), "thr_1  answered  option: B  by ada\ntake[2J B");
        let automatic = answer_in(&event(types::POST_ADDED, "system", "guidance_answer"));
        assert_eq!(automatic.map(|answer| answer.status), Some("auto_answered"));
    }

    // CLI-5
    #[test]
    fn without_an_answer_the_question_is_pending() {
        let pending = Guidance::pending("thr_1".to_owned());
        assert_eq!(
            serde_json::to_string(&pending).ok().as_deref(),
            Some(r#"{"thread_id":"thr_1","status":"pending"}"#)
        );
        assert_eq!(pending.describe(), "thr_1  pending");
    }

    // CMD-2
    #[test]
    fn the_thread_of_an_unfinished_command_is_known_from_the_commands_id() {
        let text = r#"{"command":{"command_id":"cmd_019a0000-0000-7000-8000-000000000000","status":"accepted"}}"#;
        let outcome: Outcome = serde_json::from_str(text).expect("an outcome");
        assert_eq!(thread_of(&outcome).as_deref(), Some("thr_019a0000-0000-7000-8000-000000000000"));
    }
}
