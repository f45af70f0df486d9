//! `forum post`, `answer`, `assign`, `state`, `priority`, `close` and `seen`: one change of one thread each. Sending is shared with `forum ask`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};
use shared::client::{Client, ClientError, Document};
use shared::value::{Priority, ThreadState};

use super::documents::Outcome;
use super::forum::{body, words};
use super::globals::{Globals, Session};
use super::list::viewer_of;
use super::output::Output;
use super::text;

/// Options of every write.
#[derive(Args)]
pub(super) struct Write {
    /// Key under which repeats have one effect; unset, a new one
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Write {
    /// The key that was given, or a new one.
    pub(super) fn key(&self, client: &Client) -> String {
        self.idempotency_key.clone().unwrap_or_else(|| client.new_idempotency_key())
    }
}

/// Arguments of `forum post`.
#[derive(Args)]
pub(super) struct Post {
    /// The thread's id
    thread: String,
    /// The text; `-` reads it from stdin
    body: String,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `forum answer`.
#[derive(Args)]
pub(super) struct Answer {
    /// The thread's id
    thread: String,
    /// The text, `-` reads it from stdin; unset, the option's
    #[arg(required_unless_present = "option")]
    body: Option<String>,
    /// The option chosen, one of the thread's
    #[arg(long)]
    option: Option<String>,
    /// Correct an answer that a person gave
    #[arg(long)]
    amend: bool,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `forum close`.
#[derive(Args)]
pub(super) struct Close {
    /// The thread's id
    thread: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl Post {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with("body", body(self.body)?);
        reply(globals, &["forum", "threads", &self.thread, "posts"], payload, &self.write).await
    }
}

impl Answer {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let text = self.body.map(body).transpose()?.or_else(|| self.option.clone()).unwrap_or_default();
        let amend = self.amend.then_some(true);
        let payload = Payload::default().with("body", text).with_any("option", self.option).with_any("amend", amend);
        reply(globals, &["forum", "threads", &self.thread, "answer"], payload, &self.write).await
    }
}

impl Close {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with_any("reason", self.reason);
        reply(globals, &["forum", "threads", &self.thread, "close"], payload, &self.write).await
    }
}

/// Arguments of `forum assign`.
#[derive(Args)]
pub(super) struct Assign {
    /// The thread's id
    thread: String,
    /// Who should answer; `""` for nobody in particular
    assignee: String,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `forum state`.
#[derive(Args)]
pub(super) struct State {
    /// The thread's id
    thread: String,
    /// The state to move to; `closed` closes it for good
    #[arg(value_name = "STATE", value_parser = words::<ThreadState>(), ignore_case = true)]
    to: String,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `forum priority`.
#[derive(Args)]
pub(super) struct SetPriority {
    /// The thread's id
    thread: String,
    /// How urgent it is
    #[arg(value_parser = words::<Priority>(), ignore_case = true)]
    priority: String,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `forum seen`.
#[derive(Args)]
pub(super) struct Seen {
    /// The thread's id
    thread: String,
    /// Who has seen it, such as `human:ada`
    #[arg(long, value_name = "TYPE:NAME")]
    viewer: String,
    /// Position of the newest event they saw; unset, the thread's newest
    #[arg(long)]
    pos: Option<i64>,
}

impl Assign {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with("assignee", self.assignee);
        reply(globals, &["forum", "threads", &self.thread, "assign"], payload, &self.write).await
    }
}

impl State {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with("state", self.to);
        reply(globals, &["forum", "threads", &self.thread, "state"], payload, &self.write).await
    }
}

impl SetPriority {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with("priority", self.priority);
        reply(globals, &["forum", "threads", &self.thread, "priority"], payload, &self.write).await
    }
}

impl Seen {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let (viewer_type, viewer_id) = viewer_of(&self.viewer)?;
        let payload = Payload::default().with("viewer_type", viewer_type).with("viewer_id", viewer_id);
        let payload = Value::Object(payload.with_any("pos", self.pos).0);
        let session = globals.session()?;
        let document = session.client.create(&["forum", "threads", &self.thread, "seen"], &payload).await?;
        if session.output.json {
            session.output.json(&document.text)?;
        } else {
            let mark: Mark = document.read()?;
            Output::text(&format!("{}  seen up to {}", text::line(&self.thread), mark.last_seen_pos))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The mark in force.
#[derive(serde::Deserialize)]
struct Mark {
    last_seen_pos: i64,
}

/// A command's payload: only what was given, so that the server's defaults hold.
#[derive(Default)]
pub(super) struct Payload(Map<String, Value>);

impl From<Map<String, Value>> for Payload {
    /// A payload as somebody else has written it.
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl Payload {
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with_any(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

async fn reply(globals: &Globals, path: &[&str], payload: Payload, write: &Write) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = send(&session, path, payload, write).await?;
    show(&session, &document)?;
    Ok(ExitCode::SUCCESS)
}

/// Sends a command. Where its outcome stays unknown, says how to find out without doing it twice (CLI-4).
pub(super) async fn send(
    session: &Session,
    path: &[&str],
    payload: Payload,
    write: &Write,
) -> Result<Document, ClientError> {
    let key = write.key(&session.client);
    let sent = session.client.command(path, &[], &Value::Object(payload.0), &key).await;
    if sent.as_ref().is_err_and(ClientError::leaves_the_outcome_open) {
        let how = format!("repeat it with `--idempotency-key {key}`: it has one effect");
        session.output.note(&format!("note: whether the server did it is not known; {how}"));
    }
    sent
}

/// Prints the outcome of a command.
pub(super) fn show(session: &Session, document: &Document) -> anyhow::Result<()> {
    let output = &session.output;
    let outcome: Outcome = document.read()?;
    if outcome.status() == "accepted" {
        output.note("note: accepted and stored; not finished yet");
    }
    if output.json {
        output.json(&document.text)?;
    } else {
        Output::text(&summary(&outcome))?;
    }
    Ok(())
}

/// The thread and its state; of a command that is not finished, the command and its status.
fn summary(outcome: &Outcome) -> String {
    match outcome.thread() {
        Some(thread) => format!("{}  {}", text::line(&thread.thread_id), text::line(&thread.state)),
        None => format!("{}  {}", text::line(outcome.command_id()), text::line(outcome.status())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_is_not_sent() {
        let payload =
            Payload::default().with("body", "b").with_any("option", None::<String>).with_any("amend", Some(true));
        assert_eq!(Value::Object(payload.0), serde_json::json!({"body": "b", "amend": true}));
    }

    // CMD-2
    #[test]
    fn the_summary_names_the_thread_or_else_the_command() {
        let done =
            r#"{"command":{"command_id":"cmd_1","status":"applied"},"thread":{"thread_id":"thr_1","state":"new"}}"#;
        let accepted = r#"{"command":{"command_id":"cmd_1","status":"accepted"}}"#;
        let read = |text: &str| serde_json::from_str::<Outcome>(text).map(|outcome| summary(&outcome)).ok();
        assert_eq!(read(done).as_deref(), Some("thr_1  new"));
        assert_eq!(read(accepted).as_deref(), Some("cmd_1  accepted"));
    }
}
