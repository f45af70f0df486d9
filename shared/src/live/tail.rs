//! The log's tail: the newest events in a ring, each serialised once. A subscriber is a filter and a cursor; it reads the
//! ring from its own place, and the log where the ring does not reach back. Nothing is queued for anybody, so a slow
//! reader costs nobody anything and misses nothing.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::message::event::LogEvent;
use crate::store::events::{EventFilter, read_all, read_team};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// Time between two looks at a database to which others write as well, while somebody listens.
const ASK_FOR_OTHERS: Duration = Duration::from_secs(1);

/// An event and its JSON text.
#[derive(Debug)]
pub struct TailEvent {
    /// The event.
    pub event: LogEvent,
    /// As every reader gets it.
    pub json: String,
}

impl TailEvent {
    fn new(event: LogEvent) -> Arc<Self> {
        let json = serde_json::to_string(&event).unwrap_or_default();
        Arc::new(Self { event, json })
    }
}

/// What a subscriber gets from one look.
#[derive(Debug, Default)]
pub struct Page {
    /// Matching events in order.
    pub events: Vec<Arc<TailEvent>>,
    /// Position up to which the log was examined: the next cursor.
    pub examined: i64,
}

/// The tail of one process. Clones share it, and are as small as can be: every subscriber has one.
#[derive(Clone)]
pub struct Tail(Arc<Parts>);

/// What the clones of a [`Tail`] share.
pub struct Parts {
    store: Store,
    metrics: Metrics,
    ring: RwLock<Ring>,
    capacity: usize,
    page: u32,
    /// Position up to which the ring, or the log behind it, can be read.
    reached: watch::Sender<i64>,
    /// How many subscribers there are.
    listening: watch::Sender<usize>,
    ended: CancellationToken,
}

#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<TailEvent>>,
    /// Position of the last event the ring has seen; events after it are not in it yet.
    end: i64,
}

/// A subscriber's hold on the tail: while one exists, new events go into the ring.
pub struct Subscriber {
    tail: Tail,
    reached: watch::Receiver<i64>,
}

impl std::ops::Deref for Tail {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.tail.listening.send_modify(|subscribers| *subscribers -= 1);
    }
}

impl Tail {
    /// A tail that begins at the present head.
    #[must_use]
    pub fn new(store: &Store, metrics: &Metrics, capacity: usize, page: u32) -> Self {
        let head = *store.head().borrow();
        Self(Arc::new(Parts {
            store: store.clone(),
            metrics: metrics.clone(),
            ring: RwLock::new(Ring { events: VecDeque::new(), end: head }),
            capacity,
            page,
            reached: watch::Sender::new(head),
            listening: watch::Sender::new(0),
            ended: CancellationToken::new(),
        }))
    }

    /// Follows the log's head until ended: one read per burst of commits, none while nobody listens.
    pub async fn run(&self) {
        let mut head = self.store.head();
        loop {
            let known = *head.borrow_and_update();
            while *self.reached.borrow() < known {
                if let Err(error) = self.advance(known).await {
                    tracing::error!(%error, "the live tail could not read the log; no cursor moved");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                if self.ended.is_cancelled() {
                    return;
                }
            }
            tokio::select! {
                () = self.ended.cancelled() => return,
                changed = head.changed() => if changed.is_err() { return },
                () = self.others() => {
                    if let Err(error) = self.store.newest().await {
                        tracing::error!(%error, "the log's head could not be read; live streams wait");
                    }
                }
            }
        }
    }

    /// Comes round when it is time to ask what other processes appended: never for a file, which is this process's alone.
    async fn others(&self) {
        if self.store.is_local() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(ASK_FOR_OTHERS).await;
        // Nobody listens: nobody asks.
        let mut listening = self.listening.subscribe();
        let _ = listening.wait_for(|subscribers| *subscribers > 0).await;
    }

    async fn advance(&self, known: i64) -> Result<(), StoreError> {
        if *self.listening.borrow() == 0 {
            let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
            ring.events.clear();
            ring.end = known;
            drop(ring);
            self.reached.send_replace(known);
            return Ok(());
        }
        let after = *self.reached.borrow();
        let page = self.page;
        self.metrics.live_log_reads_total.inc();
        let events = self.store.read(move |reader| read_all(reader, after, page)).await?;
        let Some(last) = events.last().map(|event| event.pos) else { return Ok(()) };
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.events.extend(events.into_iter().map(TailEvent::new));
        ring.end = last;
        let surplus = ring.events.len().saturating_sub(self.capacity);
        ring.events.drain(..surplus);
        drop(ring);
        self.reached.send_replace(last);
        Ok(())
    }

    /// Subscribes. Do it before the first read, and nothing falls between the two.
    #[must_use]
    pub fn subscribe(&self) -> Subscriber {
        self.listening.send_modify(|subscribers| *subscribers += 1);
        Subscriber { tail: self.clone(), reached: self.reached.subscribe() }
    }

    /// Ends the tail and with it every live stream.
    pub fn end(&self) {
        self.ended.cancel();
    }

    /// The newest position that live readers can see.
    #[must_use]
    pub fn head(&self) -> i64 {
        *self.reached.borrow()
    }
}

impl Subscriber {
    /// The next events after `cursor` that `filter` wants, at most `limit`; empty with `examined` at the head when there
    /// are none. A cursor far back is moved page by page; call again while `examined` lies below [`Tail::head`].
    ///
    /// # Errors
    /// When the log has to be read and cannot be.
    pub async fn read(&self, filter: &EventFilter, cursor: i64, limit: usize) -> Result<Page, StoreError> {
        if let Some(page) = self.ring_page(filter, cursor, limit) {
            return Ok(page);
        }
        let (team, size) = (filter.team_id.clone(), self.tail.page);
        self.tail.metrics.live_log_reads_total.inc();
        let head = self.tail.head();
        let events = self.tail.store.read(move |reader| read_team(reader, &team, cursor, size)).await?;
        let full = events.len() == self.tail.page as usize;
        let last = events.last().map_or(cursor, |event| event.pos);
        let mut page = Page { events: Vec::new(), examined: if full { last } else { last.max(head) } };
        for event in events {
            if filter.matches(&event) {
                page.events.push(TailEvent::new(event));
                if page.events.len() == limit {
                    page.examined = page.events.last().map_or(cursor, |event| event.event.pos);
                    break;
                }
            }
        }
        Ok(page)
    }

    /// The page if the ring reaches back to `cursor`.
    fn ring_page(&self, filter: &EventFilter, cursor: i64, limit: usize) -> Option<Page> {
        let ring = self.tail.ring.read().unwrap_or_else(PoisonError::into_inner);
        let before_first = ring.events.front().map_or(ring.end, |first| first.event.pos - 1);
        if cursor < before_first {
            return None;
        }
        let mut page = Page { events: Vec::new(), examined: ring.end.max(cursor) };
        let skip = usize::try_from(cursor - before_first).unwrap_or(usize::MAX);
        for event in ring.events.iter().skip(skip) {
            if filter.matches(&event.event) {
                page.events.push(Arc::clone(event));
                if page.events.len() == limit {
                    page.examined = event.event.pos;
                    break;
                }
            }
        }
        Some(page)
    }

    /// Returns `true` once there is something after `cursor` to examine, `false` once the tail has ended.
    pub async fn moved_past(&mut self, cursor: i64) -> bool {
        tokio::select! {
            () = self.tail.ended.cancelled() => false,
            moved = self.reached.wait_for(|reached| *reached > cursor) => moved.is_ok(),
        }
    }
}
