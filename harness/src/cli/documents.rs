//! What the commands read in the server's documents: the members they show, and nothing else, so that a newer server with
//! more words is still understood.

use serde::Deserialize;
use serde_json::Value;

/// A thread as lists and details show it (FORUM-11).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ThreadView {
    pub(super) thread_id: String,
    pub(super) kind: String,
    pub(super) ticket: String,
    pub(super) run_id: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) agent_name: Option<String>,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) priority: String,
    pub(super) assignee: Option<String>,
    pub(super) opened_by: String,
    pub(super) opened_by_type: String,
    pub(super) posts_count: i64,
    pub(super) options: Vec<String>,
    #[serde(rename = "default")]
    pub(super) default_answer: Option<String>,
    pub(super) deadline: Option<String>,
    pub(super) guidance_status: Option<String>,
    pub(super) answer: Option<AnswerView>,
    pub(super) opened_at: String,
    pub(super) updated_at: String,
    pub(super) closed_at: Option<String>,
}

/// The answer in force.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AnswerView {
    pub(super) answer: String,
    pub(super) option: Option<String>,
    pub(super) answered_by: String,
    pub(super) answered_by_type: String,
    pub(super) answered_at: String,
}

/// One thread with its posts (FORUM-13).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ThreadDetail {
    pub(super) thread: ThreadView,
    pub(super) posts: Vec<PostView>,
    pub(super) truncated: bool,
}

/// One post.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PostView {
    pub(super) post_id: String,
    pub(super) kind: String,
    pub(super) actor_type: String,
    pub(super) actor_name: String,
    pub(super) body: String,
    pub(super) option: Option<String>,
    pub(super) created_at: String,
}

/// One event of the log (LOG-2).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventView {
    pub(super) pos: i64,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    pub(super) thread_id: Option<String>,
    pub(super) actor_type: String,
    pub(super) actor_name: String,
    pub(super) recorded_at: String,
    pub(super) payload: Value,
}

impl EventView {
    /// A text of the payload.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.payload.get(member)?.as_str()
    }
}

/// The outcome of a command: what `POST` answers, or what a later look at the command shows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    command: CommandView,
    thread: Option<ThreadView>,
    ignored: bool,
    // A later look has the command's own members at the top.
    command_id: Option<String>,
    status: Option<String>,
    pos: Option<i64>,
    result: Option<Finding>,
}

/// What an applied command came to, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Finding {
    ignored: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommandView {
    command_id: Option<String>,
    status: Option<String>,
    pos: Option<i64>,
}

impl Outcome {
    pub(super) fn command_id(&self) -> &str {
        self.command.command_id.as_deref().or(self.command_id.as_deref()).unwrap_or_default()
    }

    pub(super) fn status(&self) -> &str {
        self.command.status.as_deref().or(self.status.as_deref()).unwrap_or_default()
    }

    /// Position of the last event it caused, once it is applied.
    pub(super) fn pos(&self) -> Option<i64> {
        self.command.pos.or(self.pos)
    }

    pub(super) fn thread(&self) -> Option<&ThreadView> {
        self.thread.as_ref()
    }

    /// Whether what was sent was taken and not heeded: nothing was changed.
    pub(super) fn ignored(&self) -> bool {
        self.ignored || self.result.as_ref().is_some_and(|found| found.ignored)
    }
}

/// A page of a list (HTTP-5).
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    #[serde(default)]
    pub(super) next_cursor: Option<String>,
}

/// An API key without its secret.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyView {
    pub(super) key_id: String,
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) project_id: Option<String>,
    pub(super) actor_type: Option<String>,
    pub(super) actor_name: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) revoked_at: Option<String>,
    pub(super) rate_limit: Option<u32>,
}

/// A new API key with its secret.
#[derive(Deserialize)]
pub(super) struct NewKey {
    pub(super) key: KeyView,
    pub(super) secret: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    // CMD-2, CMD-3
    #[test]
    fn an_outcome_is_read_from_the_answer_and_from_a_later_look() {
        let in_time = r#"{"command":{"command_id":"cmd_1","status":"applied","pos":7},"thread":{"thread_id":"thr_1"}}"#;
        let later = r#"{"command_id":"cmd_1","name":"open_thread","status":"applied","pos":7,"result":{}}"#;
        for text in [in_time, later] {
            let outcome: Outcome = serde_json::from_str(text).expect("an outcome");
            assert_eq!((outcome.command_id(), outcome.status(), outcome.pos()), ("cmd_1", "applied", Some(7)));
            assert!(!outcome.ignored());
        }
    }

    // SESSION-22, PR-3
    #[test]
    fn what_was_not_heeded_is_known_from_the_answer_and_from_a_later_look() {
        let later = r#"{"command_id":"cmd_1","status":"applied","result":{"session_id":"mer-1","ignored":true}}"#;
        for text in [r#"{"ignored":true}"#, later] {
            let outcome: Outcome = serde_json::from_str(text).expect("an outcome");
            assert!(outcome.ignored(), "{text}");
        }
    }
}
