//! Live streams: WebSocket and server-sent events over one log, from any cursor, for any pace of reading.

mod catching_up;
mod client;
mod heartbeats;
mod refusals;
mod resuming;
mod shutdown;
mod slow;
mod sse;
mod websocket;
