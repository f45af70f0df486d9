//! `GET /stream`: the log live, as server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use http::{HeaderValue, header};

use prometheus::IntGauge;
use shared::ctx::Ctx;
use shared::live::{Subscriber, TailEvent};
use shared::store::events::EventFilter;
use shared::value::KeyScope;
use tokio::time::Sleep;

use crate::identity::Identity;
use crate::problem::{Answer, ProblemDocument};
use crate::{cursor, query};

/// Streams events as they are committed, each with its cursor as `id`. `Last-Event-ID` wins over `after`; with neither the
/// stream begins at the head.
#[utoipa::path(
    get, path = "/stream", tag = "log",
    params(
        ("after" = Option<String>, Query, description = "Cursor; 0 is the beginning of the log"),
        ("Last-Event-ID" = Option<String>, Header),
        ("types" = Option<String>, Query, description = "Exact types or prefix.*, separated by commas; default all"),
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("thread_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", description = "id = cursor, event = type, data = event JSON"),
        (status = 400, body = ProblemDocument, description = "invalid_cursor, cursor_ahead"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
pub async fn stream(State(ctx): State<Ctx>, identity: Identity) -> Answer<Response> {
    identity.require(KeyScope::ForumRead)?;
    let filter = query::event_filter(&identity, &[])?;
    let last_id = identity.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let given = last_id.or(identity.query.get("after").map(String::as_str));
    // Subscribe first, then settle where to begin.
    let subscriber = ctx.tail.subscribe();
    let cursor = match given {
        Some(text) => cursor::read_log(&ctx.store, text).await?,
        None => ctx.store.newest().await?,
    };
    let connected = Connected::new(ctx.metrics.live_subscribers.with_label_values(&["sse"]));
    let life = Life::of(&ctx);
    let reader = LiveReader { ctx, subscriber, filter, cursor, life, pending: Vec::new(), _connected: connected };
    let mut response = Sse::new(events(reader)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Streams the same events over a WebSocket, in frames of `forum.events` and `heartbeat`; without `types` the forum's. Only
/// the harness serves it.
#[utoipa::path(
    get, path = "/api/v1/forum/stream", tag = "log",
    params(
        ("cursor" = Option<String>, Query, description = "Last position read; default 0"),
        ("limit" = Option<u32>, Query, description = "Events per frame, 1 to 500, default 100"),
        ("types" = Option<String>, Query, description = "Exact types or prefix.*, separated by commas"),
        ("ticket" = Option<String>, Query), ("run_id" = Option<String>, Query), ("thread_id" = Option<String>, Query),
        ("project_id" = Option<String>, Query),
    ),
    responses(
        (status = 101, description = "The connection is a WebSocket from here on"),
        (status = 400, body = ProblemDocument, description = "invalid_cursor, cursor_ahead, wrong upgrade headers"),
        (status = 410, body = ProblemDocument, description = "cursor_epoch"),
    )
)]
#[expect(dead_code, reason = "the harness serves it; its description belongs to the interface")]
pub fn websocket() {}

/// Counts a live connection while it exists.
struct Connected(IntGauge);

impl Connected {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// When a stream ends by itself. The client resumes where it was.
enum Life {
    /// With the server.
    Server,
    /// Before the platform ends the function.
    Until(Pin<Box<Sleep>>),
    /// With the first events, or without any at this time: its response reaches the client only as a whole.
    FirstPage(Pin<Box<Sleep>>),
    /// Now, once what was read is handed over.
    Over,
}

impl Life {
    fn of(ctx: &Ctx) -> Self {
        let live = &ctx.config.live;
        match (ctx.is_deployed(), live.streaming) {
            (false, _) => Self::Server,
            (true, true) => Self::Until(Box::pin(tokio::time::sleep(live.deployed))),
            (true, false) => Self::FirstPage(Box::pin(tokio::time::sleep(live.buffered))),
        }
    }

    /// Comes round when there is nothing more to wait for.
    async fn ended(&mut self) {
        match self {
            Self::Server => std::future::pending().await,
            Self::Until(end) | Self::FirstPage(end) => end.await,
            Self::Over => {}
        }
    }
}

struct LiveReader {
    ctx: Ctx,
    subscriber: Subscriber,
    filter: EventFilter,
    cursor: i64,
    life: Life,
    /// Read and not yet handed to the client, newest first.
    pending: Vec<Arc<TailEvent>>,
    _connected: Connected,
}

fn events(reader: LiveReader) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })
}

impl LiveReader {
    /// The next event or heartbeat; `None` at the end of the tail. The client's pace sets ours: nothing is read ahead of it
    /// but one page.
    async fn next(&mut self) -> Option<Event> {
        let heartbeat = tokio::time::sleep(self.ctx.config.live.heartbeat);
        tokio::pin!(heartbeat);
        loop {
            if let Some(event) = self.pending.pop() {
                self.ctx.metrics.live_events_sent_total.with_label_values(&["sse"]).inc();
                let id = cursor::log(&self.ctx.store, event.event.pos);
                return Some(Event::default().id(id).event(&event.event.event_type).data(&event.json));
            }
            if matches!(self.life, Life::Over) {
                return None;
            }
            let limit = self.ctx.config.stream.limit as usize;
            match self.subscriber.read(&self.filter, self.cursor, limit).await {
                Ok(page) => {
                    self.cursor = page.examined;
                    self.pending = page.events;
                    self.pending.reverse();
                }
                Err(error) => tracing::error!(%error, "a live reader could not read the log; its cursor stays"),
            }
            if !self.pending.is_empty() {
                if matches!(self.life, Life::FirstPage(_)) {
                    self.life = Life::Over;
                }
                continue;
            }
            tokio::select! {
                moved = self.subscriber.moved_past(self.cursor) => if !moved { return None },
                () = self.life.ended() => self.life = Life::Over,
                () = &mut heartbeat => {
                    // The id moves a quiet filter's resume point to what was examined.
                    let id = cursor::log(&self.ctx.store, self.cursor);
                    return Some(Event::default().comment("heartbeat").id(id));
                }
            }
        }
    }
}
