//! `session list`: sessions as a table.

use std::process::ExitCode;

use clap::Args;
use shared::value::SessionStatus;

use super::views::SessionView;
use crate::cli::forum::words;
use crate::cli::globals::Globals;
use crate::cli::page::{self, Paging};
use crate::cli::text;

/// Arguments of `session list`. All filters given must match.
#[derive(Args)]
pub(in crate::cli) struct List {
    /// Only sessions with this status, or with one of several with commas between them
    #[arg(
        long = "status",
        value_name = "STATUS",
        value_delimiter = ',',
        value_parser = words::<SessionStatus>(),
        ignore_case = true
    )]
    statuses: Vec<String>,
    /// Only sessions of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["sessions"], &self.query()).await?;
        page::show(&session.output, &document, ("sessions", &HEADING), row)?;
        Ok(ExitCode::SUCCESS)
    }

    fn query(self) -> Vec<(&'static str, String)> {
        let statuses = (!self.statuses.is_empty()).then(|| self.statuses.join(","));
        self.paging.query([("status", statuses), ("run_id", self.run)])
    }
}

const HEADING: [&str; 8] = ["ID", "STATUS", "BECAUSE", "AGENT", "TICKET", "RUN", "PRS", "UPDATED"];
/// The deciding fact is cut here, so that a row has a chance to stay on one line.
const REASON_WIDTH: usize = 40;

fn row(of: &SessionView) -> Vec<String> {
    let or_none = |text: &Option<String>| text.as_ref().map_or_else(|| "-".to_owned(), |text| text::line(text));
    let reason = format!("{} {}", of.status_reason.fact, of.status_reason.value);
    vec![
        text::line(&of.session_id),
        text::line(&of.status),
        text::short(&reason, REASON_WIDTH),
        or_none(&of.agent_name),
        or_none(&of.ticket),
        or_none(&of.run_id),
        of.prs.len().to_string(),
        text::line(&of.updated_at),
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
        list: List,
    }

    #[test]
    fn statuses_are_asked_for_in_one_parameter() {
        let line = Line::try_parse_from(["list", "--status", "working,ci_failed", "--status", "idle", "--limit", "2"]);
        let line = line.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(line.list.query(), [("status", "working,ci_failed,idle".to_owned()), ("limit", "2".to_owned())]);
    }

    // SESSION-23, SEC-6
    #[test]
    fn a_session_is_one_row_with_the_fact_that_decided() {
        let text = r#"{"session_id":"mer-1","status":"ci_failed","agent_name":"a\nda\u001b[2J","updated_at":"t2",
            "status_reason":{"fact":"pr_ci","value":"failing","url":"u","since":"t1"},"prs":[{"url":"u"}]}"#;
        let of: SessionView = serde_json::from_str(text).expect("a session");
        assert_eq!(row(&of), ["mer-1", "ci_failed", "pr_ci failing", "a da[2J", "-", "-", "1", "t2"]);
    }
}
