//! Receiving for one function: from the streams of its topics, from the stream of what came back, and from consumers that
//! died with messages in hand.

use std::collections::{HashSet, VecDeque};
use std::sync::PoisonError;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};

use super::entries::{self, Entry, Kept, Receipt};
use super::{ANSWER, BACKOFF_MAX, Shared, scripts, unreachable};
use crate::clock::{Clock, Stopwatch};
use crate::transport::{Delivery, TransportError};

/// Longest wait on the server at once: as often a new topic is noticed, and what others left is looked for.
const BLOCK_MAX: Duration = Duration::from_secs(1);

/// What one process knows of one function's queue.
#[derive(Default)]
pub(super) struct Queue {
    /// A connection of its own: a blocking read holds up whatever comes behind it.
    connection: Option<MultiplexedConnection>,
    failures: u32,
    /// Streams whose group is known to be there.
    joined: HashSet<String>,
    /// Received, and more than was asked for.
    buffer: VecDeque<Delivery>,
    /// When what others left was last looked for.
    looked: Option<Stopwatch>,
    listed: Option<Stopwatch>,
}

/// What a blocking read gives: entries by stream.
type Read = Option<Vec<(String, Vec<Entry>)>>;

impl Queue {
    /// Up to `max` messages, waiting up to `wait` for the first.
    pub(super) async fn receive(
        &mut self,
        shared: &Shared,
        function: &'static str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, TransportError> {
        let stopwatch = Clock::stopwatch();
        loop {
            if !self.buffer.is_empty() {
                let count = max.min(self.buffer.len());
                return Ok(self.buffer.drain(..count).collect());
            }
            let left = wait.saturating_sub(stopwatch.elapsed());
            match self.fill(shared, function, max, left).await {
                Ok(()) => self.failures = 0,
                Err(error) if is_no_group(&error) => {
                    tracing::warn!(function, "the transport's contents are gone; what was accepted is rung again");
                    self.joined.clear();
                    self.listed = None;
                    shared.listed.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    shared.lost.send_modify(|times| *times += 1);
                    continue;
                }
                Err(error) => {
                    self.connection = None;
                    self.failures = self.failures.saturating_add(1);
                    let pause = Duration::from_millis(50).saturating_mul(2_u32.saturating_pow(self.failures.min(10)));
                    tokio::time::sleep(pause.min(BACKOFF_MAX).min(left)).await;
                    return Err(unreachable(&error));
                }
            }
            if self.buffer.is_empty() && stopwatch.elapsed() >= wait {
                return Ok(Vec::new());
            }
        }
    }

    async fn fill(&mut self, shared: &Shared, function: &'static str, max: usize, left: Duration) -> RedisResult<()> {
        let streams = self.join(shared, function).await?;
        let next = scripts::due(shared, function).await?;
        if self.looked.is_none_or(|looked| looked.elapsed() >= shared.settings.visibility / 8) {
            self.looked = Some(Clock::stopwatch());
            self.take_over(shared, function, &streams, max).await?;
            if !self.buffer.is_empty() {
                return Ok(());
            }
        }
        let block = left.min(BLOCK_MAX).min(shared.settings.visibility / 8).min(next.unwrap_or(BLOCK_MAX));
        let read = self.read(shared, function, &streams, max, block).await?;
        let mut found: Vec<(String, Entry)> = Vec::new();
        for (stream, entries) in read.into_iter().flatten() {
            found.extend(entries.into_iter().map(|entry| (stream.clone(), entry)));
        }
        // As they were published, whatever the stream.
        found.sort_by_key(|(_, (id, _))| entries::parts(id));
        for (stream, entry) in found {
            self.keep(shared, function, &stream, &entry, 1).await?;
        }
        Ok(())
    }

    /// The streams of the function's topics and of what comes back to it; in each it has its group.
    async fn join(&mut self, shared: &Shared, function: &'static str) -> RedisResult<Vec<String>> {
        if self.listed.is_none_or(|listed| listed.elapsed() >= BLOCK_MAX) {
            let mut members = redis::cmd("SMEMBERS");
            members.arg(shared.names.topics());
            let topics: HashSet<String> = members.query_async(&mut shared.connection.clone()).await?;
            shared.topics.lock().unwrap_or_else(PoisonError::into_inner).extend(topics);
            self.listed = Some(Clock::stopwatch());
        }
        let Some(own) = shared.subscriptions.iter().find(|subscription| subscription.function == function) else {
            return Ok(Vec::new());
        };
        let mut streams: Vec<String> = {
            let topics = shared.topics.lock().unwrap_or_else(PoisonError::into_inner);
            topics.iter().filter(|topic| own.wants(topic)).map(|topic| shared.names.stream(topic)).collect()
        };
        streams.push(shared.names.again(function));
        streams.sort_unstable();
        for stream in &streams {
            if self.joined.contains(stream) {
                continue;
            }
            let mut create = redis::cmd("XGROUP");
            // From the beginning: what was published before the group was there is for it, too.
            create.arg("CREATE").arg(stream).arg(shared.names.group(function)).arg("0").arg("MKSTREAM");
            let created: RedisResult<()> = create.query_async(&mut shared.connection.clone()).await;
            match created {
                Err(error) if error.code() != Some("BUSYGROUP") => return Err(error),
                _ => drop(self.joined.insert(stream.clone())),
            }
        }
        Ok(streams)
    }

    async fn read(
        &mut self,
        shared: &Shared,
        function: &'static str,
        streams: &[String],
        max: usize,
        block: Duration,
    ) -> RedisResult<Read> {
        let connection = if let Some(connection) = &mut self.connection {
            connection
        } else {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(ANSWER))
                // Longer than it ever blocks; a server that stopped is noticed all the same.
                .set_response_timeout(Some(BLOCK_MAX + 2 * ANSWER));
            let connected = shared.client.get_multiplexed_async_connection_with_config(&config).await?;
            self.connection.insert(connected)
        };
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(shared.names.group(function)).arg(&shared.settings.consumer).arg("COUNT").arg(max);
        if !block.is_zero() {
            // 0 would mean for ever.
            command.arg("BLOCK").arg(u64::try_from(block.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        command.arg("STREAMS").arg(streams);
        for _ in streams {
            command.arg(">");
        }
        command.query_async(connection).await
    }

    /// Takes what other consumers, or an earlier life of this one, hold for longer than the visibility.
    async fn take_over(
        &mut self,
        shared: &Shared,
        function: &'static str,
        streams: &[String],
        max: usize,
    ) -> RedisResult<()> {
        let group = shared.names.group(function);
        let idle = u64::try_from(shared.settings.visibility.as_millis()).unwrap_or(u64::MAX);
        for stream in streams {
            let mut claim = redis::cmd("XAUTOCLAIM");
            claim.arg(stream).arg(&group).arg(&shared.settings.consumer).arg(idle).arg("0-0").arg("COUNT").arg(max);
            // The place to go on from, what was claimed, and in newer versions what is not there any more.
            let claimed: (String, Vec<Entry>, redis::Value) =
                match claim.query_async(&mut shared.connection.clone()).await {
                    Ok(claimed) => claimed,
                    Err(error) if is_no_group(&error) => return Err(error),
                    Err(error) => return Err(error),
                };
            for entry in claimed.1 {
                let count = delivered(shared, stream, &group, &entry.0).await?;
                self.keep(shared, function, stream, &entry, count).await?;
            }
        }
        Ok(())
    }

    /// Puts a received entry where it is handed out, or among the dead.
    async fn keep(
        &mut self,
        shared: &Shared,
        function: &'static str,
        stream: &str,
        entry: &Entry,
        count: u32,
    ) -> RedisResult<()> {
        let topic = shared.names.topic(stream);
        let delivery = entries::delivery(stream, topic, entry, count);
        let worn = delivery.as_ref().is_some_and(|found| found.receive_count > shared.settings.receive_max);
        match delivery {
            Some(delivery) if !worn => self.buffer.push_back(delivery),
            given_up => {
                let kept = match given_up {
                    Some(worn) => Kept {
                        topic: worn.topic,
                        id: worn.message_id,
                        body: worn.body.to_string(),
                        count: worn.receive_count - 1,
                        function: function.to_owned(),
                        unreadable: false,
                    },
                    None => Kept {
                        topic: topic.to_owned(),
                        body: entries::lossy(entry),
                        count,
                        function: function.to_owned(),
                        unreadable: true,
                        ..Kept::default()
                    },
                };
                tracing::error!(function, topic = %kept.topic, unreadable = kept.unreadable, "the transport gives a message up");
                let receipt = Receipt { count, entry: entry.0.clone(), stream: stream.to_owned() };
                scripts::bury(shared, &receipt, &kept).await?;
            }
        }
        Ok(())
    }
}

/// How often an entry was delivered.
async fn delivered(shared: &Shared, stream: &str, group: &str, entry: &str) -> RedisResult<u32> {
    let mut pending = redis::cmd("XPENDING");
    pending.arg(stream).arg(group).arg(entry).arg(entry).arg(1);
    let found: Vec<(String, String, u64, u32)> = pending.query_async(&mut shared.connection.clone()).await?;
    Ok(found.first().map_or(1, |(_, _, _, count)| *count))
}

/// Whether a stream or its group is gone: somebody emptied the server.
pub(super) fn is_no_group(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}
