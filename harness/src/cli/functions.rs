//! `agentforum functions`: the function table. It needs no server (CLI-9).

use std::process::ExitCode;

use serde_json::json;

use super::output::Output;
use super::table;

pub(super) fn run(output: &Output) -> anyhow::Result<ExitCode> {
    let functions = crate::functions::table();
    if output.json {
        let items = functions.iter().map(|row| {
            json!({"name": row.name, "trigger": row.trigger, "reads": row.reads, "writes": row.writes, "emits": row.emits})
        });
        output.json(&json!({"items": items.collect::<Vec<_>>()}).to_string())?;
    } else {
        let rows: Vec<Vec<String>> = functions
            .into_iter()
            .map(|row| {
                vec![
                    row.name.to_owned(),
                    row.trigger,
                    row.reads.to_owned(),
                    row.writes.to_owned(),
                    row.emits.to_owned(),
                ]
            })
            .collect();
        Output::text(&table::render(output, &["NAME", "TRIGGER", "READS", "WRITES", "EMITS"], &rows))?;
    }
    Ok(ExitCode::SUCCESS)
}
