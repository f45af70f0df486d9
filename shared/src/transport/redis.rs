//! Redis: one stream per topic, one consumer group per function. Whatever happens to the server's contents costs time and
//! nothing else, since every message stands for a row.

mod entries;
mod names;
mod queue;
mod scripts;
mod upkeep;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, RedisError, RedisResult};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{
    DeadDelivery, Delivery, Description, Outgoing, QueueState, Subscription, Transport, TransportError, must_be_heard,
};
use crate::message::event::{topic_of, types};
use entries::Receipt;
use names::Names;
pub use names::Settings;
use queue::Queue;

/// A server that does not answer within this time is away.
const ANSWER: Duration = Duration::from_secs(1);
/// Longest wait between two attempts to reach the server again.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// The Redis transport. Clones share it.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    names: Names,
    client: Client,
    /// For everything that does not wait.
    connection: ConnectionManager,
    subscriptions: Vec<Subscription>,
    queues: HashMap<&'static str, AsyncMutex<Queue>>,
    /// Every topic that was ever heard of: those of the vocabulary, and those the server's list names.
    topics: Mutex<HashSet<String>>,
    /// Topics that this process has put into the server's list.
    listed: Mutex<HashSet<String>>,
    lost: watch::Sender<u64>,
    closed: CancellationToken,
    tasks: TaskTracker,
}

/// Every failure of the server or of the way to it; a message of its own is refused in `publish` alone.
fn unreachable(error: &RedisError) -> TransportError {
    TransportError::Unreachable(error.to_string())
}

impl Redis {
    /// Connects, and begins to keep the streams in order.
    ///
    /// # Errors
    /// When the server does not answer within a few seconds.
    pub async fn connect(settings: Settings, subscriptions: Vec<Subscription>) -> Result<Self, TransportError> {
        let client = Client::open(settings.url.as_str()).map_err(|error| unreachable(&error))?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(BACKOFF_MAX)
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(2 * ANSWER));
        let connection = client.get_connection_manager_lazy(config).map_err(|error| unreachable(&error))?;
        let queues = subscriptions
            .iter()
            .map(|subscription| (subscription.function, AsyncMutex::new(Queue::default())))
            .collect();
        let known = types::ALL.iter().map(|event_type| topic_of(event_type));
        let exact = subscriptions.iter().flat_map(|subscription| subscription.topics.clone());
        let topics = known.chain(exact.filter(|topic| !topic.ends_with('*'))).collect();
        let redis = Self {
            shared: Arc::new(Shared {
                names: Names { prefix: settings.prefix.clone(), group: settings.group.clone() },
                settings,
                client,
                connection,
                subscriptions,
                queues,
                topics: Mutex::new(topics),
                listed: Mutex::default(),
                lost: watch::Sender::new(0),
                closed: CancellationToken::new(),
                tasks: TaskTracker::new(),
            }),
        };
        redis.check().await?;
        redis.shared.tasks.spawn(upkeep::run(Arc::downgrade(&redis.shared), redis.shared.closed.clone()));
        Ok(redis)
    }

    fn queue(&self, function: &str) -> Result<&AsyncMutex<Queue>, TransportError> {
        self.open()?;
        let queue = self.shared.queues.get(function);
        queue.ok_or_else(|| TransportError::Refused(format!("no queue for {function}")))
    }

    fn open(&self) -> Result<(), TransportError> {
        if self.shared.closed.is_cancelled() {
            return Err(TransportError::Unreachable("it is closed".to_owned()));
        }
        Ok(())
    }

    /// Whether somebody handles the topic. An event may have nobody who waits for it; a command or a job without its function
    /// would be lost.
    fn accepts(&self, topic: &str) -> Result<(), TransportError> {
        let heard = self.shared.subscriptions.iter().any(|subscription| subscription.wants(topic));
        if !heard && must_be_heard(topic) {
            return Err(TransportError::Refused(format!("nothing handles {topic}")));
        }
        Ok(())
    }

    /// Publishes what is accepted, in one exchange.
    async fn send(&self, messages: &[&Outgoing]) -> RedisResult<Vec<RedisResult<::redis::Value>>> {
        let shared = &self.shared;
        let unlisted: Vec<String> = {
            let listed = shared.listed.lock().unwrap_or_else(PoisonError::into_inner);
            let topics: HashSet<_> = messages.iter().map(|message| message.topic.clone()).collect();
            topics.into_iter().filter(|topic| !listed.contains(topic)).collect()
        };
        let mut pipe = ::redis::pipe();
        pipe.ignore_errors();
        if !unlisted.is_empty() {
            pipe.cmd("SADD").arg(shared.names.topics()).arg(&unlisted).ignore();
        }
        for message in messages {
            pipe.cmd("XADD").arg(shared.names.stream(&message.topic)).arg("*");
            pipe.arg("id")
                .arg(&message.message_id)
                .arg("key")
                .arg(&message.key)
                .arg("body")
                .arg(message.body.as_bytes());
        }
        let answers: Vec<RedisResult<::redis::Value>> = pipe.query_async(&mut shared.connection.clone()).await?;
        shared.topics.lock().unwrap_or_else(PoisonError::into_inner).extend(unlisted.iter().cloned());
        shared.listed.lock().unwrap_or_else(PoisonError::into_inner).extend(unlisted);
        Ok(answers)
    }
}

impl Transport for Redis {
    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), TransportError>> {
        if let Err(error) = self.open() {
            return messages.iter().map(|_| Err(error.clone())).collect();
        }
        let mut answers: Vec<_> = messages.iter().map(|message| self.accepts(&message.topic)).collect();
        let accepted: Vec<&Outgoing> =
            messages.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(message, _)| message).collect();
        if accepted.is_empty() {
            return answers;
        }
        let mut sent = self.send(&accepted).await;
        if sent.as_ref().is_err_and(|error| error.is_connection_dropped() || error.is_io_error()) {
            // The first exchange after the server came back fails; a repeated message is a repeated doorbell.
            sent = self.send(&accepted).await;
        }
        match sent {
            Ok(results) => {
                for (answer, result) in answers.iter_mut().filter(|answer| answer.is_ok()).zip(results) {
                    *answer = result.map(drop).map_err(|error| unreachable(&error));
                }
            }
            Err(error) => {
                for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
                    *answer = Err(unreachable(&error));
                }
            }
        }
        answers
    }

    async fn receive(&self, function: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let (function, queue) = match self.shared.queues.get_key_value(function) {
            Some((function, queue)) => (*function, queue),
            None => return self.queue(function).map(|_| Vec::new()),
        };
        self.open()?;
        let mut queue = queue.lock().await;
        tokio::select! {
            biased;
            received = queue.receive(&self.shared, function, max, wait) => received,
            () = self.shared.closed.cancelled() => self.open().map(|()| Vec::new()),
        }
    }

    async fn ack(&self, function: &str, deliveries: &[Delivery]) -> Result<(), TransportError> {
        self.queue(function)?;
        let receipts: Vec<_> = deliveries.iter().filter_map(|delivery| Receipt::read(&delivery.receipt)).collect();
        scripts::ack(&self.shared, function, &receipts).await.map_err(|error| unreachable(&error))
    }

    async fn retry_after(&self, function: &str, delivery: &Delivery, delay: Duration) -> Result<(), TransportError> {
        self.queue(function)?;
        let Some(receipt) = Receipt::read(&delivery.receipt) else { return Ok(()) };
        let retried = scripts::retry(&self.shared, function, &receipt, delivery, delay).await;
        retried.map_err(|error| unreachable(&error))
    }

    async fn extend(&self, function: &str, delivery: &Delivery, visibility: Duration) -> Result<(), TransportError> {
        self.queue(function)?;
        let Some(receipt) = Receipt::read(&delivery.receipt) else { return Ok(()) };
        let extended = scripts::extend(&self.shared, function, &receipt, visibility).await;
        extended.map_err(|error| unreachable(&error))
    }

    async fn receive_dead(&self, max: usize) -> Result<Vec<DeadDelivery>, TransportError> {
        self.open()?;
        entries::dead(&self.shared, max).await.map_err(|error| unreachable(&error))
    }

    async fn ack_dead(&self, deliveries: &[DeadDelivery]) -> Result<(), TransportError> {
        self.open()?;
        if deliveries.is_empty() {
            return Ok(());
        }
        let mut command = ::redis::cmd("XDEL");
        command.arg(self.shared.names.dead());
        for delivery in deliveries {
            command.arg(&delivery.receipt);
        }
        let deleted: RedisResult<i64> = command.query_async(&mut self.shared.connection.clone()).await;
        deleted.map(drop).map_err(|error| unreachable(&error))
    }

    async fn queues(&self) -> Result<Vec<QueueState>, TransportError> {
        self.open()?;
        upkeep::queues(&self.shared).await.map_err(|error| unreachable(&error))
    }

    fn lost(&self) -> watch::Receiver<u64> {
        self.shared.lost.subscribe()
    }

    fn describe(&self) -> Description {
        let url = reqwest::Url::parse(&self.shared.settings.url).ok();
        Description {
            engine: "redis",
            mode: "external",
            host: url.as_ref().and_then(|url| url.host_str().map(str::to_owned)),
            port: url.map(|url| url.port().unwrap_or(6379)),
            prefix: Some(self.shared.settings.prefix.clone()),
        }
    }

    async fn check(&self) -> Result<(), TransportError> {
        self.open()?;
        let mut connection = self.shared.connection.clone();
        let ping = async {
            let ping = ::redis::cmd("PING");
            let first: RedisResult<String> = ping.query_async(&mut connection).await;
            match first {
                // What a connection of before says of a server that came back meanwhile.
                Err(error) if error.is_connection_dropped() => ping.query_async(&mut connection).await,
                first => first,
            }
        };
        match tokio::time::timeout(2 * ANSWER, ping).await {
            Ok(answer) => answer.map(drop).map_err(|error| unreachable(&error)),
            Err(_) => Err(TransportError::Unreachable("no answer in time".to_owned())),
        }
    }

    async fn close(&self) {
        if self.shared.closed.is_cancelled() {
            return;
        }
        self.shared.closed.cancel();
        // What is still in hand is taken over by others after its visibility; a name without anything in hand goes.
        let leave = upkeep::remove_own_names(&self.shared);
        if tokio::time::timeout(ANSWER, leave).await.is_err() {
            tracing::warn!("the transport did not answer when its consumers were to leave");
        }
        self.shared.tasks.close();
        let _ = tokio::time::timeout(ANSWER, self.shared.tasks.wait()).await;
    }
}
