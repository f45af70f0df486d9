//! `forum signal`: what an agent of a run says in a form that decisions read, and what it is answered. With `--wait` a
//! request waits until it is settled (CLI-5).

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::client::Document;
use shared::clock::{Clock, Time};
use shared::id::Kind;
use shared::message::event::types;
use shared::value::{GuidanceStatus, OnTimeout, ValidationStatus};

use super::documents::{EventView, Outcome};
use super::failure::UsageError;
use super::forum::{body, words};
use super::globals::{Globals, Session};
use super::guidance::{self, Guidance, gives_up};
use super::reply::{Payload, Write, send, show};
use super::{duration, text};

const REQUEST: &str = "guidance_request";
const ANSWER: &str = "guidance_answer";
const COMPLETION: &str = "completion";
const VALIDATION: &str = "validation";

/// Arguments of `forum signal`.
#[derive(Args)]
pub(super) struct Signal {
    /// The run's id
    #[arg(long, value_name = "ID")]
    run: String,
    /// The agent of the run
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// What is said; each type has options of its own
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_parser = [REQUEST, ANSWER, COMPLETION, VALIDATION],
        ignore_case = true
    )]
    kind: String,
    /// The ticket of the agent's control thread; unset, the run's first. Only the first signal's counts
    #[arg(long)]
    ticket: Option<String>,
    /// What the agent asks; `-` reads it from stdin
    #[arg(long, value_name = "TEXT", help_heading = "guidance_request")]
    question: Option<String>,
    /// What to know before answering
    #[arg(long, value_name = "TEXT", help_heading = "guidance_request")]
    context: Option<String>,
    /// An answer to choose from, which may be repeated up to nine times; of a `guidance_answer`, the one chosen
    #[arg(long = "option", value_name = "TEXT", help_heading = "guidance_request")]
    options: Vec<String>,
    /// The answer to take if nobody gives one
    #[arg(long, value_name = "TEXT", help_heading = "guidance_request")]
    default: Option<String>,
    /// Until when an answer is wanted: a time (RFC 3339), or a duration from now such as 30m
    #[arg(long, value_name = "WHEN", help_heading = "guidance_request")]
    deadline: Option<String>,
    /// What the deadline does
    #[arg(long, value_parser = words::<OnTimeout>(), ignore_case = true, help_heading = "guidance_request")]
    on_timeout: Option<String>,
    /// The agent's own name of the request: one that repeats it is the first one again
    #[arg(long, value_name = "NAME", help_heading = "guidance_request")]
    client_key: Option<String>,
    /// Wait this long until the request is settled and print how it stands; exit 1 when it has no answer by then
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "guidance_request")]
    wait: Option<Duration>,
    /// The text of the answer, `-` reads it from stdin; unset, the option's
    #[arg(long, value_name = "TEXT", help_heading = "guidance_answer")]
    answer: Option<String>,
    /// The request that is answered; unset, the latest
    #[arg(long, value_name = "ID", help_heading = "guidance_answer")]
    request: Option<String>,
    /// What was done; `-` reads it from stdin
    #[arg(long, value_name = "TEXT", help_heading = "completion")]
    summary: Option<String>,
    /// What shows it, such as a link, a command or a commit id; may be repeated. Also of a `validation`
    #[arg(long, value_name = "TEXT", help_heading = "completion")]
    evidence: Vec<String>,
    /// Whether the agent's work meets the criteria
    #[arg(long, value_parser = words::<ValidationStatus>(), ignore_case = true, help_heading = "validation")]
    status: Option<String>,
    /// The criteria it was checked against
    #[arg(long, value_name = "TEXT", help_heading = "validation")]
    done_criteria: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl Signal {
    pub(super) async fn run(mut self, globals: &Globals) -> anyhow::Result<ExitCode> {
        self.kind.make_ascii_lowercase();
        self.check()?;
        let said = self.said(Clock::System.now())?;
        let payload = Payload::default()
            .with("run_id", self.run)
            .with("agent_name", self.agent)
            .with_any("ticket", self.ticket)
            .with("payload", Value::Object(said));
        let session = globals.session()?;
        let document = send(&session, &["forum", "control", "signal"], payload, &self.write).await?;
        let Some(patience) = self.wait else {
            show(&session, &document)?;
            return Ok(ExitCode::SUCCESS);
        };
        wait(&session, &document, patience).await
    }

    /// Checks that every option given belongs to the type, and that what the type needs is there.
    fn check(&self) -> Result<(), UsageError> {
        let kind = self.kind.as_str();
        let options: [(&str, bool, &[&str]); 14] = [
            ("--question", self.question.is_some(), &[REQUEST]),
            ("--context", self.context.is_some(), &[REQUEST]),
            ("--option", !self.options.is_empty(), &[REQUEST, ANSWER]),
            ("--default", self.default.is_some(), &[REQUEST]),
            ("--deadline", self.deadline.is_some(), &[REQUEST]),
            ("--on-timeout", self.on_timeout.is_some(), &[REQUEST]),
            ("--client-key", self.client_key.is_some(), &[REQUEST]),
            ("--wait", self.wait.is_some(), &[REQUEST]),
            ("--answer", self.answer.is_some(), &[ANSWER]),
            ("--request", self.request.is_some(), &[ANSWER]),
            ("--summary", self.summary.is_some(), &[COMPLETION]),
            ("--evidence", !self.evidence.is_empty(), &[COMPLETION, VALIDATION]),
            ("--status", self.status.is_some(), &[VALIDATION]),
            ("--done-criteria", self.done_criteria.is_some(), &[VALIDATION]),
        ];
        if let Some((option, ..)) = options.iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            return Err(UsageError(format!("{option} does not go with --type {kind}")));
        }
        if kind == ANSWER && self.options.len() > 1 {
            return Err(UsageError(format!("--option is given once with --type {kind}")));
        }
        let missing = match kind {
            REQUEST if self.question.is_none() => "--question",
            ANSWER if self.answer.is_none() && self.options.is_empty() => "--answer or --option",
            VALIDATION if self.status.is_none() => "--status",
            VALIDATION if self.done_criteria.is_none() => "--done-criteria",
            _ => return Ok(()),
        };
        Err(UsageError(format!("--type {kind} needs {missing}")))
    }

    /// The signal's payload: only what was given, so that the server's defaults hold.
    fn said(&self, now: Time) -> anyhow::Result<Map<String, Value>> {
        let deadline = self.deadline.as_ref().map(|text| duration::moment(text, now)).transpose();
        let deadline = deadline.map_err(|error| UsageError(format!("--deadline: {error}")))?;
        let chosen = self.options.first().filter(|_| self.kind == ANSWER);
        let options = (!self.options.is_empty() && chosen.is_none()).then(|| self.options.clone());
        let evidence = (!self.evidence.is_empty()).then(|| self.evidence.clone());
        let texts = [
            ("type", Some(self.kind.clone())),
            ("run_id", Some(self.run.clone())),
            ("agent_name", Some(self.agent.clone())),
            ("question", self.question.clone().map(body).transpose()?),
            ("context", self.context.clone()),
            ("default", self.default.clone()),
            ("deadline", deadline.map(|deadline| deadline.to_string())),
            ("on_timeout", self.on_timeout.clone()),
            ("client_key", self.client_key.clone()),
            ("answer", self.answer.clone().map(body).transpose()?.or_else(|| chosen.cloned())),
            ("option", chosen.cloned()),
            ("request_id", self.request.clone()),
            ("summary", self.summary.clone().map(body).transpose()?),
            ("status", self.status.clone()),
            ("done_criteria", self.done_criteria.clone()),
        ];
        let texts = texts.into_iter().map(|(name, text)| (name, text.map(Value::from)));
        let lists = [("options", options.map(Value::from)), ("evidence", evidence.map(Value::from))];
        let members = texts.chain(lists).chain([("schema_version", Some(Value::from(1)))]);
        Ok(members.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}

/// What a signal is answered with, as far as it concerns a request.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answered {
    control_state: Option<ControlView>,
    /// Of a later look at the command: what it was applied to.
    result: Option<AppliedTo>,
}

#[derive(Deserialize)]
struct ControlView {
    guidance: Option<Standing>,
}

#[derive(Deserialize)]
struct AppliedTo {
    thread_id: String,
}

/// How a request stands.
#[derive(Deserialize)]
struct Standing {
    request_id: String,
    status: GuidanceStatus,
    answer: Option<String>,
    option: Option<String>,
    answered_by: Option<String>,
}

/// Waits until the request that was sent is settled, and prints how it stands.
async fn wait(session: &Session, document: &Document, patience: Duration) -> anyhow::Result<ExitCode> {
    let (outcome, answered): (Outcome, Answered) = (document.read()?, document.read()?);
    let thread_id = outcome.thread().map(|thread| thread.thread_id.clone());
    let Some(thread_id) = thread_id.or(answered.result.map(|applied| applied.thread_id)) else {
        show(session, document)?;
        return Ok(ExitCode::FAILURE);
    };
    let standing = answered.control_state.and_then(|control| control.guidance);
    let mut request = Request::of(&outcome, standing.as_ref());
    if let Some(standing) = standing.filter(|standing| standing.request_id == request.id)
        && standing.status != GuidanceStatus::Pending
    {
        let Standing { status, answer, option, answered_by, .. } = standing;
        return guidance::print(session, &Guidance { thread_id, status, answer, option, answered_by });
    }
    session.output.note(&format!("asked in {}; waiting for the answer", text::line(&thread_id)));
    // From where the request stands in the log; from the log's beginning while that is not known.
    let cursor = outcome.pos().unwrap_or(0).to_string();
    let filter = vec![("types", "forum.*".to_owned()), ("thread_id", thread_id.clone())];
    let follow = session.client.follow(filter, Some(cursor));
    guidance::wait(session, follow, thread_id, patience, |event| request.settled(event)).await
}

/// The request that is waited for.
struct Request {
    /// Its post.
    id: String,
    /// Whether what is read from now on comes after it.
    made: bool,
}

impl Request {
    /// Its id follows from the command's. A command that changed nothing repeated the client key of the one that is shown.
    fn of(outcome: &Outcome, standing: Option<&Standing>) -> Self {
        let made = outcome.pos().is_some();
        let own = Kind::Command.parse(outcome.command_id()).filter(|_| made).map(|uuid| Kind::Post.with(uuid));
        let id = own.or_else(|| standing.map(|standing| standing.request_id.clone()));
        Self { id: id.unwrap_or_default(), made }
    }

    /// How it stands by `event`, if that settles it.
    fn settled(&mut self, event: &EventView) -> Option<Guidance> {
        let thread_id = event.thread_id.clone()?;
        let is_ours = event.text("request_id") == Some(self.id.as_str());
        if event.event_type != types::CONTROL_SIGNAL {
            let over = is_ours && gives_up(event);
            return over.then(|| Guidance::unanswered(thread_id, GuidanceStatus::NoAnswer));
        }
        let control = &event.payload["control"];
        match control["type"].as_str() {
            Some(ANSWER) if is_ours && event.payload["counts"] == true => {
                Some(Guidance::answered(event, control["answer"].as_str(), control["option"].as_str()))
            }
            Some(REQUEST) if self.made && !is_ours => Some(Guidance::unanswered(thread_id, GuidanceStatus::Superseded)),
            Some(REQUEST) => {
                self.made |= is_ours;
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
