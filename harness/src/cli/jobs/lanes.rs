//! `jobs lanes`, `jobs pause` and `jobs resume`: whether the lanes work.

use std::process::ExitCode;

use shared::value::{JobStatus, Word};

use super::named_project;
use super::views::{LaneView, Lanes, or_none};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::{table, text};

pub(super) async fn list(globals: &Globals) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = session.client.get(&["lanes"], &[]).await?;
    let output = &session.output;
    if output.json {
        output.json(&document.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Lanes { items } = document.read()?;
    Output::text(&table::render(output, &HEADING, &items.iter().map(row).collect::<Vec<_>>()))?;
    let project = globals.project();
    for next in items.iter().flat_map(|lane| next_steps(lane, project.as_deref())) {
        output.note(&next);
    }
    Ok(ExitCode::SUCCESS)
}

/// Pauses a lane, or lets it go on.
pub(super) async fn change(globals: &Globals, lane: &str, action: &str) -> anyhow::Result<ExitCode> {
    let (body, session) = (named_project(globals), globals.session()?);
    let document = session.client.create(&["lanes", &lane.to_lowercase(), action], &body).await?;
    let (output, lane) = (&session.output, document.read::<LaneView>()?);
    if output.json {
        output.json(&document.text)?;
    } else {
        Output::text(&format!("{}  {}", text::line(&lane.kind), state(&lane)))?;
    }
    if lane.paused {
        output.note(&resume(&lane, globals.project().as_deref()));
    }
    Ok(ExitCode::SUCCESS)
}

const HEADING: [&str; 7] = ["LANE", "STATUS", "QUEUED", "PROCESSING", "FAILED", "FUNCTION", "REASON"];

fn row(lane: &LaneView) -> Vec<String> {
    vec![
        text::line(&lane.kind),
        state(lane).to_owned(),
        lane.queued.to_string(),
        lane.processing.to_string(),
        lane.failed.to_string(),
        text::line(&lane.function),
        or_none(lane.reason.as_ref()),
    ]
}

fn state(lane: &LaneView) -> &'static str {
    match (lane.enabled, lane.paused) {
        (false, _) => "disabled",
        (true, true) => "paused",
        (true, false) => "works",
    }
}

/// What to do about a lane that does not work, and about its jobs that failed.
fn next_steps(lane: &LaneView, project: Option<&str>) -> Vec<String> {
    let failed = JobStatus::Failed.as_str();
    let kind = text::line(&lane.kind);
    let failures = (lane.failed > 0)
        .then(|| format!("next: `agentforum jobs list --status {failed} --kind {kind}` shows which jobs failed"));
    lane.paused.then(|| resume(lane, project)).into_iter().chain(failures).collect()
}

/// What ends a pause of the project that was named, or of the whole team.
fn resume(lane: &LaneView, project: Option<&str>) -> String {
    let project = project.map(|project| format!(" --project {}", text::line(project))).unwrap_or_default();
    format!("next: `agentforum jobs resume {}{project}` lets it go on", text::line(&lane.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(text: &str) -> LaneView {
        serde_json::from_str(text).expect("a lane")
    }

    // MEMORY-22
    #[test]
    fn a_lane_is_one_row_and_says_what_to_do_about_it() {
        let works = lane(r#"{"kind":"event","function":"job-event","enabled":true,"paused":false,"queued":1,"new":1}"#);
        assert_eq!(row(&works), ["event", "works", "1", "0", "0", "job-event", "-"]);
        assert!(next_steps(&works, None).is_empty());
        let paused = lane(r#"{"kind":"summary","enabled":true,"paused":true,"reason":"by eve\u001b[2J","failed":2}"#);
        assert_eq!(row(&paused)[1..2], ["paused"]);
        assert_eq!(row(&paused)[6], "by eve[2J");
        let expected = [
            "next: `agentforum jobs resume summary` lets it go on",
            "next: `agentforum jobs list --status failed --kind summary` shows which jobs failed",
        ];
        assert_eq!(next_steps(&paused, None), expected);
        assert_eq!(
            next_steps(&paused, Some("web"))[0],
            "next: `agentforum jobs resume summary --project web` lets it go on"
        );
        let disabled = lane(r#"{"kind":"event","enabled":false,"reason":"generation.provider is none"}"#);
        assert_eq!(state(&disabled), "disabled");
    }
}
