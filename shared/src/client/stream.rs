//! One connection of a live stream: its events, and how far the server says it has looked.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use eventsource_stream::{Event, Eventsource};
use futures::{Stream, StreamExt, TryStreamExt};

/// The server's events, one connection long.
pub(super) struct Connection {
    events: Pin<Box<dyn Stream<Item = Option<Event>> + Send>>,
    examined: Arc<Mutex<Examined>>,
}

impl Connection {
    pub(super) fn new(response: reqwest::Response) -> Self {
        let examined = Arc::<Mutex<Examined>>::default();
        let tap = Arc::clone(&examined);
        let bytes = response.bytes_stream().inspect_ok(move |bytes| lock(&tap).feed(bytes));
        Self { events: Box::pin(bytes.eventsource().map(Result::ok)), examined }
    }

    /// The next event; none once the connection is of no more use.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.next().await.flatten()
    }

    /// The cursor of the last whole frame. It is ahead of what [`Connection::next`] has handed out until that returns none.
    pub(super) fn examined(&self) -> Option<String> {
        lock(&self.examined).cursor.clone()
    }
}

fn lock(examined: &Mutex<Examined>) -> std::sync::MutexGuard<'_, Examined> {
    examined.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds the cursors of whole frames, also of those without data, which the event parser swallows: a heartbeat's `id`
/// says how far the log was examined (LOG-11), and by it a quiet filter moves on.
#[derive(Default)]
struct Examined {
    line: Vec<u8>,
    /// Of the frame that is being received: it counts once the frame is complete.
    coming: Option<String>,
    cursor: Option<String>,
}

/// A line with a cursor is short; a longer one is an event's data and only its beginning matters.
const LONGEST: usize = 64;

impl Examined {
    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if self.line.is_empty() => self.cursor = self.coming.take().or(self.cursor.take()),
                b'\n' => {
                    self.coming = cursor_in(&self.line).or(self.coming.take());
                    self.line.clear();
                }
                b'\r' => {}
                _ if self.line.len() < LONGEST => self.line.push(*byte),
                _ => {}
            }
        }
    }
}

/// The cursor in an `id` line.
fn cursor_in(line: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(line.strip_prefix(b"id:")?).ok()?.trim();
    position(value).map(|_| value.to_owned())
}

/// The position in a cursor, `<pos>-<epoch>` or bare.
pub(super) fn position(cursor: &str) -> Option<i64> {
    cursor.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // LOG-11
    #[test]
    fn heartbeats_say_how_far_the_log_was_examined_however_they_are_cut_and_half_a_frame_says_nothing() {
        let mut examined = Examined::default();
        for chunk in ["id: 7-00c0ffee\ndata: {\"id\": 1}\n\n: heart", "beat\nid: 41-00c0", "ffee\n", "\n:\n\n"] {
            examined.feed(chunk.as_bytes());
        }
        assert_eq!(examined.cursor.as_deref(), Some("41-00c0ffee"));
        examined.feed(b"id: 42-00c0ffee\ndata: {}\n");
        assert_eq!(examined.cursor.as_deref(), Some("41-00c0ffee"));
    }

    // LOG-5
    #[test]
    fn a_position_is_read_from_a_cursor_with_and_without_its_epoch() {
        assert_eq!((position("12-00c0ffee"), position("12"), position("x")), (Some(12), Some(12), None));
    }
}
