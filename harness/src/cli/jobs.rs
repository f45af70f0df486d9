//! `agentforum jobs`: the work that makes observations, looked at, called off and run again, and its lanes.

mod lanes;
mod list;
mod moves;
mod show;
mod views;

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use shared::value::{JobKind, JobStatus, Word};

use super::forum::words;
use super::globals::Globals;
use super::text;

/// Commands on jobs and their lanes.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List jobs, the newest first
    List(list::List),
    /// Show one job: how it stands, what it took, and everything that happened to it
    Show {
        /// The job's id
        id: String,
    },
    /// Run a job again that failed or was cancelled
    Retry {
        /// The job's id
        id: String,
    },
    /// Call off a job that waits or is worked on
    Cancel {
        /// The job's id
        id: String,
    },
    /// Show the lanes: whether they work, and how many jobs each has
    Lanes,
    /// Let no more jobs of a lane begin; those of one project with `--project`. Needs the scope `admin`
    Pause {
        /// The lane
        #[arg(value_parser = words::<JobKind>(), ignore_case = true)]
        lane: String,
    },
    /// Let the jobs of a paused lane go on. Needs the scope `admin`
    Resume {
        /// The lane
        #[arg(value_parser = words::<JobKind>(), ignore_case = true)]
        lane: String,
    },
    /// Build again what observations are found by, of a whole project unless told otherwise. Needs the scope `admin`
    Reindex(moves::Reindex),
}

/// What a request says that only names the project, if one was given.
fn named_project(globals: &Globals) -> Value {
    globals.project().map_or_else(|| json!({}), |project| json!({ "project_id": project }))
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(list) => list.run(globals).await,
        Command::Show { id } => show::run(globals, &id).await,
        Command::Retry { id } => moves::run(globals, &id, "retry").await,
        Command::Cancel { id } => moves::run(globals, &id, "cancel").await,
        Command::Lanes => lanes::list(globals).await,
        Command::Pause { lane } => lanes::change(globals, &lane, "pause").await,
        Command::Resume { lane } => lanes::change(globals, &lane, "resume").await,
        Command::Reindex(reindex) => reindex.run(globals).await,
    }
}

/// What to do about a job that does not go on by itself.
pub(super) fn next_step(id: &str, status: &str, transport: &str) -> Option<String> {
    match JobStatus::parse(status).ok()? {
        JobStatus::Failed | JobStatus::Cancelled => {
            Some(format!("next: `agentforum jobs retry {}` runs it again", text::line(id)))
        }
        JobStatus::Queued if transport == "queued_only" => {
            Some("next: `agentforum jobs lanes` says why its lane does not take it".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The command line around a command.
    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn lanes_and_what_is_built_again_are_checked_before_anything_is_sent() {
        let parse = |arguments: &[&str]| Line::try_parse_from([&["jobs"], arguments].concat()).map(|line| line.command);
        assert!(matches!(parse(&["pause", "Event_Batch"]), Ok(Command::Pause { lane }) if lane == "Event_Batch"));
        assert!(parse(&["resume", "reindex"]).is_ok());
        assert!(parse(&["pause", "dreams"]).is_err());
        assert!(parse(&["pause"]).is_err());
        assert!(parse(&["reindex"]).is_ok());
        assert!(parse(&["reindex", "--observation", "obs_1", "--session", "mer-1"]).is_err());
        assert!(parse(&["list", "--status", "away"]).is_err());
    }

    // CLI-3
    #[test]
    fn a_job_that_does_not_go_on_by_itself_has_a_next_step() {
        let retry = Some("next: `agentforum jobs retry evt_1` runs it again".to_owned());
        assert_eq!(next_step("evt_1", "failed", "enqueued"), retry);
        assert_eq!(next_step("evt_1", "cancelled", "enqueued"), retry);
        let waits = next_step("evt_1", "queued", "queued_only");
        assert!(waits.is_some_and(|next| next.contains("agentforum jobs lanes")));
        for (status, transport) in [("queued", "enqueued"), ("processing", "enqueued"), ("completed", "enqueued")] {
            assert_eq!(next_step("evt_1", status, transport), None, "{status}");
        }
        assert_eq!(next_step("evt_1", "a later word", "enqueued"), None);
    }
}
