//! Publishing: which queues want a message, and as few requests as SQS's limits allow.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::future::join_all;

use super::messages::{MESSAGE_ID, TOPIC, TRACEPARENT};
use super::{TOGETHER, failed};
use crate::transport::{Outgoing, Subscription, TransportError, must_be_heard};

/// Most bytes of a message, and of all messages of a request, attributes included.
const BYTES_MAX: usize = 256 * 1024;
/// What the attributes of a message may take of it.
const ATTRIBUTES: usize = 1024;

/// Sends every message to every queue that wants it; one answer per message.
pub(super) async fn publish(
    client: &Client,
    subscriptions: &[Subscription],
    url_of: impl Fn(&str) -> String,
    messages: &[Outgoing],
) -> Vec<Result<(), TransportError>> {
    let mut answers: Vec<Result<(), TransportError>> = Vec::with_capacity(messages.len());
    let mut queues: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let wanted: Vec<_> = subscriptions.iter().filter(|subscription| subscription.wants(&message.topic)).collect();
        answers.push(check(message, !wanted.is_empty()));
        if answers[index].is_ok() {
            for subscription in wanted {
                queues.entry(subscription.function).or_default().push(index);
            }
        }
    }
    let sent = queues.into_iter().map(|(queue, indices)| {
        let url = url_of(queue);
        async move { to_queue(client, queue, &url, messages, indices).await }
    });
    for (index, error) in join_all(sent).await.into_iter().flatten() {
        // Sent again, it goes to all of its queues again: a doorbell may ring twice.
        answers[index] = Err(error);
    }
    answers
}

fn check(message: &Outgoing, wanted: bool) -> Result<(), TransportError> {
    let size = message.body.len() + ATTRIBUTES;
    if size > BYTES_MAX {
        let text = format!("{} bytes are more than the {} that SQS takes", message.body.len(), BYTES_MAX - ATTRIBUTES);
        return Err(TransportError::Refused(text));
    }
    // An event may have nobody who waits for it; a command or a job without its function would be lost.
    if !wanted && must_be_heard(&message.topic) {
        return Err(TransportError::Refused(format!("nothing handles {}", message.topic)));
    }
    Ok(())
}

/// The messages that one queue did not take, and why. They are sent in their order.
async fn to_queue(
    client: &Client,
    queue: &str,
    url: &str,
    messages: &[Outgoing],
    indices: Vec<usize>,
) -> Vec<(usize, TransportError)> {
    let mut failures = Vec::new();
    for indices in requests(messages, &indices) {
        let entries = indices.iter().filter_map(|index| entry(*index, &messages[*index])).collect();
        match client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
            Ok(answer) => failures.extend(answer.failed.into_iter().filter_map(|entry| {
                let text = format!("{}: {}", entry.code, entry.message.unwrap_or_default());
                let refused = entry.sender_fault && !entry.code.contains("Throttl");
                let error = if refused { TransportError::Refused(text) } else { TransportError::Unreachable(text) };
                Some((entry.id.parse().ok()?, error))
            })),
            Err(error) => {
                let error = failed(&error, queue);
                failures.extend(indices.iter().map(|index| (*index, error.clone())));
            }
        }
    }
    failures
}

/// Cuts the messages of a queue into requests: at most ten, and no more bytes than SQS takes at once.
fn requests(messages: &[Outgoing], indices: &[usize]) -> Vec<Vec<usize>> {
    let mut requests: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for index in indices {
        let size = messages[*index].body.len() + ATTRIBUTES;
        match requests.last_mut() {
            Some(last) if last.len() < TOGETHER && bytes + size <= BYTES_MAX => {
                last.push(*index);
                bytes += size;
            }
            _ => {
                requests.push(vec![*index]);
                bytes = size;
            }
        }
    }
    requests
}

/// What of a message's text goes into attributes.
#[derive(serde::Deserialize)]
struct Traced {
    #[serde(default)]
    traceparent: Option<String>,
}

fn entry(index: usize, message: &Outgoing) -> Option<SendMessageBatchRequestEntry> {
    let text = |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().ok();
    let mut builder = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&*message.body)
        .message_attributes(TOPIC, text(&message.topic)?)
        .message_attributes(MESSAGE_ID, text(&message.message_id)?);
    let traced = serde_json::from_str::<Traced>(&message.body).ok().and_then(|traced| traced.traceparent);
    if let Some(traceparent) = traced.filter(|traceparent| !traceparent.is_empty()) {
        builder = builder.message_attributes(TRACEPARENT, text(&traceparent)?);
    }
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Outgoing {
        Outgoing {
            topic: "forum.events.post.added".to_owned(),
            key: String::new(),
            message_id: "msg_1".to_owned(),
            body: "x".repeat(bytes).into(),
        }
    }

    #[test]
    fn requests_keep_to_both_limits_and_to_the_order() {
        let small: Vec<_> = (0..23).map(|_| message(10)).collect();
        let sizes = |messages: &[Outgoing]| {
            let cut = requests(messages, &(0..messages.len()).collect::<Vec<_>>());
            assert_eq!(cut.iter().flatten().copied().collect::<Vec<_>>(), (0..messages.len()).collect::<Vec<_>>());
            cut.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&small), [10, 10, 3]);
        let large: Vec<_> = (0..4).map(|_| message(100 * 1024)).collect();
        assert_eq!(sizes(&large), [2, 2]);
    }

    #[test]
    fn a_message_that_sqs_would_not_take_is_refused_with_its_size() {
        let refused = check(&message(BYTES_MAX), true).expect_err("too large");
        assert!(refused.to_string().contains("262144 bytes are more than the 261120"), "{refused}");
        check(&message(BYTES_MAX - ATTRIBUTES), true).expect("it fits");
    }
}
