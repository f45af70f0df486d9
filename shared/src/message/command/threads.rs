//! The commands on threads.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check::{Check, Deadline};
use super::{Command, Subject};
use crate::clock::Time;
use crate::error::FieldError;
use crate::id::Kind;
use crate::value::{OnTimeout, Priority, Scope, ThreadState};

/// Opens a thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpenThread {
    /// 1 to 200 characters.
    #[schema(required = true, min_length = 1, max_length = 200)]
    pub title: String,
    /// 1 to 65 536 bytes.
    #[schema(required = true, min_length = 1, max_length = 65536)]
    pub body: String,
    /// 1 to 128 characters.
    #[schema(required = true, min_length = 1, max_length = 128)]
    pub ticket: String,
    /// The run it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The agent that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// The session that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Default `normal`.
    pub priority: Priority,
    /// Who should answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// 0 to 9 distinct answers to choose from, 1 to 200 characters each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 9)]
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// RFC 3339, in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// What the deadline does; default `wait`.
    pub on_timeout: OnTimeout,
}

impl Command for OpenThread {
    const NAME: &'static str = "open_thread";
    const OPENS: bool = true;

    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let payload = Self {
            title: check.name("title", &self.title, 200),
            body: check.body("body", &self.body),
            ticket: check.name("ticket", &self.ticket, 128),
            run_id: check.optional_name("run_id", self.run_id.as_deref()),
            agent_name: check.optional_name("agent_name", self.agent_name.as_deref()),
            session_id: check.optional_name("session_id", self.session_id.as_deref()),
            priority: self.priority,
            assignee: check.optional_name("assignee", self.assignee.as_deref()),
            options: check.options(&self.options),
            default: check.optional_text("default", self.default.as_deref(), 200),
            deadline: self.deadline,
            on_timeout: self.on_timeout,
        };
        check.deadline(&Deadline {
            at: payload.deadline,
            on_timeout: payload.on_timeout,
            default: payload.default.as_deref(),
            options: &payload.options,
            now,
        });
        check.done(payload)
    }

    fn subject(&self, _scope: &Scope, command: Uuid) -> Subject {
        Subject::Thread(Kind::Thread.with(command))
    }
}

/// Adds a post to a thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddPost {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// 1 to 65 536 bytes.
    #[schema(required = true, min_length = 1, max_length = 65536)]
    pub body: String,
}

impl Command for AddPost {
    const NAME: &'static str = "add_post";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let payload = Self { body: check.body("body", &self.body), thread_id: self.thread_id };
        check.done(payload)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

/// Answers a thread's question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerThread {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// 1 to 65 536 bytes.
    #[schema(required = true, min_length = 1, max_length = 65536)]
    pub body: String,
    /// One of the thread's options, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Corrects an answer that a person gave; default false.
    pub amend: bool,
}

impl Command for AnswerThread {
    const NAME: &'static str = "answer_thread";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let payload = Self {
            body: check.body("body", &self.body),
            option: check.optional_text("option", self.option.as_deref(), 200),
            amend: self.amend,
            thread_id: self.thread_id,
        };
        check.done(payload)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

/// Says who should answer a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignThread {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// At most 128 characters; `""` unassigns.
    #[schema(max_length = 128)]
    pub assignee: String,
}

impl Command for AssignThread {
    const NAME: &'static str = "assign_thread";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let assignee = check.optional_name("assignee", Some(&self.assignee)).unwrap_or_default();
        check.done(Self { assignee, thread_id: self.thread_id })
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

/// Moves a thread to another state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeThreadState {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// The state to move to; `closed` closes the thread, for good.
    pub state: ThreadState,
}

impl Command for ChangeThreadState {
    const NAME: &'static str = "change_thread_state";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        Ok(self)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

/// Says how urgent a thread is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetThreadPriority {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// The urgency.
    pub priority: Priority,
}

impl Command for SetThreadPriority {
    const NAME: &'static str = "set_thread_priority";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        Ok(self)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

/// Closes a thread, for good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseThread {
    /// Taken from the path.
    #[schema(ignore)]
    pub thread_id: String,
    /// Why, at most 2 000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Command for CloseThread {
    const NAME: &'static str = "close_thread";

    fn normalise(self, _now: Time) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        let payload =
            Self { reason: check.optional_text("reason", self.reason.as_deref(), 2000), thread_id: self.thread_id };
        check.done(payload)
    }

    fn subject(&self, _scope: &Scope, _command: Uuid) -> Subject {
        Subject::Thread(self.thread_id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-1
    #[test]
    fn opening_names_every_field_that_is_wrong() {
        let errors = OpenThread { title: " ".into(), ticket: "x".repeat(129), ..OpenThread::default() }
            .normalise(Time(0))
            .expect_err("three fields are wrong");
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/title", "/body", "/ticket"]);
    }

    // FORUM-23, SIGNAL-10
    #[test]
    fn a_default_must_be_an_option_and_needs_its_deadline() {
        let open = OpenThread {
            title: "t".into(),
            body: "b".into(),
            ticket: "T-1".into(),
            options: vec!["yes".into(), "yes".into()],
            default: Some("maybe".into()),
            on_timeout: OnTimeout::Default,
            ..OpenThread::default()
        };
        let errors = open.normalise(Time(0)).expect_err("options, deadline and default are wrong");
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/options", "/deadline", "/default"]);
    }

    // SEC-6
    #[test]
    fn control_characters_leave_bodies_and_are_refused_in_names() {
        let post = AddPost { thread_id: "thr".into(), body: " a\u{1b}[31m\tb\0\n".into() }.normalise(Time(0));
        assert_eq!(post.map(|post| post.body), Ok("a[31m\tb".into()));
        let open =
            OpenThread { title: "a\u{7}b".into(), body: "b".into(), ticket: "T".into(), ..OpenThread::default() };
        assert_eq!(open.normalise(Time(0)).expect_err("a bell in the title")[0].pointer, "/title");
    }
}
