//! `jobs list`: jobs as a table.

use std::process::ExitCode;

use clap::Args;
use shared::clock::{Clock, Time};
use shared::config::LIST_LIMIT_MAX;
use shared::value::{JobKind, JobStatus};

use super::views::{JobPage, JobView, or_none};
use crate::cli::forum::words;
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::{duration, table, text};

/// Arguments of `jobs list`. All filters given must match.
#[derive(Args)]
pub(in crate::cli) struct List {
    /// Only jobs with this status
    #[arg(long, value_parser = words::<JobStatus>(), ignore_case = true)]
    status: Option<String>,
    /// Only jobs of this kind, which is that of their lane
    #[arg(long, value_parser = words::<JobKind>(), ignore_case = true)]
    kind: Option<String>,
    /// Only jobs whose source is of this type
    #[arg(long, value_name = "TYPE")]
    source_type: Option<String>,
    /// Only jobs made since: a time (RFC 3339), or a duration before now such as 30m
    #[arg(long, value_name = "WHEN", value_parser = past)]
    since: Option<Time>,
    /// Jobs per page
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Leave out this many of the newest
    #[arg(long, value_name = "COUNT")]
    offset: Option<u32>,
}

/// A moment that has passed: RFC 3339, or a duration before now.
fn past(text: &str) -> Result<Time, String> {
    match (Time::parse(text.trim()), duration::parse(text)) {
        (Ok(time), _) => Ok(time),
        (Err(_), Ok(duration)) => Ok(Clock::System.now().minus(duration)),
        (Err(_), Err(_)) => {
            Err("expected a time such as 2026-01-31T12:00:00Z, or a duration before now such as 30m".to_owned())
        }
    }
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["jobs"], &self.query()).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let page: JobPage = document.read()?;
        if page.items.is_empty() {
            output.note("no jobs match");
        } else {
            Output::text(&table::render(output, &HEADING, &page.items.iter().map(row).collect::<Vec<_>>()))?;
        }
        let next = page.offset + page.items.len();
        if next < page.total && !page.items.is_empty() {
            output.note(&format!("there are more, {} in all: --offset {next}", page.total));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn query(self) -> Vec<(&'static str, String)> {
        let given = [
            ("status", self.status),
            ("kind", self.kind),
            ("source_type", self.source_type),
            ("since", self.since.map(|since| since.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("offset", self.offset.map(|offset| offset.to_string())),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

const HEADING: [&str; 8] = ["ID", "STATUS", "KIND", "ATTEMPTS", "OBSERVATIONS", "CREATED", "ERROR", "SOURCE"];

fn row(job: &JobView) -> Vec<String> {
    vec![
        text::line(&job.job_id),
        text::line(&job.status),
        text::line(&job.kind),
        format!("{}/{}", job.attempts, job.max_attempts),
        job.observations.to_string(),
        text::line(&job.created_at),
        or_none(job.error_class.as_ref()),
        format!("{} {}", text::line(&job.source_type), text::line(&job.source_id)),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    /// The command line around the arguments.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: List,
    }

    fn query(arguments: &[&str]) -> Vec<(&'static str, String)> {
        let line = Line::try_parse_from([&["list"], arguments].concat());
        line.unwrap_or_else(|error| panic!("{error}")).list.query()
    }

    // MEMORY-23
    #[test]
    fn only_what_was_given_is_asked_for() {
        assert!(query(&[]).is_empty());
        let asked = query(&["--status", "failed", "--kind", "event_batch", "--since", "2026-01-31T13:00:00+01:00"]);
        let expected = [("status", "failed"), ("kind", "event_batch"), ("since", "2026-01-31T12:00:00.000Z")];
        assert_eq!(asked, expected.map(|(name, value)| (name, value.to_owned())));
        let asked = query(&["--source-type", "session", "--limit", "2", "--offset", "4"]);
        let expected = [("source_type", "session"), ("limit", "2"), ("offset", "4")];
        assert_eq!(asked, expected.map(|(name, value)| (name, value.to_owned())));
    }

    // MEMORY-23
    #[test]
    fn a_moment_that_has_passed_is_an_instant_or_lies_a_duration_back() {
        assert_eq!(past(" 1970-01-01T00:00:02Z "), Ok(Time(2000)));
        let hour = past("1h").expect("a moment");
        let off = Clock::System.now().since(hour).abs_diff(Duration::from_secs(3600));
        assert!(off < Duration::from_secs(60), "{off:?}");
        assert!(past("yesterday").is_err());
    }

    // MEMORY-23, SEC-6
    #[test]
    fn a_job_is_one_row() {
        let text = r#"{"job_id":"evt_1","status":"failed","kind":"event","attempts":3,"max_attempts":3,
            "observations":0,"created_at":"t1","error_class":"transient","source_type":"agent_event",
            "source_id":"aev\n_1\u001b[2J","new":true}"#;
        let job: JobView = serde_json::from_str(text).expect("a job");
        let expected = ["evt_1", "failed", "event", "3/3", "0", "t1", "transient", "agent_event aev _1[2J"];
        assert_eq!(row(&job), expected);
    }
}
