//! `run show`: one run, where it stands and what it is for.

use std::process::ExitCode;

use clap::Args;

use super::views::{BriefView, RunView};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::text::{block, line};

/// Arguments of `run show`.
#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The run's id
    id: String,
}

impl Show {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["runs", &self.id], &[]).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
        } else {
            let run: RunView = document.read()?;
            Output::text(&format!("{}\n{}", output.strong(&line(&run.title)), facts(&run)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything below the title.
fn facts(run: &RunView) -> String {
    let reason = run.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", line(reason)));
    let mut facts = vec![
        [&run.run_id, &run.state, &run.mode].map(|it| line(it)).join("  "),
        format!("since {}{reason}", line(&run.state_since)),
        format!("tickets {}", line(&run.tickets.join(", "))),
    ];
    if !run.agents.is_empty() {
        facts.push(format!("agents {}", line(&run.agents.join(", "))));
    }
    let started_by = format!("{} {}", line(&run.started_by_type), line(&run.started_by));
    facts.push(format!("started {} by {started_by}", line(&run.created_at)));
    facts.push(format!("updated {}", line(&run.updated_at)));
    facts.extend(run.brief.iter().flat_map(brief));
    facts.join("\n")
}

/// What it is for, part by part: the text is indented, so that none can pass for another part.
fn brief(brief: &BriefView) -> Vec<String> {
    let parts = [
        ("goal", &brief.goal),
        ("scope", &brief.scope),
        ("done criteria", &brief.done_criteria),
        ("constraints", &brief.constraints),
    ];
    let part = |(name, text): (&str, &Option<String>)| Some(format!("\n{name}\n{}", block(text.as_ref()?)));
    parts.into_iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RUN-17, SEC-6
    #[test]
    fn a_run_reads_from_its_facts_to_its_brief_and_no_text_passes_for_a_part() {
        let text = r#"{"run_id":"run_1","title":"T","tickets":["T-1","T-2"],"mode":"bootstrap","state":"paused",
            "reason":"lunch","state_since":"t1","brief":{"goal":"ship\nscope\nall","done_criteria":"tests pass"},
            "agents":["ada"],"started_by":"owner","started_by_type":"human","created_at":"t0","updated_at":"t2"}"#;
        let run: RunView = serde_json::from_str(text).expect("a run");
        let expected = "run_1  paused  bootstrap\nsince t1: lunch\ntickets T-1, T-2\nagents ada\n\
                        started t0 by human owner\nupdated t2\n\ngoal\n    ship\n    scope\n    all\n\n\
                        done criteria\n    tests pass";
        assert_eq!(facts(&run), expected);
    }
}
