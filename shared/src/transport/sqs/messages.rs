//! What SQS hands over, as this program's own.

use std::sync::Arc;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};

use crate::transport::{DeadDelivery, Delivery};

/// Attribute with the topic.
pub(super) const TOPIC: &str = "topic";
/// Attribute with our own id; SQS gives each copy another one.
pub(super) const MESSAGE_ID: &str = "message_id";
/// Attribute with the W3C trace context, where tracing tools look for it.
pub(super) const TRACEPARENT: &str = "traceparent";

fn attribute(message: &Message, name: &str) -> String {
    let attributes = message.message_attributes.as_ref();
    let value = attributes.and_then(|attributes| attributes.get(name)?.string_value.clone());
    value.unwrap_or_default()
}

pub(super) fn delivery(message: Message) -> Delivery {
    let attributes = message.attributes.as_ref();
    let count = attributes.and_then(|it| it.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    Delivery {
        topic: attribute(&message, TOPIC),
        message_id: attribute(&message, MESSAGE_ID),
        receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
        body: Arc::from(message.body.unwrap_or_default()),
        receipt: message.receipt_handle.unwrap_or_default(),
    }
}

/// A message from the dead-letter queue of `function`, which gave it up after `receive_max` deliveries.
pub(super) fn dead(message: Message, function: &str, receive_max: u32) -> DeadDelivery {
    let Delivery { receipt, topic, message_id, body, .. } = delivery(message);
    let readable = !topic.is_empty() && !message_id.is_empty();
    DeadDelivery {
        receipt,
        function: function.to_owned(),
        topic,
        message_id,
        body,
        receive_count: receive_max,
        readable,
    }
}
