//! What must happen on the server in one step. Each script first checks that the delivery is still the one it was given for:
//! a message that came again meanwhile belongs to somebody else.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{RedisResult, Script};

use super::Shared;
use super::entries::{Kept, Receipt};
use crate::transport::Delivery;

/// Whether the delivery of `id` with this `count` is the entry's present one.
const HELD: &str = r"
local function held(stream, group, id, count)
    local found = redis.pcall('XPENDING', stream, group, id, id, 1)
    return not found.err and found[1] and found[1][4] == tonumber(count)
end
local function now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
";

/// KEYS: the streams; ARGV: group, the stream of what came back, then number of the stream, id and count of each.
static ACK: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
for i = 3, #ARGV, 3 do
    local stream, id = KEYS[tonumber(ARGV[i])], ARGV[i + 1]
    if held(stream, ARGV[1], id, ARGV[i + 2]) then
        redis.call('XACK', stream, ARGV[1], id)
        if stream == ARGV[2] then redis.call('XDEL', stream, id) end
    end
end
return 0",
    )
});

/// KEYS: stream, what waits, the stream of what came back; ARGV: group, id, count, delay in ms, what is kept.
static RETRY: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if not held(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[2], now() + tonumber(ARGV[4]), ARGV[2] .. ' ' .. ARGV[5])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if KEYS[1] == KEYS[3] then redis.call('XDEL', KEYS[1], ARGV[2]) end
return 1",
    )
});

/// KEYS: what waits, the stream of what came back; answers with the milliseconds until the next is due, or -1.
static DUE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now(), 'LIMIT', 0, 200)) do
    redis.call('XADD', KEYS[2], '*', 'kept', string.sub(member, string.find(member, ' ', 1, true) + 1))
    redis.call('ZREM', KEYS[1], member)
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if next[2] then return math.max(0, tonumber(next[2]) - now()) end
return -1",
    )
});

/// KEYS: stream; ARGV: group, id, count, consumer, idle ms.
static EXTEND: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if not held(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[4], 0, ARGV[2], 'IDLE', ARGV[5], 'JUSTID')
return 1",
    )
});

/// KEYS: stream, the stream of the dead, the stream of what came back; ARGV: group, id, what is kept.
static BURY: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
redis.call('XADD', KEYS[2], '*', 'kept', ARGV[3])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if KEYS[1] == KEYS[3] then redis.call('XDEL', KEYS[1], ARGV[2]) end
return 1",
    )
});

fn script(body: &str) -> Script {
    Script::new(&format!("{HELD}{body}"))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) async fn ack(shared: &Shared, function: &str, receipts: &[Receipt]) -> RedisResult<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    let mut streams: Vec<&str> = receipts.iter().map(|receipt| receipt.stream.as_str()).collect();
    streams.sort_unstable();
    streams.dedup();
    let mut invocation = ACK.prepare_invoke();
    for stream in &streams {
        invocation.key(*stream);
    }
    invocation.arg(shared.names.group(function)).arg(shared.names.again(function));
    for receipt in receipts {
        let number = streams.binary_search(&receipt.stream.as_str()).unwrap_or_default() + 1;
        invocation.arg(number).arg(&receipt.entry).arg(receipt.count);
    }
    invocation.invoke_async(&mut shared.connection.clone()).await
}

pub(super) async fn retry(
    shared: &Arc<Shared>,
    function: &str,
    receipt: &Receipt,
    delivery: &Delivery,
    delay: Duration,
) -> RedisResult<()> {
    let kept = Kept {
        topic: delivery.topic.clone(),
        id: delivery.message_id.clone(),
        body: delivery.body.to_string(),
        count: delivery.receive_count,
        ..Kept::default()
    };
    let names = &shared.names;
    let mut invocation = RETRY.prepare_invoke();
    invocation.key(&receipt.stream).key(names.later(function)).key(names.again(function));
    invocation.arg(names.group(function)).arg(&receipt.entry).arg(receipt.count).arg(millis(delay));
    invocation.arg(serde_json::to_string(&kept).unwrap_or_default());
    let _: i64 = invocation.invoke_async(&mut shared.connection.clone()).await?;
    // Moved where it is read as soon as it is due; should this process be gone by then, the next receive does it.
    let (weak, function) = (Arc::downgrade(shared), function.to_owned());
    let closed = shared.closed.clone();
    shared.tasks.spawn(async move {
        tokio::select! {
            () = closed.cancelled() => return,
            () = tokio::time::sleep(delay + Duration::from_millis(1)) => {}
        }
        if let Some(shared) = weak.upgrade()
            && let Err(error) = due(&shared, &function).await
        {
            tracing::debug!(%error, "what is due is moved later");
        }
    });
    Ok(())
}

/// Moves what is due to where it is read; the wait until the next is.
pub(super) async fn due(shared: &Shared, function: &str) -> RedisResult<Option<Duration>> {
    let names = &shared.names;
    let mut invocation = DUE.prepare_invoke();
    invocation.key(names.later(function)).key(names.again(function));
    let wait: i64 = invocation.invoke_async(&mut shared.connection.clone()).await?;
    Ok(u64::try_from(wait).ok().map(Duration::from_millis))
}

pub(super) async fn extend(
    shared: &Shared,
    function: &str,
    receipt: &Receipt,
    visibility: Duration,
) -> RedisResult<()> {
    // Hidden for as long as it is not idle for the whole visibility.
    let idle = shared.settings.visibility.saturating_sub(visibility);
    let mut invocation = EXTEND.prepare_invoke();
    invocation.key(&receipt.stream).arg(shared.names.group(function)).arg(&receipt.entry).arg(receipt.count);
    invocation.arg(&shared.settings.consumer).arg(millis(idle));
    let _: i64 = invocation.invoke_async(&mut shared.connection.clone()).await?;
    Ok(())
}

pub(super) async fn bury(shared: &Shared, receipt: &Receipt, kept: &Kept) -> RedisResult<()> {
    let names = &shared.names;
    let mut invocation = BURY.prepare_invoke();
    invocation.key(&receipt.stream).key(names.dead()).key(names.again(&kept.function));
    invocation.arg(names.group(&kept.function)).arg(&receipt.entry);
    invocation.arg(serde_json::to_string(kept).unwrap_or_default());
    let _: i64 = invocation.invoke_async(&mut shared.connection.clone()).await?;
    Ok(())
}
