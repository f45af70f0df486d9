//! One of the cast on the stage: who, with which key, how fast, and to whom it is told.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::client::{Client, ClientError, Settings};
use shared::clock::{Clock, Time};
use shared::id::Ids;
use tokio::sync::mpsc;

use super::Act;

/// The length of pauses repeats from play to play.
const SEED: u64 = 7;
/// Longest time for one request.
const PATIENCE: Duration = Duration::from_secs(15);
/// Keys of a demonstration end with its day.
const KEYS_LAST: Duration = Duration::from_secs(24 * 60 * 60);
/// No pause is shorter, however fast the play.
const SHORTEST: Duration = Duration::from_millis(20);
/// Nor is a pause between two looks at the same thing: a fast play shall work, not look.
const SHORTEST_LOOK: Duration = Duration::from_millis(200);
/// No deadline is nearer: it must still lie ahead when the server reads it.
const NEAREST: Duration = Duration::from_secs(2);

/// Where the cast comes in: the owner's key makes one for each.
pub(super) struct Door {
    owner: Client,
    server: String,
    speed: u32,
    acts: mpsc::Sender<Act>,
}

/// One of the cast.
pub(super) struct Stage {
    client: Client,
    pub(super) actor: &'static str,
    speed: u32,
    pace: Ids,
    acts: mpsc::Sender<Act>,
}

/// What an act is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) ticket: &'a str,
    pub(super) run: Option<&'a str>,
    pub(super) thread: Option<&'a str>,
}

/// The secret of a new key.
#[derive(Deserialize)]
struct NewKey {
    secret: String,
}

/// A command's answer: what it was about, as it shows now; only its id when it was finished late.
#[derive(Deserialize)]
struct Answered {
    thread: Option<Named>,
    run: Option<Named>,
    session: Option<Named>,
    result: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "thread_id")]
    thread: Option<String>,
    #[serde(rename = "run_id")]
    run: Option<String>,
    #[serde(rename = "session_id")]
    session: Option<String>,
}

impl Answered {
    fn id(self) -> Option<String> {
        let thread = self.thread.and_then(|named| named.thread);
        let run = self.run.and_then(|named| named.run);
        let session = self.session.and_then(|named| named.session);
        let late = self.result.and_then(|named| named.thread.or(named.run).or(named.session));
        thread.or(run).or(session).or(late)
    }
}

fn client(server: &str, key: &str) -> anyhow::Result<Client> {
    let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
    let settings = Settings { server: server.to_owned(), key: Some(key.to_owned()), project: None, timeout: PATIENCE };
    Ok(Client::new(settings, ids)?)
}

/// Each has a pace of its own, and the same one in every play.
fn pace_of(name: &str) -> Ids {
    let own = name.bytes().fold(SEED, |own, byte| own.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Ids::seeded(Clock::System, own)
}

/// The body of a control signal: the payload names run and agent once more.
pub(super) fn signal(run_id: &str, agent: &str, mut payload: Value) -> Value {
    payload["schema_version"] = json!(1);
    payload["run_id"] = json!(run_id);
    payload["agent_name"] = json!(agent);
    json!({ "run_id": run_id, "agent_name": agent, "payload": payload })
}

impl Door {
    /// The door of a server.
    ///
    /// # Errors
    /// When the owner's key is none.
    pub(super) fn open(server: &str, key: &str, speed: u32, acts: mpsc::Sender<Act>) -> anyhow::Result<Self> {
        Ok(Self { owner: client(server, key)?, server: server.to_owned(), speed, acts })
    }

    /// Lets one in, with a key of its own.
    pub(super) async fn enter(&self, actor_type: &str, actor: &'static str) -> anyhow::Result<Stage> {
        let expires_at = Clock::System.now().plus(KEYS_LAST);
        let wanted = json!({
            "name": format!("demo {actor}"),
            "scopes": ["forum:read", "forum:write"],
            "project_id": shared::auth::LOCAL_PROJECT,
            "actor": { "actor_type": actor_type, "actor_name": actor },
            "expires_at": expires_at,
        });
        let key: NewKey = self.owner.create(&["keys"], &wanted).await?.read()?;
        Ok(self.stage(client(&self.server, &key.secret)?, actor))
    }

    /// Somebody without a key of their own. What became of their doing only the owner may see.
    pub(super) fn stranger(&self) -> Stage {
        self.stage(self.owner.clone(), "stranger")
    }

    fn stage(&self, client: Client, actor: &'static str) -> Stage {
        Stage { client, actor, speed: self.speed, pace: pace_of(actor), acts: self.acts.clone() }
    }
}

impl Stage {
    /// The same one, who does something else at the same time, at a pace of its own.
    pub(super) fn beside(&self, name: &str) -> Self {
        let (client, acts) = (self.client.clone(), self.acts.clone());
        Self { client, actor: self.actor, speed: self.speed, pace: pace_of(name), acts }
    }

    /// Takes between `least` and `most` seconds of human time.
    pub(super) async fn pause(&self, least: u32, most: u32) {
        tokio::time::sleep(self.length(least, most).max(SHORTEST)).await;
    }

    /// As [`Stage::pause`], before another look at the same thing.
    pub(super) async fn look_again(&self, least: u32, most: u32) {
        tokio::time::sleep(self.length(least, most).max(SHORTEST_LOOK)).await;
    }

    fn length(&self, least: u32, most: u32) -> Duration {
        let seconds = f64::from(least) + self.chance() * f64::from(most - least);
        Duration::from_secs_f64(seconds / f64::from(self.speed))
    }

    /// A number in `0.0..1.0`.
    pub(super) fn chance(&self) -> f64 {
        self.pace.fraction()
    }

    /// The instant that lies so many seconds of human time ahead.
    pub(super) fn deadline_in(&self, seconds: u32) -> Time {
        let ahead = Duration::from_secs_f64(f64::from(seconds) / f64::from(self.speed));
        Clock::System.now().plus(ahead.max(NEAREST))
    }

    /// Reads a document.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        self.client.get(path, query).await?.read()
    }

    /// Writes what is no command and may be written twice.
    pub(super) async fn post(&self, path: &[&str], body: &Value) -> Result<(), ClientError> {
        self.client.create(path, body).await?;
        Ok(())
    }

    /// Sends a command; the id of its thread, run or session.
    pub(super) async fn command(&self, path: &[&str], body: &Value) -> Result<Option<String>, ClientError> {
        let key = self.client.new_idempotency_key();
        let answered: Answered = self.client.command(path, &[], body, &key).await?.read()?;
        Ok(answered.id())
    }

    /// Sends a control signal; the id of its control thread.
    pub(super) async fn signal(
        &self,
        run_id: &str,
        agent: &str,
        payload: Value,
    ) -> Result<Option<String>, ClientError> {
        self.command(&["forum", "control", "signal"], &signal(run_id, agent, payload)).await
    }

    pub(super) async fn tell(&self, does: &'static str, about: About<'_>, text: impl Into<String>) {
        let act = Act {
            actor: self.actor,
            does,
            ticket: about.ticket.to_owned(),
            run_id: about.run.map(str::to_owned),
            thread_id: about.thread.map(str::to_owned),
            text: text.into(),
        };
        // Nobody listens any more when the play is over.
        let _ = self.acts.send(act).await;
    }

    /// A server that does not answer for a while is no reason to leave.
    pub(super) async fn complain(&self, about: About<'_>, error: &ClientError) {
        self.tell("stumbles", about, error.to_string()).await;
        self.pause(10, 20).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_in_an_answer_is_found_whatever_it_is_about_and_however_late_it_came() {
        let id = |answer: Value| serde_json::from_value::<Answered>(answer).ok().and_then(Answered::id);
        assert_eq!(id(json!({ "thread": { "thread_id": "thr_1", "run_id": "run_1" } })).as_deref(), Some("thr_1"));
        assert_eq!(id(json!({ "run": { "run_id": "run_1", "title": "x" } })).as_deref(), Some("run_1"));
        let session = json!({ "session": { "session_id": "local-1", "run_id": "run_1" } });
        assert_eq!(id(session).as_deref(), Some("local-1"));
        assert_eq!(id(json!({ "result": { "session_id": "local-2" } })).as_deref(), Some("local-2"));
        assert_eq!(id(json!({ "result": { "thread_id": "ctl_1" } })).as_deref(), Some("ctl_1"));
        assert_eq!(id(json!({ "command": { "status": "accepted" } })), None);
    }

    #[test]
    fn paces_repeat_and_differ() {
        let first = |name| pace_of(name).fraction().to_bits();
        assert_eq!(first("mara"), first("mara"));
        assert_ne!(first("mara"), first("jonas"));
    }
}
