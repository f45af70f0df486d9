//! `forum ask`: opens a thread and, with `--wait`, waits until its question is settled (CLI-5).

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use shared::clock::{Clock, Time};
use shared::id::Kind;
use shared::message::event::types;
use shared::value::{GuidanceStatus, OnTimeout, Priority};

use super::documents::{EventView, Outcome};
use super::failure::UsageError;
use super::forum::{body, words};
use super::globals::Globals;
use super::guidance::{self, Guidance, gives_up};
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
        guidance::wait(&session, follow, thread_id, wait, settled).await
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

/// How the question stands by `event`; none while it stands where it stood.
fn settled(event: &EventView) -> Option<Guidance> {
    if gives_up(event) {
        return Some(Guidance::unanswered(event.thread_id.clone()?, GuidanceStatus::NoAnswer));
    }
    let answers = event.event_type == types::POST_ADDED && event.text("kind") == Some("guidance_answer");
    answers.then(|| Guidance::answered(event, event.text("body"), event.text("option")))
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
            payload: serde_json::json!({"kind": kind, "body": "take B", "option": "B"}),
            ..EventView::default()
        }
    }

    // CLI-5
    #[test]
    fn the_answer_is_found_in_its_event_and_nowhere_else() {
        assert_eq!(settled(&event(types::POST_ADDED, "agent", "message")), None);
        assert_eq!(settled(&event(types::STATE_CHANGED, "human", "guidance_answer")), None);
        let answer = settled(&event(types::POST_ADDED, "human", "guidance_answer")).expect("an answer");
        assert_eq!((answer.answer.as_deref(), answer.option.as_deref()), (Some("take B"), Some("B")));
        assert_eq!((answer.status, answer.answered_by.as_deref()), (GuidanceStatus::Answered, Some("ada")));
        let automatic = settled(&event(types::POST_ADDED, "system", "guidance_answer"));
        assert_eq!(automatic.map(|answer| answer.status), Some(GuidanceStatus::AutoAnswered));
    }

    // CLI-5, SIGNAL-11
    #[test]
    fn a_deadline_that_parks_the_question_ends_the_waiting() {
        let payload = serde_json::json!({"why": "deadline", "guidance_status": "no_answer"});
        let parked = EventView { payload, ..event(types::ESCALATION_REQUESTED, "system", "") };
        assert_eq!(settled(&parked).map(|parked| parked.status), Some(GuidanceStatus::NoAnswer));
    }

    // CMD-2
    #[test]
    fn the_thread_of_an_unfinished_command_is_known_from_the_commands_id() {
        let text = r#"{"command":{"command_id":"cmd_019a0000-0000-7000-8000-000000000000","status":"accepted"}}"#;
        let outcome: Outcome = serde_json::from_str(text).expect("an outcome");
        assert_eq!(thread_of(&outcome).as_deref(), Some("thr_019a0000-0000-7000-8000-000000000000"));
    }
}
