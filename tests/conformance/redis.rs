//! The suite over a real Redis server.

mod own;

use std::time::Duration;

use shared::clock::Clock;
use shared::transport::{Redis, RedisSettings, Subscription};
use tests::services::redis::Redis as Server;

use crate::transport::{Backend, RECEIVE_MAX, suite};

/// The cases' minutes are seconds here.
const SCALE: u32 = 50;

/// A server, as long as the case runs.
struct Real(#[expect(dead_code, reason = "it lives as long as this does")] Option<Server>);

fn settings(url: &str, prefix: &str, consumer: &str, visibility: Duration) -> RedisSettings {
    RedisSettings {
        url: url.to_owned(),
        prefix: prefix.to_owned(),
        group: "test".to_owned(),
        consumer: consumer.to_owned(),
        visibility,
        receive_max: RECEIVE_MAX,
    }
}

/// A prefix that no other test has.
fn own_prefix() -> String {
    let ids = shared::id::Ids::from_system(Clock::System).expect("randomness");
    format!("test:{}", ids.uuid_v4().simple())
}

impl Backend for Real {
    type Transport = Redis;

    async fn start(visibility: Duration, subscriptions: Vec<Subscription>) -> (Self, Redis) {
        let server = Server::any().await;
        let url = server.as_ref().map(Server::url).expect("a Redis server");
        let redis = Redis::connect(settings(&url, &own_prefix(), "one", visibility), subscriptions).await;
        (Self(server), redis.expect("it answers"))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(Self::scaled(time)).await;
    }

    fn scaled(time: Duration) -> Duration {
        time / SCALE
    }

    fn available() -> bool {
        tests::services::redis::available()
    }
}

suite!(Real);
