//! A live stream that outlives its connections: it resumes where it was, and shows each event once.

use eventsource_stream::Event;
use http::header::ACCEPT;

use super::document::{refusal, retry_after};
use super::error::ClientError;
use super::stream::{Connection, position};
use super::{Client, retry};
use std::sync::atomic::Ordering;

/// What happens on a stream.
#[derive(Debug)]
pub enum Live {
    /// The stream flows, for the first time or again.
    Connected {
        /// Whether it was lost before.
        again: bool,
    },
    /// The connection is lost; the stream keeps trying.
    Lost(ClientError),
    /// An event.
    Event(LiveEvent),
}

/// One event of the log.
#[derive(Clone, Debug)]
pub struct LiveEvent {
    /// Its position.
    pub pos: i64,
    /// The event as JSON, as served.
    pub data: String,
}

/// A subscription. Dropping it ends it.
pub struct Follow {
    client: Client,
    filter: Vec<(&'static str, String)>,
    start: Option<String>,
    /// Where to resume, once the stream has shown something.
    cursor: Option<String>,
    /// Position of the last event shown: what is not above it was shown already.
    shown: i64,
    connection: Option<Connection>,
    lost: bool,
    failures: u32,
}

impl Follow {
    pub(super) fn new(client: Client, filter: Vec<(&'static str, String)>, start: Option<String>) -> Self {
        let shown = start.as_deref().and_then(position).unwrap_or(0);
        Self { client, filter, start, cursor: None, shown, connection: None, lost: false, failures: 0 }
    }

    /// What happens next. Waits for ever, through any number of lost connections.
    ///
    /// # Errors
    /// When the server was never there, or refuses for a reason that would not pass, such as a cursor of another database.
    pub async fn next(&mut self) -> Result<Live, ClientError> {
        loop {
            let Some(connection) = &mut self.connection else {
                if let Some(live) = self.connect().await? {
                    return Ok(live);
                }
                continue;
            };
            if let Some(event) = connection.next().await {
                self.failures = 0;
                if let Some(event) = self.show(event) {
                    return Ok(Live::Event(event));
                }
            } else {
                // Everything before the last heartbeat was handed out by now, so it is safe to resume from there.
                let examined = connection.examined();
                self.connection = None;
                self.advance(examined);
                return Ok(self.lose(ClientError::StreamEnded { address: self.client.address().to_owned() }));
            }
        }
    }

    /// One attempt to connect; nothing to tell when it failed again.
    async fn connect(&mut self) -> Result<Option<Live>, ClientError> {
        if self.failures > 0 {
            tokio::time::sleep(retry::pause(self.failures, self.client.ids.fraction())).await;
        }
        match self.open().await {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(Some(Live::Connected { again: std::mem::replace(&mut self.lost, false) }))
            }
            Err(error) if error.passes() && self.client.met() => {
                if self.lost {
                    self.failures += 1;
                    return Ok(None);
                }
                Ok(Some(self.lose(error)))
            }
            Err(error) => Err(error),
        }
    }

    fn lose(&mut self, error: ClientError) -> Live {
        self.lost = true;
        self.failures += 1;
        Live::Lost(error)
    }

    async fn open(&self) -> Result<Connection, ClientError> {
        let client = &self.client;
        let mut query = self.filter.clone();
        if let (None, Some(start)) = (&self.cursor, &self.start) {
            query.push(("after", start.clone()));
        }
        let url = client.url(&["stream"], &query, client.project.as_deref());
        let mut request = client.http.get(url).header(ACCEPT, "text/event-stream");
        if let Some(cursor) = &self.cursor {
            request = request.header("last-event-id", cursor);
        }
        let late = |_| ClientError::Timeout { address: client.address.clone(), after: client.timeout };
        let response = tokio::time::timeout(client.timeout, request.send()).await.map_err(late)?;
        let response = response.map_err(|error| client.failed(error))?;
        client.met.store(true, Ordering::Relaxed);
        let status = response.status();
        if status.is_success() {
            return Ok(Connection::new(response));
        }
        let retry_after = retry_after(response.headers());
        let text = response.text().await.map_err(|error| client.failed(error))?;
        Err(refusal(status, &text, retry_after))
    }

    /// The event, unless it was shown before.
    fn show(&mut self, event: Event) -> Option<LiveEvent> {
        let pos = position(&event.id)?;
        if pos <= self.shown {
            return None;
        }
        self.shown = pos;
        self.cursor = Some(event.id);
        Some(LiveEvent { pos, data: event.data })
    }

    /// Moves the place to resume from forward, never back.
    fn advance(&mut self, examined: Option<String>) {
        let ahead = |cursor: &String| position(cursor).is_some_and(|pos| pos > self.shown || self.cursor.is_none());
        if let Some(examined) = examined.filter(ahead) {
            self.shown = self.shown.max(position(&examined).unwrap_or(0));
            self.cursor = Some(examined);
        }
    }
}
