//! A fleet to look at: agents that work in runs and open pull requests, an operator who starts and checks them, and people
//! who answer, through the public API like everybody else. What is played is a script with a seed; when it happens is human
//! speed, or a multiple of it.

mod agents;
mod documents;
mod operator;
mod people;
mod pulls;
mod questions;
mod runs;
mod sessions;
mod stage;
mod stray;

use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use shared::transport::Backend;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use runs::RUNS;
use stage::Door;
use stray::Stray;

/// Who starts the runs and checks the work.
const OPERATOR: &str = "dispatch";
/// People who answer, and end what is completed.
const PEOPLE: [&str; 3] = ["mara", "jonas", "imke"];
/// What stands for a ticket in an act that is about none.
const NO_TICKET: &str = "-";

/// One thing that somebody did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Act {
    /// Who.
    pub(crate) actor: &'static str,
    /// What. In the forum: `asks`, `adds`, `answers`, `thanks`, `closes`. In a run: `starts`, `requests`, `resumes`,
    /// `defaults`, `parks`, `waits`, `completes`, `fails`, `passes`, `ends`, `stops`. In a session: `joins`, `waits`,
    /// `heeds`, `leaves`; with its pull request: `opens`, `pushes`, `hears`, `lands`. Elsewhere: `notices`, `strays`,
    /// `stumbles`.
    pub(crate) does: &'static str,
    /// The ticket it is about.
    pub(crate) ticket: String,
    /// In which run, if in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
    /// In which thread, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread_id: Option<String>,
    /// In their words.
    pub(crate) text: String,
}

/// The play as it goes on. Dropping it ends it.
pub(crate) struct Play {
    acts: mpsc::Receiver<Act>,
    _cast: JoinSet<()>,
}

impl Play {
    /// Gives everybody a key of their own and lets them begin, `speed` times as fast as people are. `transport` is what a
    /// stranger's message comes by: no request to the API leaves a dead letter.
    ///
    /// # Errors
    /// When the owner's key cannot be read or makes no keys.
    pub(crate) async fn begin(server: &str, key_file: &Path, speed: u32, transport: Backend) -> anyhow::Result<Self> {
        let key = std::fs::read_to_string(key_file)
            .with_context(|| format!("the play needs the owner's key of auth.mode=local in {}", key_file.display()))?;
        let (sender, acts) = mpsc::channel(64);
        let door = Door::open(server, key.trim(), speed, sender)?;
        let mut cast = JoinSet::new();
        for name in PEOPLE {
            cast.spawn(people::play(door.enter("human", name).await?));
        }
        let operator = door.enter("operator", OPERATOR).await?;
        for run in &RUNS {
            let crew = watch::Sender::new(None);
            for part in &run.agents {
                let stage = door.enter("agent", part.name).await?;
                cast.spawn(agents::play(stage, run, part, crew.subscribe()));
            }
            cast.spawn(operator::play(operator.beside(run.title), run, crew));
        }
        cast.spawn(Stray::new(transport)?.play(door.stranger()));
        Ok(Self { acts, _cast: cast })
    }

    /// What happens next; none when everybody has left, which nobody does.
    pub(crate) async fn next(&mut self) -> Option<Act> {
        self.acts.recv().await
    }
}
