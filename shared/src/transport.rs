//! Doorbells between functions. Losing, repeating or reordering any message loses and repeats nothing: what was accepted
//! is a row, and a sweep rings again.

mod backend;
mod memory;
mod redis;
mod sqs;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use backend::Backend;
pub use memory::Memory;
pub use redis::{Redis, Settings as RedisSettings};
pub use sqs::{QueueSettings, Settings as SqsSettings, Sqs, dead_letters_of, sqs_client};

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
    /// Names this very delivery, in the backend's own words.
    pub receipt: String,
    /// Where it was published.
    pub topic: String,
    /// `msg_` id.
    pub message_id: String,
    /// The envelope as JSON text.
    pub body: Arc<str>,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// A message that the transport itself gave up: received too often, or unreadable.
#[derive(Clone, Debug)]
pub struct DeadDelivery {
    /// Names it, in the backend's own words.
    pub receipt: String,
    /// The function whose queue it was in.
    pub function: String,
    /// Where it was published; empty when it did not say.
    pub topic: String,
    /// `msg_` id; empty when it did not say.
    pub message_id: String,
    /// Its text.
    pub body: Arc<str>,
    /// How often it was received.
    pub receive_count: u32,
    /// Whether it can be read.
    pub readable: bool,
}

/// Whether a message of this topic would be lost without its function; an event may have nobody who waits for it.
fn must_be_heard(topic: &str) -> bool {
    topic.starts_with("forum.commands.") || topic.starts_with("forum.jobs.")
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

/// What lies in one queue or stream.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct QueueState {
    /// The topic, or the queue of a function.
    pub name: String,
    /// The function that reads it; none for a stream that nobody of ours reads.
    pub function: Option<String>,
    /// Messages in it.
    pub length: u64,
    /// Messages in the hands of consumers.
    pub pending: u64,
    /// Messages not delivered yet; absent where the backend does not know.
    pub lag: Option<u64>,
}

/// What a transport says of itself; no credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Description {
    /// `memory`, `redis`, `sqs`.
    pub engine: &'static str,
    /// `embedded` or `external`.
    pub mode: &'static str,
    /// Host of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the names of its streams begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
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

    /// Keeps a message hidden for `visibility` from now, at most for the transport's own visibility.
    fn extend(
        &self,
        function: &str,
        delivery: &Delivery,
        visibility: Duration,
    ) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Up to `max` messages that the transport gave up: delivered more than `delivery.receive_max` times, or unreadable.
    /// They stay until they are acknowledged.
    fn receive_dead(&self, max: usize) -> impl Future<Output = Result<Vec<DeadDelivery>, TransportError>> + Send;

    /// The dead messages are stored elsewhere.
    fn ack_dead(&self, deliveries: &[DeadDelivery]) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// What lies in each queue.
    fn queues(&self) -> impl Future<Output = Result<Vec<QueueState>, TransportError>> + Send;

    /// Counts the times that messages were lost with the transport's contents: whoever accepted them must ring again.
    fn lost(&self) -> watch::Receiver<u64>;

    /// What it is.
    fn describe(&self) -> Description;

    /// Whether it answers.
    fn check(&self) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Ends it; a second call, or one on what never started, is harmless.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
