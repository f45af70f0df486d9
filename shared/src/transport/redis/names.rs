//! What things are called on the server. Every key begins with the database's prefix: two databases never meet.

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
