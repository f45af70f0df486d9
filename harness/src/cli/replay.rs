//! `agentforum replay`: build a read model again beside the live one and watch it. The server does the work; leaving this
//! command stops nothing.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use serde_json::json;

use super::globals::{Globals, Session};
use super::output::Output;
use super::text;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Arguments of `replay`; it needs the scope `admin`.
#[derive(Args)]
pub(super) struct Replay {
    /// The projection, such as `thread-views`
    name: String,
    /// Compare the new generation with the live one; switch only if they are equal
    #[arg(long)]
    verify: bool,
    /// Stop the replay that runs, where it stands; `replay NAME` goes on from there
    #[arg(long, conflicts_with = "verify")]
    stop: bool,
}

/// A projection, as `GET /projections` shows it.
#[derive(Deserialize)]
struct Projection {
    name: String,
    generation: i64,
    pos: i64,
    head: i64,
    replay: Option<Progress>,
}

/// How far a replay is.
#[derive(Deserialize)]
struct Progress {
    state: String,
    pos: i64,
    rate: f64,
    eta_seconds: Option<f64>,
    error: Option<String>,
}

impl Replay {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let before = look(&session, &self.name).await?;
        let order = json!({ "verify": self.verify, "stop": self.stop });
        let document = session.client.create(&["projections", &self.name, "replay"], &order).await?;
        if self.stop {
            let stopped: Projection = document.read()?;
            let at = stopped.replay.filter(|replay| replay.state == "stopped");
            let said = at.map_or("no replay runs".to_owned(), |replay| format!("stopped at {}", replay.pos));
            if session.output.json {
                session.output.json(&document.text)?;
            } else {
                Output::text(&format!("{}  {said}", text::line(&self.name)))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        tokio::select! {
            biased;
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot listen for SIGINT")?;
                session.output.note("the replay goes on; `--stop` stops it");
                Ok(ExitCode::SUCCESS)
            }
            code = self.watch(&session, before.generation) => code,
        }
    }

    /// Until a generation above `before` is live, or the replay stands still.
    async fn watch(&self, session: &Session, before: i64) -> anyhow::Result<ExitCode> {
        let output = &session.output;
        let drawn = !output.json && std::io::stderr().is_terminal();
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "{msg:>10} [{bar:40}] {human_pos} of {human_len} events";
        bar.set_style(ProgressStyle::with_template(style).context("the progress bar's template")?);
        let mut said = String::new();
        loop {
            let projection = look(session, &self.name).await?;
            if projection.generation > before {
                bar.finish_and_clear();
                return done(output, &projection);
            }
            let Some(progress) = &projection.replay else {
                anyhow::bail!("the replay of {} is gone and did not take over", self.name);
            };
            match progress.state.as_str() {
                "failed" => {
                    bar.finish_and_clear();
                    anyhow::bail!("{}", text::line(progress.error.as_deref().unwrap_or("the replay failed")));
                }
                "stopped" => {
                    bar.finish_and_clear();
                    anyhow::bail!("the replay was stopped at {}; `replay {}` goes on", progress.pos, self.name);
                }
                _ => {}
            }
            bar.set_length(u64::try_from(projection.head).unwrap_or(0));
            bar.set_position(u64::try_from(progress.pos).unwrap_or(0));
            bar.set_message(progress.state.clone());
            if !drawn {
                let line = json!({
                    "state": progress.state, "pos": progress.pos, "head": projection.head,
                    "rate": progress.rate.round(), "eta": progress.eta_seconds.map(f64::round),
                })
                .to_string();
                if line != said {
                    Output::text(&line)?;
                    said = line;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn done(output: &Output, projection: &Projection) -> anyhow::Result<ExitCode> {
    let (generation, pos, head) = (projection.generation, projection.pos, projection.head);
    if output.json {
        let done = json!({ "state": "live", "generation": generation, "pos": pos, "head": head });
        output.json(&done.to_string())?;
    } else {
        Output::text(&format!("{}  generation {generation} is live at {pos} of {head}", text::line(&projection.name)))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn look(session: &Session, name: &str) -> anyhow::Result<Projection> {
    let projections: Vec<Projection> = session.client.get(&["projections"], &[]).await?.read()?;
    let known = projections.iter().map(|projection| projection.name.clone()).collect::<Vec<_>>().join(", ");
    let found = projections.into_iter().find(|projection| projection.name == name);
    found.with_context(|| format!("there is no projection {}; there are: {known}", text::line(name)))
}
