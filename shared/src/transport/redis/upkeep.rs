//! Keeping the streams in order: what every group has read goes, and so do the names of consumers that are gone.

use std::collections::HashMap;
use std::sync::{PoisonError, Weak};
use std::time::Duration;

use redis::{RedisResult, Value};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::entries::parts;
use crate::transport::QueueState;

/// Longest time between two rounds.
const ROUND_MAX: Duration = Duration::from_secs(10);
/// Entries kept in a stream that no group reads, for readers that come later.
const UNREAD_MAX: u64 = 10_000;

/// Rounds until the transport is closed or gone.
pub(super) async fn run(shared: Weak<Shared>, closed: CancellationToken) {
    loop {
        let Some(pause) = shared.upgrade().map(|shared| (shared.settings.visibility / 2).min(ROUND_MAX)) else {
            return;
        };
        tokio::select! {
            () = closed.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = round(&shared).await {
            tracing::debug!(%error, "the streams are tidied later");
        }
    }
}

async fn round(shared: &Shared) -> RedisResult<()> {
    for (stream, function) in streams(shared) {
        let groups = groups(shared, &stream).await?;
        trim(shared, &stream, &groups).await?;
        // Names in other readers' groups are theirs.
        let own: Vec<_> = groups.iter().filter(|group| function.is_some() || shared.owns(&group.name)).collect();
        for group in own {
            remove_stale_names(shared, &stream, &group.name).await?;
        }
    }
    Ok(())
}

impl Shared {
    fn owns(&self, group: &str) -> bool {
        self.subscriptions.iter().any(|subscription| self.names.group(subscription.function) == group)
    }
}

/// Every stream that is known, and the function whose alone it is.
fn streams(shared: &Shared) -> Vec<(String, Option<&'static str>)> {
    let topics = shared.topics.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let of_topics = topics.iter().map(|topic| (shared.names.stream(topic), None));
    let again = shared.subscriptions.iter().map(|own| (shared.names.again(own.function), Some(own.function)));
    of_topics.chain(again).collect()
}

/// A consumer group of a stream.
struct Group {
    name: String,
    pending: u64,
    last_delivered: String,
    lag: Option<u64>,
}

async fn groups(shared: &Shared, stream: &str) -> RedisResult<Vec<Group>> {
    let mut command = redis::cmd("XINFO");
    command.arg("GROUPS").arg(stream);
    let found: RedisResult<Vec<HashMap<String, Value>>> = command.query_async(&mut shared.connection.clone()).await;
    let found = match found {
        Ok(found) => found,
        // There is no such stream.
        Err(error) if error.code() == Some("ERR") => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let group = |fields: HashMap<String, Value>| {
        let text = |name: &str| fields.get(name).and_then(|value| redis::from_redis_value_ref::<String>(value).ok());
        let number = |name: &str| fields.get(name).and_then(|value| redis::from_redis_value_ref::<u64>(value).ok());
        Group {
            name: text("name").unwrap_or_default(),
            pending: number("pending").unwrap_or(0),
            last_delivered: text("last-delivered-id").unwrap_or_default(),
            lag: number("lag"),
        }
    };
    Ok(found.into_iter().map(group).collect())
}

/// Drops what every group has read and acknowledged; without a group, what is too much to keep.
async fn trim(shared: &Shared, stream: &str, groups: &[Group]) -> RedisResult<()> {
    let mut connection = shared.connection.clone();
    if groups.is_empty() {
        let mut trim = redis::cmd("XTRIM");
        return trim.arg(stream).arg("MAXLEN").arg("~").arg(UNREAD_MAX).query_async(&mut connection).await;
    }
    let mut keep_from: Option<(u64, u64)> = None;
    for group in groups {
        let first_needed = if group.pending == 0 {
            parts(&group.last_delivered).map(|(millis, number)| (millis, number.saturating_add(1)))
        } else {
            let mut pending = redis::cmd("XPENDING");
            pending.arg(stream).arg(&group.name);
            let (_, oldest, _, _): (u64, Option<String>, Value, Value) = pending.query_async(&mut connection).await?;
            oldest.as_deref().and_then(parts)
        };
        let Some(first_needed) = first_needed else { return Ok(()) };
        keep_from = Some(keep_from.map_or(first_needed, |other| other.min(first_needed)));
    }
    let Some((millis, number)) = keep_from else { return Ok(()) };
    let mut trim = redis::cmd("XTRIM");
    trim.arg(stream).arg("MINID").arg(format!("{millis}-{number}"));
    trim.query_async(&mut connection).await
}

async fn consumers(shared: &Shared, stream: &str, group: &str) -> RedisResult<Vec<(String, u64, u64)>> {
    let mut command = redis::cmd("XINFO");
    command.arg("CONSUMERS").arg(stream).arg(group);
    let found: Vec<HashMap<String, Value>> = command.query_async(&mut shared.connection.clone()).await?;
    let read = |fields: HashMap<String, Value>| {
        let number = |name: &str| fields.get(name).and_then(|value| redis::from_redis_value_ref::<u64>(value).ok());
        let name = fields.get("name").and_then(|value| redis::from_redis_value_ref::<String>(value).ok());
        Some((name?, number("pending")?, number("idle")?))
    };
    Ok(found.into_iter().filter_map(read).collect())
}

async fn remove_name(shared: &Shared, stream: &str, group: &str, consumer: &str) -> RedisResult<()> {
    let mut command = redis::cmd("XGROUP");
    command.arg("DELCONSUMER").arg(stream).arg(group).arg(consumer);
    command.query_async(&mut shared.connection.clone()).await
}

/// A consumer that lives reads at least every second; one that has been silent for two visibilities is gone, and what it
/// held was taken over.
async fn remove_stale_names(shared: &Shared, stream: &str, group: &str) -> RedisResult<()> {
    let silent = u64::try_from((shared.settings.visibility * 2).as_millis()).unwrap_or(u64::MAX);
    for (name, pending, idle) in consumers(shared, stream, group).await? {
        if name != shared.settings.consumer && pending == 0 && idle > silent {
            remove_name(shared, stream, group, &name).await?;
        }
    }
    Ok(())
}

/// Takes this process's name from every group in which it holds nothing.
pub(super) async fn remove_own_names(shared: &Shared) {
    let own = &shared.settings.consumer;
    for (stream, _) in streams(shared) {
        for subscription in &shared.subscriptions {
            let group = shared.names.group(subscription.function);
            let Ok(found) = consumers(shared, &stream, &group).await else { continue };
            if found.iter().any(|(name, pending, _)| name == own && *pending == 0)
                && let Err(error) = remove_name(shared, &stream, &group, own).await
            {
                tracing::debug!(%error, "a consumer's name stays until others remove it");
            }
        }
    }
}

/// What lies in each stream, by group.
pub(super) async fn queues(shared: &Shared) -> RedisResult<Vec<QueueState>> {
    let mut states = Vec::new();
    for (stream, _) in streams(shared) {
        let mut length = redis::cmd("XLEN");
        let length: u64 = length.arg(&stream).query_async(&mut shared.connection.clone()).await?;
        let name = shared.names.topic(&stream).to_owned();
        let groups = groups(shared, &stream).await?;
        if groups.is_empty() && length > 0 {
            states.push(QueueState { name: name.clone(), function: None, length, pending: 0, lag: None });
        }
        states.extend(groups.into_iter().map(|group| QueueState {
            name: name.clone(),
            function: group.name.strip_prefix(&format!("{}:", shared.names.group)).map(str::to_owned),
            length,
            pending: group.pending,
            lag: group.lag,
        }));
    }
    states.sort_by(|one, other| (&one.name, &one.function).cmp(&(&other.name, &other.function)));
    Ok(states)
}
