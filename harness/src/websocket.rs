//! `GET /api/v1/forum/stream`: the log live over a WebSocket. Only the harness serves it; deployed functions offer the
//! same events as server-sent events.

use std::fmt::Write;
use std::time::Duration;

use api_http::cursor;
use api_http::identity::Identity;
use api_http::problem::{Answer, Problem};
use api_http::query;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use axum::routing::get;
use shared::config::STREAM_LIMIT_MAX;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::live::{Page, Subscriber};
use shared::store::events::{EventFilter, TypePattern};
use shared::value::KeyScope;

/// The route.
pub(crate) fn route() -> Router<Ctx> {
    Router::new().route("/api/v1/forum/stream", get(upgrade))
}

/// Everything that can be refused is refused before the upgrade.
async fn upgrade(
    State(ctx): State<Ctx>,
    identity: Identity,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    identity.require(KeyScope::ForumRead)?;
    let filter = query::event_filter(&identity, &[TypePattern::FORUM])?;
    let limit = query::limit(&identity.query, ctx.config.stream.limit, STREAM_LIMIT_MAX)? as usize;
    let cursor = match identity.query.get("cursor") {
        Some(text) => cursor::read_log(&ctx.store, text).await?,
        None => 0,
    };
    let upgrade = upgrade.map_err(|rejection| Problem::new(Code::InvalidRequest, rejection.to_string()))?;
    // Buffers of the default size would cost a client 134 kB; what comes in is small, and ignored.
    let upgrade = upgrade.read_buffer_size(512).write_buffer_size(0).max_message_size(64 * 1024);
    // Subscribe first: what is committed from here on is in the tail.
    let subscriber = ctx.tail.subscribe();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let connected = ctx.metrics.live_subscribers.with_label_values(&["ws"]);
        connected.inc();
        Box::pin(Client { ctx, socket, subscriber, filter, cursor, limit }.serve()).await;
        connected.dec();
    }))
}

struct Client {
    ctx: Ctx,
    socket: WebSocket,
    subscriber: Subscriber,
    filter: EventFilter,
    cursor: i64,
    limit: usize,
}

/// Why a client is let go.
enum End {
    /// It left, or its connection broke.
    Gone,
    /// It took no byte for `live.stall`.
    Stalled,
    /// The server stops.
    Stopping,
}

impl Client {
    async fn serve(mut self) {
        let frame = match self.run().await {
            End::Gone => return,
            End::Stalled => CloseFrame { code: close_code::AGAIN, reason: "too slow; resume from your cursor".into() },
            End::Stopping => CloseFrame { code: close_code::AWAY, reason: "the server stops".into() },
        };
        // A client that takes nothing gets its close frame if it can, and is gone either way.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.send(Message::Close(Some(frame)))).await;
    }

    async fn run(&mut self) -> End {
        let mut heartbeat = Box::pin(tokio::time::sleep(self.ctx.config.live.heartbeat));
        loop {
            match self.subscriber.read(&self.filter, self.cursor, self.limit).await {
                Ok(page) => {
                    self.cursor = page.examined;
                    if !page.events.is_empty() {
                        let frame = self.frame(&page);
                        let count = page.events.len() as u64;
                        if let Err(end) = self.send(frame).await {
                            return end;
                        }
                        self.ctx.metrics.live_events_sent_total.with_label_values(&["ws"]).inc_by(count);
                        continue;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "a live reader could not read the log; its cursor stays");
                    let frame = r#"{"type":"error","message":"the log cannot be read; trying again"}"#.to_owned();
                    if let Err(end) = self.send(frame).await {
                        return end;
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
            }
            tokio::select! {
                moved = self.subscriber.moved_past(self.cursor) => if !moved { return End::Stopping },
                () = &mut heartbeat => {
                    heartbeat.set(tokio::time::sleep(self.ctx.config.live.heartbeat));
                    let frame = format!(
                        r#"{{"type":"heartbeat","next_cursor":"{}","sent_at":"{}"}}"#,
                        cursor::log(&self.ctx.store, self.cursor),
                        self.ctx.clock.now(),
                    );
                    if let Err(end) = self.send(frame).await {
                        return end;
                    }
                }
                // Whatever a client says is ignored, but its leaving is noticed.
                received = self.socket.recv() => match received {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    /// One frame of events; each was serialised once for everybody.
    fn frame(&self, page: &Page) -> String {
        let size: usize = page.events.iter().map(|event| event.json.len() + 1).sum();
        let mut frame = String::with_capacity(size + 128);
        frame.push_str(r#"{"type":"forum.events","events":["#);
        for (index, event) in page.events.iter().enumerate() {
            if index > 0 {
                frame.push(',');
            }
            frame.push_str(&event.json);
        }
        let next = cursor::log(&self.ctx.store, page.examined);
        // Writing into a text cannot fail.
        let _ = write!(frame, r#"],"next_cursor":"{next}","sent_at":"{}"}}"#, self.ctx.clock.now());
        frame
    }

    async fn send(&mut self, frame: String) -> Result<(), End> {
        let sent =
            tokio::time::timeout(self.ctx.config.live.stall, self.socket.send(Message::Text(frame.into()))).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Stalled),
        }
    }
}
