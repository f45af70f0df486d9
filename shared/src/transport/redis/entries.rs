//! What stands in a stream's entry, and how a delivery names it.

use std::collections::HashMap;
use std::sync::Arc;

use redis::RedisResult;
use serde::{Deserialize, Serialize};

use super::Shared;
use crate::transport::{DeadDelivery, Delivery};

/// An entry as the server gives it: its id and its fields, which may be anything.
pub(super) type Entry = (String, HashMap<Vec<u8>, Vec<u8>>);

/// One delivery of an entry: another one of the same entry has another count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) count: u32,
    pub(super) entry: String,
    pub(super) stream: String,
}

impl Receipt {
    pub(super) fn write(&self) -> String {
        format!("{} {} {}", self.count, self.entry, self.stream)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (count, entry, stream) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        Some(Self { count, entry: entry.to_owned(), stream: stream.to_owned() })
    }
}

/// A message that comes back, or was given up, as one field of an entry.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) topic: String,
    pub(super) id: String,
    pub(super) body: String,
    /// How often it was received before.
    pub(super) count: u32,
    /// Whose it was; of dead ones only.
    #[serde(default)]
    pub(super) function: String,
    #[serde(default)]
    pub(super) unreadable: bool,
}

/// The delivery of an entry that was received `count` times from its stream; nothing for one that cannot be read.
pub(super) fn delivery(stream: &str, topic: &str, (entry, fields): &Entry, count: u32) -> Option<Delivery> {
    let text = |name: &str| fields.get(name.as_bytes()).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let receipt = Receipt { count, entry: entry.clone(), stream: stream.to_owned() }.write();
    if let Some(kept) = text("kept") {
        let kept: Kept = serde_json::from_str(kept).ok()?;
        return Some(Delivery {
            receipt,
            topic: kept.topic,
            message_id: kept.id,
            body: Arc::from(kept.body),
            receive_count: kept.count.saturating_add(count),
        });
    }
    Some(Delivery {
        receipt,
        topic: topic.to_owned(),
        message_id: text("id")?.to_owned(),
        body: Arc::from(text("body")?),
        receive_count: count,
    })
}

/// An entry that cannot be read, as text.
pub(super) fn lossy((_, fields): &Entry) -> String {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (text(name), text(value))).collect();
    fields.sort();
    serde_json::to_string(&fields).unwrap_or_default()
}

/// What was given up, oldest first.
pub(super) async fn dead(shared: &Shared, max: usize) -> RedisResult<Vec<DeadDelivery>> {
    let mut command = redis::cmd("XRANGE");
    command.arg(shared.names.dead()).arg("-").arg("+").arg("COUNT").arg(max);
    let entries: Vec<Entry> = command.query_async(&mut shared.connection.clone()).await?;
    let read = |(receipt, fields): Entry| {
        let kept = fields.get(b"kept".as_slice()).and_then(|bytes| serde_json::from_slice::<Kept>(bytes).ok());
        let kept = kept.unwrap_or_else(|| Kept { unreadable: true, ..Kept::default() });
        DeadDelivery {
            receipt,
            function: kept.function,
            topic: kept.topic,
            message_id: kept.id,
            body: Arc::from(kept.body),
            receive_count: kept.count,
            readable: !kept.unreadable,
        }
    };
    Ok(entries.into_iter().map(read).collect())
}

/// The two numbers of an entry's id.
pub(super) fn parts(id: &str) -> Option<(u64, u64)> {
    let (millis, number) = id.split_once('-')?;
    Some((millis.parse().ok()?, number.parse().ok()?))
}
