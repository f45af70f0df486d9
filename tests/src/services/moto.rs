//! AWS's protocols on this machine: a `moto_server` process per test, from the environment that `make test` sets up in
//! `target/`, or from PATH. It speaks SQS and Secrets Manager as AWS does.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use shared::transport::dead_letters_of;

use super::{free_port, listening, missing, on_path, target};

/// The account that moto plays.
const ACCOUNT: &str = "123456789012";

/// A server of one test.
pub struct Moto {
    child: Child,
    port: u16,
}

/// What a process needs in its environment to use it.
pub const ENVIRONMENT: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

impl Moto {
    /// One on a free port; nothing, said loudly, where there is no `moto_server`.
    ///
    /// # Panics
    /// When it does not answer in time.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = program()?;
        let port = free_port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("moto_server starts");
        let server = Self { child, port };
        listening("moto_server", port);
        Some(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the URLs of queues whose names begin with `prefix` begin with.
    #[must_use]
    pub fn queues(&self, prefix: &str) -> String {
        format!("{}/{ACCOUNT}/{prefix}", self.endpoint())
    }

    /// A client of its SQS.
    #[must_use]
    pub fn sqs(&self) -> Client {
        self.sqs_at(&self.endpoint())
    }

    /// A client of its SQS by another way, set up as the program sets up its own.
    #[must_use]
    pub fn sqs_at(&self, url: &str) -> Client {
        let shared = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .region(Region::new("us-east-1"))
            .build();
        shared::transport::sqs_client(&shared, url)
    }

    /// Makes the queue of a function and its dead-letter queue, as `infra/template.yaml` does.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn create_queue(&self, prefix: &str, function: &str, visibility: Duration, receive_max: u32) {
        let client = self.sqs();
        let dead = format!("{prefix}{}", dead_letters_of(function));
        let request = client.create_queue().queue_name(&dead);
        let request = request.attributes(QueueAttributeName::MessageRetentionPeriod, "1209600");
        request.send().await.expect("a dead-letter queue");
        let policy = format!(
            "{{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:{ACCOUNT}:{dead}\",\"maxReceiveCount\":{receive_max}}}"
        );
        client
            .create_queue()
            .queue_name(format!("{prefix}{function}"))
            .attributes(QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string())
            .attributes(QueueAttributeName::MessageRetentionPeriod, "345600")
            .attributes(QueueAttributeName::RedrivePolicy, policy)
            .send()
            .await
            .expect("a queue");
    }
}

impl Moto {
    /// Stores a secret, or replaces it.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn put_secret(&self, name: &str, text: &str) {
        use aws_sdk_secretsmanager as secrets;
        let config = secrets::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::for_tests())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.endpoint())
            .build();
        let client = secrets::Client::from_conf(config);
        if client.create_secret().name(name).secret_string(text).send().await.is_err() {
            client.put_secret_value().secret_id(name).secret_string(text).send().await.expect("a secret is replaced");
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let found =
        Some(target().join("venv/bin/moto_server")).filter(|path| path.exists()).or_else(|| on_path("moto_server"));
    if found.is_none() {
        missing("what needs SQS", "moto_server is neither in target/venv nor on PATH");
    }
    found
}

/// Whether one can be had; said loudly where it cannot.
#[must_use]
pub fn available() -> bool {
    program().is_some()
}
