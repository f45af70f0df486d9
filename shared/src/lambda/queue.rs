//! Batches of SQS messages, and the answer that names those to be delivered again.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;

use super::settings;
use crate::ctx::{Ctx, CtxError};
use crate::function::batch::{self, Deadline, Record, Verdict};
use crate::function::{Function, backoff};
use crate::store::StoreError;
use crate::transport::{Delivery, Sqs, SqsSettings, Transport};

/// How long messages wait for a binary that knows the database's schema. Each return counts towards the queue's limit: at
/// this pace half a day passes before the first message is given up, and even then its row is rung for again.
const UNTIL_DEPLOYED: Duration = Duration::from_secs(15 * 60);

/// Handles a batch; the answer names exactly the records to be delivered again, each after its own wait.
pub(super) async fn batch<F: Function>(ctx: &Ctx, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
    let deliveries: Vec<_> = event.records.into_iter().map(Received::from).collect();
    let records: Vec<Record> = deliveries.iter().map(Received::record).collect();
    let verdicts = batch::run::<F>(ctx, &records, Some(deadline)).await;
    let again = deliveries.into_iter().zip(verdicts).filter_map(|(received, verdict)| match verdict {
        Verdict::Done => None,
        Verdict::Retry(delay) => Some((received, delay)),
    });
    hand_back(&ctx.transport, F::NAME, again.collect()).await
}

/// Hands a whole batch back: the context it needs cannot be had. Nothing of it was begun.
pub(super) async fn wait_for(function: &str, event: SqsEvent, error: &CtxError) -> SqsBatchResponse {
    tracing::error!(function, error = %chain(error), "the batch is handed back untouched");
    let deliveries: Vec<_> = event.records.into_iter().map(Received::from).collect();
    // They were read a moment ago.
    let Ok(config) = settings() else { return SqsBatchResponse::default() };
    let delivery = &config.delivery;
    let delay = |received: &Received| match error {
        CtxError::Store(StoreError::Schema(_)) => UNTIL_DEPLOYED,
        _ => backoff(delivery.backoff, delivery.backoff_max, received.0.receive_count, 1.0),
    };
    let again = deliveries.into_iter().map(|received| {
        let delay = delay(&received);
        (received, delay)
    });
    let url = config.sqs.url.clone().unwrap_or_default();
    let settings = SqsSettings { url, visibility: delivery.visibility, receive_max: delivery.receive_max };
    let sqs = Sqs::new(settings, crate::function::routes::subscriptions()).await;
    hand_back(&sqs, function, again.collect()).await
}

async fn hand_back<T: Transport>(transport: &T, function: &str, again: Vec<(Received, Duration)>) -> SqsBatchResponse {
    let hidden = again.iter().map(|(received, delay)| async move {
        if let Err(error) = transport.retry_after(function, &received.0, *delay).await {
            tracing::warn!(function, %error, "could not hand back; its visibility will end");
        }
    });
    join_all(hidden).await;
    let mut answer = SqsBatchResponse::default();
    for (received, _) in again {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = received.1;
        answer.batch_item_failures.push(failure);
    }
    answer
}

/// A message as the platform hands it over, and the platform's id of it.
struct Received(Delivery, String);

impl From<SqsMessage> for Received {
    fn from(message: SqsMessage) -> Self {
        let attribute = |name: &str| message.message_attributes.get(name)?.string_value.clone();
        let platforms = message.message_id.clone().unwrap_or_default();
        let count = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let delivery = Delivery {
            // What did not come from us has no topic and no id of ours; its queue and the platform's id name it.
            topic: attribute("topic").or(message.event_source_arn).unwrap_or_default(),
            message_id: attribute("message_id").unwrap_or_else(|| platforms.clone()),
            receive_count: count.unwrap_or(1),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: Arc::from(message.body.unwrap_or_default()),
        };
        Self(delivery, platforms)
    }
}

impl Received {
    fn record(&self) -> Record {
        let Self(delivery, _) = self;
        Record {
            message_id: delivery.message_id.clone(),
            topic: delivery.topic.clone(),
            body: Arc::clone(&delivery.body),
            receive_count: delivery.receive_count,
        }
    }
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
