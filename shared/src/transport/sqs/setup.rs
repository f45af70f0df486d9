//! How queues are reached, and how they are set up.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::QueueAttributeName;

use super::{CHECK_LIMIT, LONGEST_POLL, Sqs, dead_letters_of, failed, silent};
use crate::transport::TransportError;

/// Tries of one request; the pauses between them grow and are jittered.
const TRIES: u32 = 5;

/// How a queue is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Receives after which a message goes to the dead-letter queue; none without such a queue.
    pub receive_max: Option<u32>,
    /// How long the dead-letter queue keeps a message.
    pub dead_retention: Option<Duration>,
}

type Attributes = HashMap<QueueAttributeName, String>;

/// A redrive policy as SQS writes it: the count is a number, or the text of one.
#[derive(serde::Deserialize)]
struct RedrivePolicy {
    #[serde(rename = "maxReceiveCount")]
    max_receive_count: serde_json::Value,
}

impl RedrivePolicy {
    fn count(&self) -> u32 {
        let text = self.max_receive_count.as_str().map(str::to_owned);
        text.unwrap_or_else(|| self.max_receive_count.to_string()).parse().unwrap_or(0)
    }
}

impl Sqs {
    /// How a function's queue is set up.
    ///
    /// # Errors
    /// When SQS does not answer, or the queue is missing.
    pub async fn settings_of(&self, function: &str) -> Result<QueueSettings, TransportError> {
        let own = self.all_attributes(function).await?;
        let redrive = own.get(&QueueAttributeName::RedrivePolicy);
        let redrive = redrive.and_then(|policy| serde_json::from_str::<RedrivePolicy>(policy).ok());
        let dead = match redrive {
            Some(_) => Some(self.all_attributes(&dead_letters_of(function)).await?),
            None => None,
        };
        let seconds = |attributes: &Attributes, name| {
            Duration::from_secs(attributes.get(&name).and_then(|text| text.parse().ok()).unwrap_or(0))
        };
        Ok(QueueSettings {
            visibility: seconds(&own, QueueAttributeName::VisibilityTimeout),
            retention: seconds(&own, QueueAttributeName::MessageRetentionPeriod),
            receive_max: redrive.map(|redrive| redrive.count()),
            dead_retention: dead.map(|dead| seconds(&dead, QueueAttributeName::MessageRetentionPeriod)),
        })
    }

    async fn all_attributes(&self, queue: &str) -> Result<Attributes, TransportError> {
        let request = self.0.client.get_queue_attributes().queue_url(self.url_of(queue));
        let answer = request.attribute_names(QueueAttributeName::All).send();
        let answer = tokio::time::timeout(CHECK_LIMIT, answer).await.map_err(|_| silent())?;
        Ok(answer.map_err(|error| failed(&error, queue))?.attributes.unwrap_or_default())
    }
}

/// A client with the credentials of the environment, and its region unless the URL names one.
pub(super) async fn client(url: &str) -> Client {
    let loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
    let loader = match region_of(url) {
        Some(region) => loader.region(aws_config::Region::new(region)),
        None => loader,
    };
    sqs_client(&loader.load().await, url)
}

/// A client of the SQS that `url` names, with what `shared` knows of credentials and region.
#[must_use]
pub fn sqs_client(shared: &aws_config::SdkConfig, url: &str) -> Client {
    Client::from_conf(configured(shared, url))
}

/// What our requests need of a client: the address that the URLs name, retries with jitter, and an end of patience.
fn configured(shared: &aws_config::SdkConfig, url: &str) -> aws_sdk_sqs::Config {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(LONGEST_POLL + Duration::from_secs(5))
        .build();
    let builder = aws_sdk_sqs::config::Builder::from(shared)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .timeout_config(timeouts);
    match reqwest::Url::parse(url) {
        Ok(url) => builder.endpoint_url(url.origin().ascii_serialization()).build(),
        Err(_) => builder.build(),
    }
}

/// The region that an address of AWS's own names.
fn region_of(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let region = url.host_str()?.strip_prefix("sqs.")?.split('.').next()?;
    (!region.is_empty()).then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_addresses_of_aws_only() {
        let of = |url: &str| region_of(url);
        assert_eq!(of("https://sqs.eu-west-1.amazonaws.com/123456789012/a-").as_deref(), Some("eu-west-1"));
        assert_eq!(of("http://127.0.0.1:5000/123456789012/a-"), None);
    }
}
