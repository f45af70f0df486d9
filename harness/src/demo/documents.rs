//! The API's documents, as far as the play looks at them.

use serde::Deserialize;

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
}

/// A thread.
#[derive(Deserialize)]
pub(super) struct Thread {
    #[serde(rename = "thread_id")]
    pub(super) id: String,
    pub(super) title: String,
    pub(super) ticket: String,
    #[serde(rename = "run_id")]
    pub(super) run: Option<String>,
    #[serde(rename = "agent_name")]
    pub(super) agent: Option<String>,
    pub(super) state: String,
    pub(super) options: Vec<String>,
    pub(super) guidance_status: Option<String>,
    pub(super) answer: Option<Given>,
    pub(super) last_actor_type: String,
}

/// The answer in force.
#[derive(Deserialize)]
pub(super) struct Given {
    pub(super) answer: String,
    pub(super) answered_by: String,
}

/// A thread with what was said and what happened.
#[derive(Deserialize)]
pub(super) struct Detail {
    pub(super) thread: Thread,
    pub(super) posts: Vec<Post>,
    pub(super) events: Vec<Event>,
}

#[derive(Deserialize)]
pub(super) struct Post {
    pub(super) kind: String,
}

#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// A run.
#[derive(Deserialize)]
pub(super) struct Started {
    #[serde(rename = "run_id")]
    pub(super) id: String,
    pub(super) title: String,
    pub(super) state: String,
}

/// A run and how its agents stand.
#[derive(Deserialize)]
pub(super) struct Snapshot {
    pub(super) run: Started,
    pub(super) agents: Vec<Member>,
}

#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) completion: bool,
    pub(super) validation: Option<String>,
}

/// A session.
#[derive(Deserialize)]
pub(super) struct Begun {
    #[serde(rename = "session_id")]
    pub(super) id: String,
}

/// What an agent has not read.
#[derive(Deserialize)]
pub(super) struct Inbox {
    pub(super) items: Vec<Item>,
    /// What says that these are read.
    pub(super) next_ack: i64,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) kind: String,
    pub(super) body: String,
}

/// What a person is told.
#[derive(Deserialize)]
pub(super) struct Notice {
    #[serde(rename = "notification_id")]
    pub(super) id: String,
    pub(super) title: String,
    pub(super) ticket: Option<String>,
    #[serde(rename = "run_id")]
    pub(super) run: Option<String>,
    #[serde(rename = "agent_name")]
    pub(super) agent: Option<String>,
}

/// A dead letter.
#[derive(Deserialize)]
pub(super) struct Letter {
    pub(super) id: String,
    #[serde(rename = "message_id")]
    pub(super) message: String,
}

impl Thread {
    /// Whether the system did the last thing in it. Of a question that still waits that says: it is overdue.
    pub(super) fn is_pressed(&self) -> bool {
        self.last_actor_type == "system"
    }
}

impl Started {
    /// Whether nothing of the run's work goes on.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "closed" | "stopping" | "stopped" | "failed")
    }
}

impl Snapshot {
    /// An agent of the run.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.agents.iter().find(|member| member.name == name)
    }

    /// Whether nothing of the run's work goes on.
    pub(super) fn is_over(&self) -> bool {
        self.run.is_over()
    }
}
