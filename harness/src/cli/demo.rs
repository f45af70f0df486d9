//! `demo`: the whole system on a database of its own, with a fleet that uses it. One line per act.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use shared::config::{Config, ConfigFlags, Source};
use shared::transport::Backend;

use super::globals::{Globals, LOCAL_KEY};
use super::output::Output;
use super::text;
use crate::demo::{Act, Play};
use crate::up;

/// Where the demonstration keeps its data: in a directory of its own, so that its key and its runtime files are not those of
/// a system that works.
const DATABASE: &str = ".agentforum/demo/demo.db";
/// Texts of acts are cut here.
const TEXT_WIDTH: usize = 100;

/// Arguments of `demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// How many times faster than people everything happens
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    #[command(flatten)]
    flags: ConfigFlags,
}

impl Demo {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let config = settings(globals, self.flags)?;
        let output = globals.output();
        let (key_file, speed) = (config.db.place().with_file_name(LOCAL_KEY), self.speed);
        output.note(&format!("playing on {}; stop with Ctrl-C", config.db));
        up::run_with(config, globals.json, |harness| {
            let (url, transport) = (harness.url.clone(), harness.ctx.transport.clone());
            async move {
                let Err(error) = watch(&url, &key_file, speed, transport, &output).await else {
                    return anyhow::anyhow!("everybody has left the play");
                };
                error
            }
        })
        .await
    }
}

/// The settings of `up`, with a database and a calm of its own unless somebody chose others; deadlines that a fast play
/// brings near are looked for more often.
fn settings(globals: &Globals, given: ConfigFlags) -> anyhow::Result<Config> {
    let chosen = globals.settings(&given)?;
    let is_default =
        |key: &str| chosen.settings().iter().any(|setting| setting.key == key && setting.source == Source::Default);
    let own = [("db", DATABASE), ("log.level", "warn"), ("guidance.sweep", "1s")];
    let own = own.into_iter().filter(|(key, _)| is_default(key));
    let mut flags: BTreeMap<_, _> = own.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    flags.extend(given.0);
    globals.settings(&ConfigFlags(flags))
}

async fn watch(url: &str, key_file: &Path, speed: u32, transport: Backend, output: &Output) -> anyhow::Result<()> {
    let mut play = Play::begin(url, key_file, speed, transport).await?;
    while let Some(act) = play.next().await {
        if output.json {
            output.json(&serde_json::to_string(&act)?)?;
        } else {
            Output::text(&line(&act))?;
        }
    }
    Ok(())
}

fn line(act: &Act) -> String {
    let Act { actor, does, ticket, text, .. } = act;
    format!("{actor:<16} {does:<9} {:<8} {}", text::line(ticket), text::short(text, TEXT_WIDTH)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_one_calm_line() {
        let act = Act {
            actor: "ledger-planner",
            does: "asks",
            ticket: "PAY-214".to_owned(),
            run_id: Some("run_1".to_owned()),
            thread_id: None,
            text: "May it\nlock?".to_owned(),
        };
        assert_eq!(line(&act), "ledger-planner   asks      PAY-214  May it lock?");
    }
}
