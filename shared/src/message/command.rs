//! Commands: what somebody wants done to one stream. A payload is checked and put into its normal form once, at the door;
//! what is stored and later decided on is that form.

use std::collections::HashSet;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Time;
use crate::error::FieldError;
use crate::id::Kind;
use crate::value::{OnTimeout, Priority};

/// A command's payload: its name, its checks, and the stream it is about.
pub trait Command: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name, as in `forum.commands.<name>`.
    const NAME: &'static str;

    /// Puts the payload into its normal form.
    ///
    /// # Errors
    /// One entry per field that is wrong.
    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>>;

    /// The thread this command is about. One that opens a thread makes the thread's id from its own UUID, so that a
    /// repeated delivery cannot open a second one.
    fn thread_id(&self, command: Uuid) -> String;
}

/// The queue topic of a command.
#[must_use]
pub fn topic_of(name: &str) -> String {
    format!("forum.commands.{name}")
}

/// The stream of a thread.
#[must_use]
pub fn thread_stream(thread_id: &str) -> String {
    format!("thread/{thread_id}")
}

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
        check.deadline(&payload, now);
        check.done(payload)
    }

    fn thread_id(&self, command: Uuid) -> String {
        Kind::Thread.with(command)
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

    fn thread_id(&self, _command: Uuid) -> String {
        self.thread_id.clone()
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

    fn thread_id(&self, _command: Uuid) -> String {
        self.thread_id.clone()
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

    fn thread_id(&self, _command: Uuid) -> String {
        self.thread_id.clone()
    }
}

/// Collects complaints field by field while a payload is put into its normal form.
#[derive(Debug, Default)]
struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    fn complain(&mut self, field: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::at(field, detail));
    }

    /// One line: trimmed, 1 to `max` characters, no control characters.
    fn name(&mut self, field: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            self.complain(field, "is required");
        } else if length > max {
            self.complain(field, format!("must have at most {max} characters, has {length}"));
        } else if text.chars().any(char::is_control) {
            self.complain(field, "must not contain control characters");
        }
        text.to_owned()
    }

    /// As [`Check::name`] with 128 characters; blank counts as absent.
    fn optional_name(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        Some(self.name(field, text, 128))
    }

    /// Free text: cleaned, trimmed, at most `max` characters; blank counts as absent.
    fn optional_text(&mut self, field: &str, text: Option<&str>, max: usize) -> Option<String> {
        let text = clean(text?);
        let text = text.trim();
        if text.chars().count() > max {
            self.complain(field, format!("must have at most {max} characters"));
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A post's body: cleaned, trimmed, 1 to 65 536 bytes.
    fn body(&mut self, field: &str, text: &str) -> String {
        const MAX: usize = 65_536;
        let text = clean(text);
        let text = text.trim();
        if text.is_empty() {
            self.complain(field, "is required");
        } else if text.len() > MAX {
            self.complain(field, format!("must have at most {MAX} bytes, has {}", text.len()));
        }
        text.to_owned()
    }

    fn options(&mut self, options: &[String]) -> Vec<String> {
        let options: Vec<String> = options.iter().map(|option| clean(option).trim().to_owned()).collect();
        if options.len() > 9 {
            self.complain("options", "must have at most 9 entries");
        }
        if options.iter().any(|option| !(1..=200).contains(&option.chars().count())) {
            self.complain("options", "each option must have 1 to 200 characters");
        }
        if options.iter().collect::<HashSet<_>>().len() != options.len() {
            self.complain("options", "must be distinct");
        }
        options
    }

    /// SIGNAL-10: a deadline lies ahead, and what it does has what it needs.
    fn deadline(&mut self, payload: &OpenThread, now: Time) {
        if payload.deadline.is_some_and(|deadline| deadline <= now) {
            self.complain("deadline", "must lie in the future");
        }
        if payload.on_timeout != OnTimeout::Wait && payload.deadline.is_none() {
            self.complain("deadline", "is required by on_timeout");
        }
        match &payload.default {
            None if payload.on_timeout == OnTimeout::Default => self.complain("default", "is required by on_timeout"),
            Some(default) if !payload.options.is_empty() && !payload.options.contains(default) => {
                self.complain("default", "must be one of the options");
            }
            _ => {}
        }
    }

    fn done<T>(self, payload: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(payload) } else { Err(self.errors) }
    }
}

/// Text by others without control characters other than tab and newline.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect()
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
