//! The suite over SQS as moto plays it.

mod own;

use std::time::Duration;

use shared::transport::{Sqs, SqsSettings, Subscription};
use tests::services::moto::{self, Moto};

use crate::transport::{Backend, RECEIVE_MAX, suite};

/// The cases' minutes are seconds here, whole ones: SQS counts in them.
const SCALE: u32 = 10;
const PREFIX: &str = "test-";

/// A server, as long as the case runs.
struct Played(#[expect(dead_code, reason = "it lives as long as this does")] Moto);

impl Backend for Played {
    type Transport = Sqs;

    async fn start(visibility: Duration, subscriptions: Vec<Subscription>) -> (Self, Sqs) {
        let server = Moto::start().expect("a server");
        for subscription in &subscriptions {
            server.create_queue(PREFIX, subscription.function, visibility, RECEIVE_MAX).await;
        }
        let settings = SqsSettings { url: server.queues(PREFIX), visibility, receive_max: RECEIVE_MAX };
        let transport = Sqs::over(server.sqs(), settings, subscriptions);
        (Self(server), transport)
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(Self::scaled(time)).await;
    }

    fn scaled(time: Duration) -> Duration {
        time / SCALE
    }

    // Moto looks at every message of a queue for each of its requests.
    fn many() -> usize {
        200
    }

    fn available() -> bool {
        moto::available()
    }
}

suite!(Played);
