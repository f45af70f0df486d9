//! The transport that the configuration names, as one type: each call goes to the backend behind it. Calls of SQS are
//! boxed: its client's futures are large, and would be part of every other.

use std::time::Duration;

use tokio::sync::watch;

use super::{DeadDelivery, Delivery, Description, Memory, Outgoing, QueueState, Redis, Sqs, Transport, TransportError};

/// One of the backends.
#[derive(Clone)]
pub enum Backend {
    /// In this process.
    Memory(Memory),
    /// A Redis server.
    Redis(Redis),
    /// Queues of AWS SQS.
    Sqs(Sqs),
}

impl Transport for Backend {
    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), TransportError>> {
        match self {
            Self::Memory(memory) => memory.publish(messages).await,
            Self::Redis(redis) => redis.publish(messages).await,
            Self::Sqs(sqs) => Box::pin(sqs.publish(messages)).await,
        }
    }

    async fn receive(&self, function: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        match self {
            Self::Memory(memory) => memory.receive(function, max, wait).await,
            Self::Redis(redis) => redis.receive(function, max, wait).await,
            Self::Sqs(sqs) => Box::pin(sqs.receive(function, max, wait)).await,
        }
    }

    async fn ack(&self, function: &str, deliveries: &[Delivery]) -> Result<(), TransportError> {
        match self {
            Self::Memory(memory) => memory.ack(function, deliveries).await,
            Self::Redis(redis) => redis.ack(function, deliveries).await,
            Self::Sqs(sqs) => Box::pin(sqs.ack(function, deliveries)).await,
        }
    }

    async fn retry_after(&self, function: &str, delivery: &Delivery, delay: Duration) -> Result<(), TransportError> {
        match self {
            Self::Memory(memory) => memory.retry_after(function, delivery, delay).await,
            Self::Redis(redis) => redis.retry_after(function, delivery, delay).await,
            Self::Sqs(sqs) => Box::pin(sqs.retry_after(function, delivery, delay)).await,
        }
    }

    async fn extend(&self, function: &str, delivery: &Delivery, visibility: Duration) -> Result<(), TransportError> {
        match self {
            Self::Memory(memory) => memory.extend(function, delivery, visibility).await,
            Self::Redis(redis) => redis.extend(function, delivery, visibility).await,
            Self::Sqs(sqs) => Box::pin(sqs.extend(function, delivery, visibility)).await,
        }
    }

    async fn receive_dead(&self, max: usize) -> Result<Vec<DeadDelivery>, TransportError> {
        match self {
            Self::Memory(memory) => memory.receive_dead(max).await,
            Self::Redis(redis) => redis.receive_dead(max).await,
            Self::Sqs(sqs) => Box::pin(sqs.receive_dead(max)).await,
        }
    }

    async fn ack_dead(&self, deliveries: &[DeadDelivery]) -> Result<(), TransportError> {
        match self {
            Self::Memory(memory) => memory.ack_dead(deliveries).await,
            Self::Redis(redis) => redis.ack_dead(deliveries).await,
            Self::Sqs(sqs) => Box::pin(sqs.ack_dead(deliveries)).await,
        }
    }

    async fn queues(&self) -> Result<Vec<QueueState>, TransportError> {
        match self {
            Self::Memory(memory) => memory.queues().await,
            Self::Redis(redis) => redis.queues().await,
            Self::Sqs(sqs) => Box::pin(sqs.queues()).await,
        }
    }

    fn lost(&self) -> watch::Receiver<u64> {
        match self {
            Self::Memory(memory) => memory.lost(),
            Self::Redis(redis) => redis.lost(),
            Self::Sqs(sqs) => sqs.lost(),
        }
    }

    fn describe(&self) -> Description {
        match self {
            Self::Memory(memory) => memory.describe(),
            Self::Redis(redis) => redis.describe(),
            Self::Sqs(sqs) => sqs.describe(),
        }
    }

    async fn check(&self) -> Result<(), TransportError> {
        match self {
            Self::Memory(memory) => memory.check().await,
            Self::Redis(redis) => redis.check().await,
            Self::Sqs(sqs) => Box::pin(sqs.check()).await,
        }
    }

    async fn close(&self) {
        match self {
            Self::Memory(memory) => memory.close().await,
            Self::Redis(redis) => redis.close().await,
            Self::Sqs(sqs) => Box::pin(sqs.close()).await,
        }
    }
}
