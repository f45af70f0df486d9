//! Waiting for guidance: following the log until a question is settled, and what `--wait` prints (CLI-5). What settles it is
//! taken from the event itself, so that nothing depends on how far a view has come.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use shared::client::{ClientError, Follow, Live};
use shared::message::event::types;
use shared::value::{GuidanceStatus, Word};

use super::documents::EventView;
use super::globals::Session;
use super::output::Output;
use super::text;

/// How a question stands.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Guidance {
    pub(super) thread_id: String,
    pub(super) status: GuidanceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) option: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answered_by: Option<String>,
}

impl Guidance {
    /// A question that has no answer.
    pub(super) fn unanswered(thread_id: String, status: GuidanceStatus) -> Self {
        Self { thread_id, status, answer: None, option: None, answered_by: None }
    }

    /// The answer that an event gives. The server itself answers only because a deadline passed.
    pub(super) fn answered(event: &EventView, answer: Option<&str>, option: Option<&str>) -> Self {
        let auto = event.actor_type == "system";
        Self {
            thread_id: event.thread_id.clone().unwrap_or_default(),
            status: if auto { GuidanceStatus::AutoAnswered } else { GuidanceStatus::Answered },
            answer: answer.map(str::to_owned),
            option: option.map(str::to_owned),
            answered_by: Some(event.actor_name.clone()),
        }
    }

    /// For people: the facts on one line, the answer below it.
    fn describe(&self) -> String {
        let part = |before: &str, text: &Option<String>| match text {
            Some(text) => format!("{before}{}", text::line(text)),
            None => String::new(),
        };
        let (option, by) = (part("  option: ", &self.option), part("  by ", &self.answered_by));
        let answer = self.answer.as_ref().map_or_else(String::new, |answer| format!("\n{}", text::lines(answer)));
        format!("{}  {}{option}{by}{answer}", text::line(&self.thread_id), self.status.as_str())
    }
}

/// Whether an event says that the deadline ended the waiting for an answer.
pub(super) fn gives_up(event: &EventView) -> bool {
    event.event_type == types::ESCALATION_REQUESTED && event.text("guidance_status") == Some("no_answer")
}

/// Waits until an event of the thread settles the question, at most as long as `patience` lasts, and prints how it stands.
pub(super) async fn wait(
    session: &Session,
    follow: Follow,
    thread_id: String,
    patience: Duration,
    settles: impl FnMut(&EventView) -> Option<Guidance>,
) -> anyhow::Result<ExitCode> {
    let settled = tokio::select! {
        found = find(follow, session, &thread_id, settles) => found?,
        () = tokio::time::sleep(patience) => None,
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None).context("cannot listen for SIGINT")?,
    };
    print(session, &settled.unwrap_or_else(|| Guidance::unanswered(thread_id, GuidanceStatus::Pending)))
}

/// What settles the question; none once the thread is closed without that.
async fn find(
    mut follow: Follow,
    session: &Session,
    thread_id: &str,
    mut settles: impl FnMut(&EventView) -> Option<Guidance>,
) -> Result<Option<Guidance>, ClientError> {
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
                    if let Some(guidance) = settles(&event) {
                        return Ok(Some(guidance));
                    }
                }
                _ => {}
            },
        }
    }
}

/// Prints how a question stands; the exit code says whether it has an answer.
pub(super) fn print(session: &Session, guidance: &Guidance) -> anyhow::Result<ExitCode> {
    if session.output.json {
        session.output.json(&serde_json::to_string(guidance)?)?;
    } else {
        Output::text(&guidance.describe())?;
    }
    let has_answer = matches!(guidance.status, GuidanceStatus::Answered | GuidanceStatus::AutoAnswered);
    Ok(if has_answer { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(event_type: &str, actor_type: &str) -> EventView {
        EventView {
            event_type: event_type.to_owned(),
            thread_id: Some("thr_1".to_owned()),
            actor_type: actor_type.to_owned(),
            actor_name: "ada".to_owned(),
            ..EventView::default()
        }
    }

    // CLI-5
    #[test]
    fn an_answer_is_printed_with_who_gave_it_and_the_servers_own_is_automatic() {
        let answer = Guidance::answered(&event(types::POST_ADDED, "human"), Some("take\u{1b}[2J B"), Some("B"));
        let expected = json!({"thread_id": "thr_1", "status": "answered", "answer": "take\u{1b}[2J B", "option": "B",
            "answered_by": "ada"});
        assert_eq!(serde_json::to_value(&answer).ok(), Some(expected));
        assert_eq!(answer.describe(), "thr_1  answered  option: B  by ada\ntake[2J B");
        let automatic = Guidance::answered(&event(types::POST_ADDED, "system"), Some("B"), None);
        assert_eq!(automatic.status, GuidanceStatus::AutoAnswered);
    }

    // CLI-5
    #[test]
    fn without_an_answer_the_question_is_pending() {
        let pending = Guidance::unanswered("thr_1".to_owned(), GuidanceStatus::Pending);
        assert_eq!(
            serde_json::to_string(&pending).ok().as_deref(),
            Some(r#"{"thread_id":"thr_1","status":"pending"}"#)
        );
        assert_eq!(pending.describe(), "thr_1  pending");
    }

    // CLI-5, SIGNAL-11
    #[test]
    fn only_a_deadline_that_parks_gives_up() {
        let escalated = |payload| EventView { payload, ..event(types::ESCALATION_REQUESTED, "system") };
        assert!(gives_up(&escalated(json!({"why": "deadline", "guidance_status": "no_answer"}))));
        assert!(!gives_up(&escalated(json!({"why": "deadline"}))));
        assert!(!gives_up(&event(types::POST_ADDED, "human")));
    }
}
