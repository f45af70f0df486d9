//! A Redis server in a container, for whoever has a Docker engine and no Redis: it comes and goes with the server.

use anyhow::Context;
use testcontainers_modules::redis::{REDIS_PORT, Redis};
use testcontainers_modules::testcontainers::runners::AsyncRunner;
use testcontainers_modules::testcontainers::{ContainerAsync, ImageExt};

/// The word in `redis.url` that asks for it.
pub(crate) const WORD: &str = "container";
const TAG: &str = "7";

/// A running container.
pub(crate) struct Container(ContainerAsync<Redis>);

/// Starts one; its URL, and what ends it.
///
/// # Errors
/// When no Docker engine answers, or it has no image and can get none.
pub(crate) async fn start() -> anyhow::Result<(String, Container)> {
    let container = Redis::default().with_tag(TAG).start().await.context(
        "redis.url is container, and no Docker engine starts redis:7; start the engine, or name a server with --redis-url",
    )?;
    let host = container.get_host().await.context("the container has no address")?;
    let port = container.get_host_port_ipv4(REDIS_PORT).await.context("the container has no port")?;
    Ok((format!("redis://{host}:{port}/0"), Container(container)))
}

impl Container {
    /// Ends and removes it.
    pub(crate) async fn remove(self) {
        if let Err(error) = self.0.rm().await {
            tracing::warn!(%error, "the Redis container could not be removed");
        }
    }
}
