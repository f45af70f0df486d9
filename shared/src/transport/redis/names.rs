//! Where the server is, and what things are called there. Every key begins with the database's prefix: two databases never meet.

use std::time::Duration;

/// Where the server is, and how this process appears there.
#[derive(Clone)]
pub struct Settings {
    /// The server; may hold a password.
    pub url: String,
    /// What the names of all streams begin with: `redis.stream` and the database's id.
    pub prefix: String,
    /// What the names of all groups begin with.
    pub group: String,
    /// This process among the consumers.
    pub consumer: String,
    /// How long a received message stays hidden from other consumers.
    pub visibility: Duration,
    /// Deliveries after which a message is given up.
    pub receive_max: u32,
}

/// The names of one database's keys and groups.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) prefix: String,
    pub(super) group: String,
}

impl Names {
    /// The stream of a topic.
    pub(super) fn stream(&self, topic: &str) -> String {
        format!("{}:{topic}", self.prefix)
    }

    /// The topic of a stream.
    pub(super) fn topic<'a>(&self, stream: &'a str) -> &'a str {
        stream.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(stream)
    }

    /// The stream in which messages come back to one function.
    pub(super) fn again(&self, function: &str) -> String {
        format!("{}:again:{function}", self.prefix)
    }

    /// Messages of one function that wait for their time.
    pub(super) fn later(&self, function: &str) -> String {
        format!("{}:later:{function}", self.prefix)
    }

    /// The list of topics.
    pub(super) fn topics(&self) -> String {
        format!("{}:topics", self.prefix)
    }

    /// The stream of messages that were given up.
    pub(super) fn dead(&self) -> String {
        format!("{}:dead", self.prefix)
    }

    /// The consumer group of a function.
    pub(super) fn group(&self, function: &str) -> String {
        format!("{}:{function}", self.group)
    }
}
