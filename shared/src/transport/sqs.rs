//! SQS: a standard queue per function, its dead-letter queue beside it. A topic is fanned out to the queues of its
//! subscribers by whoever publishes.

mod messages;
mod requests;
mod sending;
mod setup;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use futures::future::{join_all, try_join_all};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use setup::{QueueSettings, sqs_client};

use super::{DeadDelivery, Delivery, Description, Outgoing, QueueState, Subscription, Transport, TransportError};
use crate::clock::Clock;

/// Most messages per request, as SQS has it.
const TOGETHER: usize = 10;
/// Longest wait for a message that SQS offers.
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// Pause between two looks when less than a second is left to wait: SQS counts in seconds.
const SHORT_PAUSE: Duration = Duration::from_millis(50);
/// How long SQS may take to say that it is there.
const CHECK_LIMIT: Duration = Duration::from_secs(4);

/// How the queues are reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the URLs of all queues begin with; the function's name follows.
    pub url: String,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// Deliveries after which the queues' redrive policy gives a message up.
    pub receive_max: u32,
}

/// The queues of a deployment. Clones share the client.
#[derive(Clone)]
pub struct Sqs(Arc<Shared>);

struct Shared {
    client: Client,
    settings: Settings,
    subscriptions: Vec<Subscription>,
    lost: watch::Sender<u64>,
    closed: CancellationToken,
}

impl Sqs {
    /// Queues behind `settings.url`, with the credentials and the region of the environment. Asks nobody yet.
    pub async fn new(settings: Settings, subscriptions: Vec<Subscription>) -> Self {
        let client = setup::client(&settings.url).await;
        Self::over(client, settings, subscriptions)
    }

    /// Queues reached by a given client.
    #[must_use]
    pub fn over(client: Client, settings: Settings, subscriptions: Vec<Subscription>) -> Self {
        let (lost, closed) = (watch::Sender::new(0), CancellationToken::new());
        Self(Arc::new(Shared { client, settings, subscriptions, lost, closed }))
    }

    /// Whether every queue is there.
    ///
    /// # Errors
    /// When SQS does not answer, or names a queue that is missing.
    pub async fn check_queues(&self) -> Result<(), TransportError> {
        let all = self.0.subscriptions.iter().map(|subscription| self.attributes(subscription.function));
        let all = tokio::time::timeout(CHECK_LIMIT, try_join_all(all)).await;
        all.unwrap_or_else(|_| Err(silent())).map(drop)
    }

    fn open(&self) -> Result<(), TransportError> {
        if self.0.closed.is_cancelled() { Err(TransportError::Unreachable("it is closed".to_owned())) } else { Ok(()) }
    }

    fn url_of(&self, function: &str) -> String {
        format!("{}{function}", self.0.settings.url)
    }

    fn known(&self, function: &str) -> Result<(), TransportError> {
        self.open()?;
        let known = self.0.subscriptions.iter().any(|subscription| subscription.function == function);
        if known { Ok(()) } else { Err(TransportError::Refused(format!("no queue for {function}"))) }
    }
}

impl Transport for Sqs {
    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), TransportError>> {
        match self.open() {
            Ok(()) => {
                sending::publish(&self.0.client, &self.0.subscriptions, |queue| self.url_of(queue), &messages).await
            }
            Err(error) => messages.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn receive(&self, function: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        self.known(function)?;
        let stopwatch = Clock::stopwatch();
        let mut taken = Vec::new();
        loop {
            let left = if taken.is_empty() { wait.saturating_sub(stopwatch.elapsed()) } else { Duration::ZERO };
            let messages = self.receive_once(function, max - taken.len(), left, self.0.settings.visibility).await?;
            let full = messages.len() == TOGETHER;
            taken.extend(messages.into_iter().map(messages::delivery));
            if !taken.is_empty() {
                if full && taken.len() < max {
                    continue;
                }
                return Ok(taken);
            }
            let left = wait.saturating_sub(stopwatch.elapsed());
            if left.is_zero() {
                return Ok(taken);
            }
            if left < Duration::from_secs(1) {
                tokio::time::sleep(left.min(SHORT_PAUSE)).await;
            }
        }
    }

    async fn ack(&self, function: &str, deliveries: &[Delivery]) -> Result<(), TransportError> {
        self.known(function)?;
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt.as_str()).collect();
        self.delete(function, &receipts).await
    }

    async fn retry_after(&self, function: &str, delivery: &Delivery, delay: Duration) -> Result<(), TransportError> {
        self.hide(function, &delivery.receipt, delay).await
    }

    async fn extend(&self, function: &str, delivery: &Delivery, visibility: Duration) -> Result<(), TransportError> {
        self.hide(function, &delivery.receipt, visibility.min(self.0.settings.visibility)).await
    }

    async fn receive_dead(&self, max: usize) -> Result<Vec<DeadDelivery>, TransportError> {
        self.open()?;
        let mut dead = Vec::new();
        for subscription in &self.0.subscriptions {
            let function = subscription.function;
            // Not hidden: they stay for whoever looks until they are stored elsewhere.
            let queue = dead_letters_of(function);
            let messages = self.receive_once(&queue, max - dead.len(), Duration::ZERO, Duration::ZERO).await?;
            let receive_max = self.0.settings.receive_max;
            dead.extend(messages.into_iter().map(|message| messages::dead(message, function, receive_max)));
            if dead.len() >= max {
                break;
            }
        }
        Ok(dead)
    }

    async fn ack_dead(&self, deliveries: &[DeadDelivery]) -> Result<(), TransportError> {
        self.open()?;
        for subscription in &self.0.subscriptions {
            let function = subscription.function;
            let of_function = deliveries.iter().filter(|delivery| delivery.function == function);
            let receipts: Vec<_> = of_function.map(|delivery| delivery.receipt.as_str()).collect();
            if !receipts.is_empty() {
                self.delete(&dead_letters_of(function), &receipts).await?;
            }
        }
        Ok(())
    }

    async fn queues(&self) -> Result<Vec<QueueState>, TransportError> {
        self.open()?;
        let states = self.0.subscriptions.iter().map(|subscription| async move {
            let function = subscription.function;
            let [visible, held, delayed] = self.attributes(function).await?;
            Ok(QueueState {
                name: self.url_of(function).rsplit('/').next().unwrap_or_default().to_owned(),
                function: Some(function.to_owned()),
                length: visible + held + delayed,
                pending: held,
                lag: Some(visible + delayed),
            })
        });
        join_all(states).await.into_iter().collect()
    }

    fn lost(&self) -> watch::Receiver<u64> {
        // SQS keeps what it took for days; what is older is rung for by the sweeps.
        self.0.lost.subscribe()
    }

    fn describe(&self) -> Description {
        let url = reqwest::Url::parse(&self.0.settings.url).ok();
        let url = url.as_ref();
        Description {
            engine: "sqs",
            mode: "external",
            host: url.and_then(|url| url.host_str()).map(str::to_owned),
            port: url.and_then(reqwest::Url::port_or_known_default),
            prefix: url.and_then(|url| url.path().rsplit('/').next()).map(str::to_owned),
        }
    }

    async fn check(&self) -> Result<(), TransportError> {
        self.open()?;
        let Some(first) = self.0.subscriptions.first() else { return Ok(()) };
        let answer = tokio::time::timeout(CHECK_LIMIT, self.attributes(first.function)).await;
        answer.unwrap_or_else(|_| Err(silent())).map(drop)
    }

    async fn close(&self) {
        self.0.closed.cancel();
    }
}

/// The name of the queue in which SQS puts what a function's queue gave up.
#[must_use]
pub fn dead_letters_of(function: &str) -> String {
    format!("{function}-dlq")
}

fn silent() -> TransportError {
    TransportError::Unreachable(format!("no answer within {} s", CHECK_LIMIT.as_secs()))
}

fn failed<E, R>(error: &SdkError<E, R>, queue: &str) -> TransportError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    if code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue") {
        return TransportError::Unreachable(format!("there is no queue for {queue}; deploy infra/template.yaml"));
    }
    TransportError::Unreachable(format!("{queue}: {}", DisplayErrorContext(error)))
}
