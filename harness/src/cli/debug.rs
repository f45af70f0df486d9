//! `forum debug`: what is on its way.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;

use super::globals::Globals;
use super::output::Output;
use super::{table, text};

/// Arguments of `forum debug`; it needs the scope `admin`.
#[derive(Args)]
pub(super) struct Debug {
    /// Newest outbox rows to show
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=500), default_value_t = 20)]
    limit: u32,
}

#[derive(Deserialize)]
struct View {
    rows: Vec<Row>,
    queues: Vec<Queue>,
    transport_error: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    topic: String,
    status: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: String,
}

#[derive(Deserialize)]
struct Queue {
    name: String,
    function: Option<String>,
    length: u64,
    pending: u64,
    lag: Option<u64>,
}

impl Debug {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let output = &session.output;
        let document = session.client.get(&["forum", "debug"], &[("limit", self.limit.to_string())]).await?;
        if output.json {
            output.json(&document.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let view: View = document.read()?;
        let rows = view.rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                text::line(&row.topic),
                text::line(&row.status),
                row.attempts.to_string(),
                text::line(&row.created_at),
                text::short(row.last_error.as_deref().unwrap_or(""), 60),
            ]
        });
        let heading = ["ID", "TOPIC", "STATUS", "ATTEMPTS", "WRITTEN", "ERROR"];
        Output::text(&table::render(output, &heading, &rows.collect::<Vec<_>>()))?;
        let queues = view.queues.iter().map(|queue| {
            vec![
                text::line(&queue.name),
                text::line(queue.function.as_deref().unwrap_or("-")),
                queue.length.to_string(),
                queue.pending.to_string(),
                queue.lag.map_or_else(|| "-".to_owned(), |lag| lag.to_string()),
            ]
        });
        let heading = ["QUEUE", "FUNCTION", "LENGTH", "HELD", "WAITING"];
        Output::text(&("\n".to_owned() + &table::render(output, &heading, &queues.collect::<Vec<_>>())))?;
        if let Some(error) = view.transport_error {
            output.note(&format!("note: {}", text::line(&error)));
        }
        Ok(ExitCode::SUCCESS)
    }
}
