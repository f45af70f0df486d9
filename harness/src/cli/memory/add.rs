//! `memory add`: one thing that an agent did.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use shared::client::{ClientError, Document};
use shared::clock::{Clock, Time};

use super::Generation;
use super::views::Told;
use crate::cli::documents::Outcome;
use crate::cli::failure::UsageError;
use crate::cli::forum::body;
use crate::cli::globals::{Globals, Session};
use crate::cli::output::Output;
use crate::cli::reply::{self, Write};
use crate::cli::text::line;

/// Arguments of `memory add`.
#[derive(Args)]
pub(in crate::cli) struct Add {
    /// What happened, such as `tool_use`
    #[arg(long = "type", value_name = "TYPE")]
    event_type: String,
    /// The session in which it happened
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// When it happened, such as 2026-01-31T12:00:00Z; unset, now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Time>,
    /// What tells of it, such as the name of a harness
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// The teller's own id of it: told again, it is the same event
    #[arg(long, value_name = "ID")]
    source_id: Option<String>,
    #[command(flatten)]
    said: Said,
    #[command(flatten)]
    generation: Generation,
    #[command(flatten)]
    write: Write,
}

/// What there is to say of it, in one way.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Said {
    /// What there is to say of it, as JSON
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// What there is to say of it, as text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Read what there is to say from stdin: JSON, or else text
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    stdin: Option<String>,
}

/// A moment, RFC 3339.
fn moment(text: &str) -> Result<Time, String> {
    Time::parse(text.trim()).map_err(|_| "expected a time such as 2026-01-31T12:00:00Z".to_owned())
}

impl Said {
    fn payload(self) -> anyhow::Result<Value> {
        match (self.text, self.payload) {
            (Some(text), _) => Ok(as_text(&text)),
            (None, Some(json)) => {
                Ok(serde_json::from_str(&json).map_err(|error| UsageError(format!("--payload is no JSON: {error}")))?)
            }
            (None, None) => Ok(json_or_text(&body(self.stdin.unwrap_or_default())?)),
        }
    }
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| as_text(text.trim_end()))
}

fn as_text(text: &str) -> Value {
    json!({ "text": text })
}

impl Add {
    pub(super) async fn run(self, globals: Globals) -> anyhow::Result<ExitCode> {
        let at = self.at.unwrap_or_else(|| Clock::System.now());
        let mut event = Map::new();
        event.insert("event_type".to_owned(), Value::String(self.event_type));
        event.insert("occurred_at".to_owned(), Value::String(at.to_string()));
        event.insert("payload".to_owned(), self.said.payload()?);
        let more =
            [("session_id", self.session), ("source_adapter", self.adapter), ("source_event_id", self.source_id)];
        event.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?)))));
        let session = self.generation.session(globals)?;
        let (query, key) = (self.generation.query(), self.write.key(&session.client));
        let sent = session.client.command(&["agent-events"], &query, &Value::Object(event), &key).await;
        if sent.as_ref().is_err_and(ClientError::leaves_the_outcome_open) {
            // Another time would be another body, which the key does not stand for.
            let how = format!("repeat it with `--at {at} --idempotency-key {key}`: it has one effect");
            session.output.note(&format!("note: whether the server did it is not known; {how}"));
        }
        let done = show(&session, &sent?)?;
        Ok(self.generation.code(done))
    }
}

/// Prints the event and its job; answers whether nothing is left to wait for.
fn show(session: &Session, document: &Document) -> anyhow::Result<bool> {
    let (outcome, told): (Outcome, Told) = (document.read()?, document.read()?);
    let output = &session.output;
    let Some(event) = told.event else {
        reply::show(session, document)?;
        return Ok(false);
    };
    if !event.came_with(outcome.command_id()) {
        output.note("note: the event was known before; what was said of it first stays");
    }
    let job = &told.generation_job;
    job.remark(output, told.wait_timed_out);
    if output.json {
        output.json(&document.text)?;
    } else {
        Output::text(&format!("{}  {}", line(&event.agent_event_id), job.describe()))?;
    }
    Ok(job.is_done())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The command line around the arguments.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        add: Add,
    }

    fn parse(arguments: &[&str]) -> Result<Add, clap::Error> {
        Line::try_parse_from([&["add", "--type", "note"], arguments].concat()).map(|line| line.add)
    }

    #[test]
    fn what_there_is_to_say_is_given_in_one_way() {
        assert!(parse(&[]).is_err(), "nothing is said");
        for wrong in [&["--text", "a", "--payload", "1"][..], &["--text", "a", "-"], &["a"], &["-", "-"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        for right in [&["--text", "a"][..], &["--payload", "1"], &["-"], &["-", "--at", "2026-01-31T12:00:00+01:00"]] {
            assert!(parse(right).is_ok(), "{right:?}");
        }
        assert!(parse(&["-", "--at", "yesterday"]).is_err());
    }

    // CLI-3
    #[test]
    fn a_payload_is_json_or_text_and_what_should_be_json_is_checked() {
        let payload = |arguments: &[&str]| parse(arguments).expect("arguments").said.payload();
        assert_eq!(payload(&["--text", "go\n"]).expect("text"), json!({ "text": "go\n" }));
        assert_eq!(payload(&["--payload", "{\"a\": [1]}"]).expect("JSON"), json!({ "a": [1] }));
        let error = payload(&["--payload", "{a}"]).expect_err("no JSON");
        assert!(error.is::<UsageError>(), "{error}");
        assert_eq!(json_or_text("{\"a\": 1}\n"), json!({ "a": 1 }));
        assert_eq!(json_or_text("{a}\n"), json!({ "text": "{a}" }));
    }
}
