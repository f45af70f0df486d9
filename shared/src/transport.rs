//! Doorbells between functions. Losing, repeating or reordering any message loses and repeats nothing: what was accepted
//! is a row, and a sweep rings again.

mod memory;

use std::sync::Arc;
use std::time::Duration;

pub use memory::Memory;

/// A message on its way to a topic.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Topic.
    pub topic: String,
    /// Messages of one key are published in order.
    pub key: String,
    /// `msg_` id.
    pub message_id: String,
    /// The envelope as JSON text.
    pub body: Arc<str>,
}

/// A message in the hands of one consumer, hidden from the others until it is acknowledged or its visibility ends.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names this very delivery.
    pub receipt: u64,
    /// Where it was published.
    pub topic: String,
    /// `msg_` id.
    pub message_id: String,
    /// The envelope as JSON text.
    pub body: Arc<str>,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// A function and the topics it wants. A topic ending in `*` means all that begin with what stands before.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Names the queue.
    pub function: &'static str,
    /// Topics.
    pub topics: Vec<String>,
}

impl Subscription {
    fn wants(&self, topic: &str) -> bool {
        self.topics.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(prefix) => topic.starts_with(prefix),
            None => wanted == topic,
        })
    }
}

/// How the transport fails.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// It does not answer; trying later may help, however long it takes.
    #[error("the transport does not answer: {0}")]
    Unreachable(String),
    /// It refuses this one message.
    #[error("the transport refuses the message: {0}")]
    Refused(String),
}

/// What every transport does. The conformance suite says it precisely.
pub trait Transport: Clone + Send + Sync + 'static {
    /// Publishes messages in order; one answer per message.
    fn publish(&self, messages: Vec<Outgoing>) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// Takes up to `max` messages of a function's queue, waiting up to `wait` for the first.
    fn receive(
        &self,
        function: &str,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Delivery>, TransportError>> + Send;

    /// The messages are done with. Acknowledging what is not held any more is harmless.
    fn ack(&self, function: &str, deliveries: &[Delivery]) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Gives a message back, to be delivered again after `delay`.
    fn retry_after(
        &self,
        function: &str,
        delivery: &Delivery,
        delay: Duration,
    ) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Keeps a message hidden for `visibility` from now.
    fn extend(
        &self,
        function: &str,
        delivery: &Delivery,
        visibility: Duration,
    ) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Whether it answers.
    fn check(&self) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Ends it; a second call, or one on what never started, is harmless.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
