//! `jobs retry`, `jobs cancel` and `jobs reindex`: moving a job by hand, and making one.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};
use shared::value::{JobStatus, Word};

use super::views::{JobView, NewJob};
use super::{named_project, next_step};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::text::line;

/// Arguments of `jobs reindex`. With neither of them, the whole project.
#[derive(Args)]
pub(in crate::cli) struct Reindex {
    /// Only this observation
    #[arg(long, value_name = "ID", conflicts_with = "session")]
    observation: Option<String>,
    /// Only the observations of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
}

/// Moves a job.
pub(super) async fn run(globals: &Globals, id: &str, action: &str) -> anyhow::Result<ExitCode> {
    let (body, session) = (named_project(globals), globals.session()?);
    let document = session.client.create(&["jobs", id, action], &body).await?;
    let (output, job) = (&session.output, document.read::<JobView>()?);
    if job.already_queued {
        output.note("note: nothing was changed: it is queued already");
    }
    // Whoever has just cancelled it does not want it to run again.
    let next = next_step(&job.job_id, &job.status, &job.transport);
    if let Some(next) = next.filter(|_| job.status == JobStatus::Queued.as_str()) {
        output.note(&next);
    }
    if output.json {
        output.json(&document.text)?;
    } else {
        Output::text(&summary(&job))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(job: &JobView) -> String {
    format!("{}  {}", line(&job.job_id), line(&job.status))
}

impl Reindex {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let wanted =
            [("observation_id", self.observation), ("session_id", self.session), ("project_id", globals.project())];
        let wanted = wanted.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
        let session = globals.session()?;
        let document = session.client.create(&["reindex"], &Value::Object(wanted.collect::<Map<_, _>>())).await?;
        let output = &session.output;
        let NewJob { job } = document.read()?;
        if output.json {
            output.json(&document.text)?;
        } else {
            Output::text(&summary(&job))?;
        }
        output.note(&format!("next: `agentforum jobs show {}` says how far it is", line(&job.job_id)));
        Ok(ExitCode::SUCCESS)
    }
}
