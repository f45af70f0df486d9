//! `agentforum audit`: who did what, and what was refused to whom.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use shared::clock::{Clock, Time};

use super::failure::UsageError;
use super::globals::Globals;
use super::page::{self, Paging};
use super::{duration, text};

/// Arguments of `audit`. All filters given must match.
#[derive(Args)]
pub(super) struct Audit {
    /// Only what this one did: a name, or a type and a name such as `agent:planner`
    #[arg(long, value_name = "[TYPE:]NAME")]
    actor: Option<String>,
    /// Only this action: a command's name, a direct write such as `keys.create`, or method and route of a refusal
    #[arg(long)]
    action: Option<String>,
    /// Nothing older: a time (RFC 3339), or a duration until now such as 2h
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// An entry, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct EntryView {
    at: String,
    actor_type: String,
    actor_name: String,
    action: String,
    subject: String,
    outcome: String,
    reason: Option<String>,
}

impl Audit {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let query = self.query(Clock::System.now())?;
        let session = globals.session()?;
        let document = session.client.get(&["audit"], &query).await?;
        page::show(&session.output, &document, ("entries", &HEADING), row)?;
        Ok(ExitCode::SUCCESS)
    }

    fn query(self, now: Time) -> Result<Vec<(&'static str, String)>, UsageError> {
        let since = self.since.map(|text| moment(&text, now)).transpose();
        let since = since.map_err(|error| UsageError(format!("--since: {error}")))?;
        let since = since.map(|time| time.to_string());
        Ok(self.paging.query([("actor", self.actor), ("action", self.action), ("since", since)]))
    }
}

/// A moment: RFC 3339, or a duration that ends `now`.
fn moment(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    Time::parse(text).or_else(|_| duration::parse(text).map(|duration| now.minus(duration))).map_err(|_| {
        format!("{text:?} is no time; expected one such as 2026-01-31T12:00:00Z, or a duration until now such as 2h")
    })
}

const HEADING: [&str; 5] = ["AT", "ACTOR", "ACTION", "OUTCOME", "SUBJECT"];
/// Reasons and subjects are cut here, so that a row has a chance to stay on one line.
const REASON_WIDTH: usize = 60;
const SUBJECT_WIDTH: usize = 80;

fn row(entry: &EntryView) -> Vec<String> {
    let outcome = match &entry.reason {
        Some(reason) => format!("{} ({})", text::line(&entry.outcome), text::short(reason, REASON_WIDTH)),
        None => text::line(&entry.outcome),
    };
    vec![
        text::line(&entry.at),
        format!("{}:{}", text::line(&entry.actor_type), text::line(&entry.actor_name)),
        text::line(&entry.action),
        outcome,
        text::short(&entry.subject, SUBJECT_WIDTH),
    ]
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The command line around the arguments.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        audit: Audit,
    }

    fn query(arguments: &[&str]) -> Result<Vec<(&'static str, String)>, UsageError> {
        let line = Line::try_parse_from([&["audit"], arguments].concat());
        line.unwrap_or_else(|error| panic!("{error}")).audit.query(Time(7_200_000))
    }

    // AUTH-12
    #[test]
    fn a_trail_begins_at_a_time_or_a_while_ago() {
        for since in ["1h", "1970-01-01T01:00:00Z"] {
            let asked = query(&["--since", since, "--limit", "5"]).expect("a query");
            assert_eq!(asked, [("since", "1970-01-01T01:00:00.000Z".to_owned()), ("limit", "5".to_owned())]);
        }
        assert!(query(&["--since", "yesterday"]).is_err());
        let both = query(&["--actor", "agent:ada", "--action", "open_thread"]).expect("a query");
        assert_eq!(both, [("actor", "agent:ada".to_owned()), ("action", "open_thread".to_owned())]);
    }

    // AUTH-11, SEC-6
    #[test]
    fn an_entry_is_one_row_whatever_it_was_about() {
        let text = r#"{"at":"t0","kind":"audit","actor_type":"human","actor_name":"ada\u001b[2J",
            "action":"dead_letters.drop","subject":"a\nb","outcome":"ok","reason":"a drill"}"#;
        let entry: EntryView = serde_json::from_str(text).expect("an entry");
        assert_eq!(row(&entry), ["t0", "human:ada[2J", "dead_letters.drop", "ok (a drill)", "a b"]);
    }
}
