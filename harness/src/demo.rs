//! A fleet to look at: agents that ask and people that answer, through the public API like everybody else. What is played
//! is a script with a seed; when it happens is human speed, or a multiple of it.

mod agents;
mod people;
mod questions;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::client::{Client, ClientError, Settings};
use shared::clock::Clock;
use shared::id::Ids;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Agents of the fleet.
const AGENTS: [&str; 4] = ["planner", "builder", "tester", "migrator"];
/// People who answer them.
const PEOPLE: [&str; 2] = ["mara", "jonas"];
/// The order of questions and the length of pauses repeat from run to run.
const SEED: u64 = 7;
/// Longest time for one request.
const PATIENCE: Duration = Duration::from_secs(15);
/// Keys of a demonstration end with its day.
const KEYS_LAST: Duration = Duration::from_secs(24 * 60 * 60);
/// No pause is shorter, however fast the play.
const SHORTEST: Duration = Duration::from_millis(20);

/// One thing that somebody did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Act {
    /// Who.
    pub(crate) actor: &'static str,
    /// What: `asks`, `adds`, `answers`, `thanks`, `closes`, `waits`.
    pub(crate) does: &'static str,
    /// The ticket it is about.
    pub(crate) ticket: String,
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
    /// Gives everybody a key of their own and lets them begin, `speed` times as fast as people are.
    ///
    /// # Errors
    /// When the owner's key cannot be read or makes no keys.
    pub(crate) async fn begin(server: &str, key_file: &Path, speed: u32) -> anyhow::Result<Self> {
        let key = std::fs::read_to_string(key_file)
            .with_context(|| format!("the play needs the owner's key of auth.mode=local in {}", key_file.display()))?;
        let owner = client(server, key.trim())?;
        let (sender, acts) = mpsc::channel(64);
        let mut cast = JoinSet::new();
        let asked = Arc::<AtomicUsize>::default();
        for name in AGENTS {
            let stage = Stage::enter(&owner, server, "agent", name, speed, &sender).await?;
            cast.spawn(agents::play(stage, Arc::clone(&asked)));
        }
        for name in PEOPLE {
            let stage = Stage::enter(&owner, server, "human", name, speed, &sender).await?;
            cast.spawn(people::play(stage));
        }
        Ok(Self { acts, _cast: cast })
    }

    /// What happens next; none when everybody has left, which nobody does.
    pub(crate) async fn next(&mut self) -> Option<Act> {
        self.acts.recv().await
    }
}

fn client(server: &str, key: &str) -> anyhow::Result<Client> {
    let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
    let settings = Settings { server: server.to_owned(), key: Some(key.to_owned()), project: None, timeout: PATIENCE };
    Ok(Client::new(settings, ids)?)
}

/// One of the cast: who, with which key, how fast, and to whom it is told.
struct Stage {
    client: Client,
    actor: &'static str,
    speed: u32,
    pace: Ids,
    acts: mpsc::Sender<Act>,
}

/// The secret of a new key.
#[derive(Deserialize)]
struct NewKey {
    secret: String,
}

/// The thread of a command's answer.
#[derive(Deserialize)]
struct Answered {
    thread: Option<ThreadOf>,
}

#[derive(Deserialize)]
struct ThreadOf {
    thread_id: String,
}

impl Stage {
    async fn enter(
        owner: &Client,
        server: &str,
        actor_type: &'static str,
        actor: &'static str,
        speed: u32,
        acts: &mpsc::Sender<Act>,
    ) -> anyhow::Result<Self> {
        let expires_at = Clock::System.now().plus(KEYS_LAST);
        let wanted = json!({
            "name": format!("demo {actor}"),
            "scopes": ["forum:read", "forum:write"],
            "project_id": shared::auth::LOCAL_PROJECT,
            "actor": { "actor_type": actor_type, "actor_name": actor },
            "expires_at": expires_at,
        });
        let key: NewKey = owner.create(&["keys"], &wanted).await?.read()?;
        // Each has a pace of its own, and the same one in every run.
        let own = actor.bytes().fold(SEED, |own, byte| own.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let pace = Ids::seeded(Clock::System, own);
        Ok(Self { client: client(server, &key.secret)?, actor, speed, pace, acts: acts.clone() })
    }

    /// Takes between `least` and `most` seconds of human time.
    async fn pause(&self, least: u32, most: u32) {
        let seconds = f64::from(least) + self.pace.fraction() * f64::from(most - least);
        let pause = Duration::from_secs_f64(seconds / f64::from(self.speed));
        tokio::time::sleep(pause.max(SHORTEST)).await;
    }

    /// Sends a command; the id of its thread.
    async fn command(&self, path: &[&str], body: &Value) -> Result<Option<String>, ClientError> {
        let key = self.client.new_idempotency_key();
        let answered: Answered = self.client.command(path, body, &key).await?.read()?;
        Ok(answered.thread.map(|thread| thread.thread_id))
    }

    async fn tell(&self, does: &'static str, ticket: &str, thread_id: Option<&str>, text: impl Into<String>) {
        let act = Act {
            actor: self.actor,
            does,
            ticket: ticket.to_owned(),
            thread_id: thread_id.map(str::to_owned),
            text: text.into(),
        };
        // Nobody listens any more when the play is over.
        let _ = self.acts.send(act).await;
    }

    /// A server that does not answer for a while is no reason to leave.
    async fn complain(&self, ticket: &str, error: &ClientError) {
        self.tell("waits", ticket, None, error.to_string()).await;
        self.pause(10, 20).await;
    }
}
