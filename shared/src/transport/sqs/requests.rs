//! The requests that reading from a queue takes.

use std::time::Duration;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName};

use super::{LONGEST_POLL, Sqs, TOGETHER, failed};
use crate::transport::TransportError;

/// Longest that SQS keeps a message hidden.
const LONGEST_HIDDEN: Duration = Duration::from_secs(12 * 60 * 60);

impl Sqs {
    /// Messages visible, in the hands of consumers, and delayed.
    pub(super) async fn attributes(&self, queue: &str) -> Result<[u64; 3], TransportError> {
        const NAMES: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.0.client.get_queue_attributes().queue_url(self.url_of(queue));
        let answer =
            request.set_attribute_names(Some(NAMES.to_vec())).send().await.map_err(|error| failed(&error, queue))?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(NAMES.map(|name| attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0)))
    }

    pub(super) async fn receive_once(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Message>, TransportError> {
        let request = self
            .0
            .client
            .receive_message()
            .queue_url(self.url_of(queue))
            .max_number_of_messages(i32::try_from(max.min(TOGETHER)).unwrap_or(1))
            .wait_time_seconds(i32::try_from(wait.min(LONGEST_POLL).as_secs()).unwrap_or(0))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_attribute_names("All");
        tokio::select! {
            biased;
            () = self.0.closed.cancelled() => self.open().map(|()| Vec::new()),
            answer = request.send() => {
                Ok(answer.map_err(|error| failed(&error, queue))?.messages.unwrap_or_default())
            }
        }
    }

    /// Hides a message of which this delivery is the latest for this long from now.
    pub(super) async fn hide(&self, function: &str, receipt: &str, time: Duration) -> Result<(), TransportError> {
        self.known(function)?;
        let request =
            self.0.client.change_message_visibility().queue_url(self.url_of(function)).receipt_handle(receipt);
        match request.visibility_timeout(seconds(time)).send().await {
            Ok(_) => Ok(()),
            // It is done with, or somebody else has it by now.
            Err(error) if is_over(&error) => Ok(()),
            Err(error) => Err(failed(&error, function)),
        }
    }

    pub(super) async fn delete(&self, queue: &str, receipts: &[&str]) -> Result<(), TransportError> {
        for receipts in receipts.chunks(TOGETHER) {
            let entries: Vec<_> = receipts
                .iter()
                .enumerate()
                .filter_map(|(index, receipt)| {
                    DeleteMessageBatchRequestEntry::builder()
                        .id(index.to_string())
                        .receipt_handle(*receipt)
                        .build()
                        .ok()
                })
                .collect();
            let request = self.0.client.delete_message_batch().queue_url(self.url_of(queue));
            // An entry that fails is gone already, or will come again: both are harmless.
            request.set_entries(Some(entries)).send().await.map_err(|error| failed(&error, queue))?;
        }
        Ok(())
    }
}

/// Whether the message that a receipt names is not this consumer's any more.
fn is_over<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    ["MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue"].iter().any(|over| code.ends_with(over))
}

/// Whole seconds, rounded up: a message never comes back early.
fn seconds(time: Duration) -> i32 {
    let time = time.min(LONGEST_HIDDEN);
    i32::try_from(time.as_secs() + u64::from(time.subsec_nanos() > 0)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    // TRANSPORT-10
    #[test]
    fn waits_are_whole_seconds_and_never_shorter() {
        let waits = [0, 1, 999, 1000, 1001, 60_000].map(|millis| seconds(Duration::from_millis(millis)));
        assert_eq!(waits, [0, 1, 1, 1, 2, 60]);
        assert_eq!(seconds(Duration::from_secs(1 << 40)), 43_200);
    }
}
