//! `agentforum config`: the settings in force and their sources; secrets are masked where they are resolved (SEC-2).

use std::process::ExitCode;

use serde_json::json;
use shared::config::Config;

use super::output::Output;
use super::{table, text};

pub(super) fn run(output: &Output, config: &Config) -> anyhow::Result<ExitCode> {
    let settings = config.settings();
    if output.json {
        output.json(&json!({"items": settings}).to_string())?;
    } else {
        let row = |key: &str, value: &str, source: String| vec![key.to_owned(), text::line(value), text::line(&source)];
        let rows: Vec<_> =
            settings.iter().map(|setting| row(setting.key, &setting.value, setting.source.to_string())).collect();
        Output::text(&table::render(output, &["KEY", "VALUE", "SOURCE"], &rows))?;
    }
    Ok(ExitCode::SUCCESS)
}
