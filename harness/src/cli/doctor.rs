//! `doctor`: one line per check, and what helps below each that is not ok (CLI-10).

use std::process::ExitCode;

use serde_json::json;
use shared::config::{Config, ConfigFlags};

use super::globals::Globals;
use super::output::Output;
use super::text;
use crate::doctor::{Finding, Means, Verdict, examine};

pub(super) async fn run(globals: &Globals, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let output = globals.output();
    let findings = match Config::from_environment(&flags.0, globals.config_file()) {
        Ok(resolved) => {
            let mut findings = vec![Finding::settings(&resolved.warnings)];
            let means = Means::of(&resolved.config, |url| globals.client_of(url, &resolved.config.db.place()))?;
            findings.extend(examine(&resolved.config, means).await);
            findings
        }
        // Where the database lies and which port is meant is not known then.
        Err(error) => {
            let fix = "correct the setting that the message names; `agentforum up --help` lists all";
            vec![Finding::failed("configuration", error.to_string(), fix)]
        }
    };
    show(&output, &findings)?;
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(output: &Output, findings: &[Finding]) -> anyhow::Result<()> {
    if output.json {
        let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (failed, warnings) = (count(Verdict::Failed), count(Verdict::Warning));
        output.json(&json!({ "items": findings, "failed": failed, "warnings": warnings }).to_string())?;
        return Ok(());
    }
    let mut lines = Vec::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed ",
        };
        let verdict = if finding.verdict == Verdict::Ok { verdict.to_owned() } else { output.strong(verdict) };
        lines.push(format!("{verdict}  {}: {}", finding.check, text::line(&finding.detail)));
        lines.extend(finding.fix.iter().map(|fix| format!("         fix: {}", text::line(fix))));
    }
    Ok(Output::text(&lines.join("\n"))?)
}
