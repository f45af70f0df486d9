//! What brings events to functions: an event source mapping per queue, and the clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};

use super::Function;

/// Feeds a function from its queue: batches of ten, and only what it did not name as failed is deleted.
pub(super) async fn run(client: Client, queue: String, function: Arc<Function>) {
    loop {
        let request = client.receive_message().queue_url(&queue).max_number_of_messages(10).wait_time_seconds(1);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let Ok(answer) = request.message_attribute_names("All").send().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let messages = answer.messages.unwrap_or_default();
        if !messages.is_empty() {
            let (client, queue, function) = (client.clone(), queue.clone(), Arc::clone(&function));
            // As many batches at once as the function has concurrency.
            tokio::spawn(async move { batch(&client, &queue, &function, messages).await });
        }
    }
}

async fn batch(client: &Client, queue: &str, function: &Function, messages: Vec<Message>) {
    let event = event(&messages);
    // A function that fails keeps its messages hidden until their visibility ends.
    let Ok(answer) = function.invoke(&event).await else { return };
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    let failed: BTreeSet<_> = failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str()).collect();
    for message in messages {
        if !failed.contains(message.message_id.as_deref().unwrap_or_default()) {
            let request = client.delete_message().queue_url(queue);
            let _ = request.receipt_handle(message.receipt_handle.unwrap_or_default()).send().await;
        }
    }
}

/// The event of a batch, as Lambda writes it.
pub(super) fn event(messages: &[Message]) -> Value {
    let records: Vec<_> = messages
        .iter()
        .map(|message| {
            let system = message.attributes.iter().flatten();
            let system: Map<_, _> =
                system.map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str()))).collect();
            let own = message.message_attributes.iter().flatten();
            let own: Map<_, _> = own
                .map(|(name, value)| {
                    let text = value.string_value.clone();
                    (name.clone(), json!({ "stringValue": text, "dataType": value.data_type }))
                })
                .collect();
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": system,
                "messageAttributes": own,
                "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({ "Records": records })
}

/// Invokes a function again and again, as a schedule does.
pub(super) async fn ticks(function: Arc<Function>, period: Duration) {
    loop {
        tokio::time::sleep(period).await;
        let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        // The next tick is the retry.
        let _ = function.invoke(&event).await;
    }
}
