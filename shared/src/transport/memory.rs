//! The embedded transport: queues in this process. Whatever is in them when it dies is rung again from the rows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Delivery, Outgoing, Subscription, Transport, TransportError};
use crate::clock::{Clock, Time};

/// In-process queues, one per function.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    visibility: Duration,
    subscriptions: Vec<Subscription>,
    queues: HashMap<&'static str, Queue>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Item>,
    /// Not yet visible again, by the time at which they are, then by receipt.
    hidden: BTreeMap<(Time, u64), Item>,
    /// Where in `hidden` a receipt is held.
    held: HashMap<u64, Time>,
    next_receipt: u64,
}

#[derive(Clone)]
struct Item {
    message: Outgoing,
    receive_count: u32,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Moves what is visible again to the ready end.
    fn surface(&mut self, now: Time) {
        while let Some(entry) = self.hidden.first_entry() {
            let (due, receipt) = *entry.key();
            if due > now {
                break;
            }
            self.ready.push_back(entry.remove());
            self.held.remove(&receipt);
        }
    }

    fn take(&mut self, max: usize, now: Time, visibility: Duration) -> Vec<Delivery> {
        self.surface(now);
        let count = max.min(self.ready.len());
        let taken: Vec<Item> = self.ready.drain(..count).collect();
        taken.into_iter().map(|item| self.hide(item, now.plus(visibility))).collect()
    }

    fn hide(&mut self, mut item: Item, until: Time) -> Delivery {
        self.next_receipt += 1;
        item.receive_count += 1;
        let delivery = Delivery {
            receipt: self.next_receipt,
            topic: item.message.topic.clone(),
            message_id: item.message.message_id.clone(),
            body: Arc::clone(&item.message.body),
            receive_count: item.receive_count,
        };
        self.held.insert(delivery.receipt, until);
        self.hidden.insert((until, delivery.receipt), item);
        delivery
    }

    fn release(&mut self, receipt: u64) -> Option<Item> {
        let until = self.held.remove(&receipt)?;
        self.hidden.remove(&(until, receipt))
    }

    /// Keeps the receipt, moves the time.
    fn reschedule(&mut self, receipt: u64, until: Time) {
        if let Some(item) = self.release(receipt) {
            self.held.insert(receipt, until);
            self.hidden.insert((until, receipt), item);
        }
    }
}

impl Memory {
    /// Queues for these subscriptions.
    #[must_use]
    pub fn new(clock: Clock, visibility: Duration, subscriptions: Vec<Subscription>) -> Self {
        let queues = subscriptions.iter().map(|subscription| (subscription.function, Queue::default())).collect();
        let closed = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { clock, visibility, subscriptions, queues, closed }) }
    }

    fn queue(&self, function: &str) -> Result<&Queue, TransportError> {
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Unreachable("it is closed".to_owned()));
        }
        let queue = self.shared.queues.get(function);
        queue.ok_or_else(|| TransportError::Refused(format!("no queue for {function}")))
    }

    fn deliver(&self, message: &Outgoing) -> Result<(), TransportError> {
        let subscribed: Vec<_> =
            self.shared.subscriptions.iter().filter(|subscription| subscription.wants(&message.topic)).collect();
        // An event may have nobody who waits for it; a command without its function would be lost.
        if subscribed.is_empty() && message.topic.starts_with("forum.commands.") {
            return Err(TransportError::Refused(format!("nothing handles {}", message.topic)));
        }
        for subscription in subscribed {
            let queue = self.queue(subscription.function)?;
            queue.lock().ready.push_back(Item { message: message.clone(), receive_count: 0 });
            queue.arrived.notify_one();
        }
        Ok(())
    }
}

impl Transport for Memory {
    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), TransportError>> {
        match self.check().await {
            Ok(()) => messages.iter().map(|message| self.deliver(message)).collect(),
            Err(error) => messages.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn receive(&self, function: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let queue = self.queue(function)?;
        let deadline = tokio::time::sleep(wait);
        tokio::pin!(deadline);
        loop {
            let arrived = queue.arrived.notified();
            let now = self.shared.clock.now();
            let (taken, next_due) = {
                let mut state = queue.lock();
                let taken = state.take(max, now, self.shared.visibility);
                (taken, state.hidden.first_key_value().map(|((due, _), _)| *due))
            };
            if !taken.is_empty() || wait.is_zero() {
                return Ok(taken);
            }
            // The clock counts milliseconds: one more, so that what is due is found due.
            let surfacing = next_due.map_or(wait, |due| due.since(now) + Duration::from_millis(1));
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep(surfacing) => {}
                () = &mut deadline => return Ok(Vec::new()),
            }
            self.queue(function)?;
        }
    }

    async fn ack(&self, function: &str, deliveries: &[Delivery]) -> Result<(), TransportError> {
        let mut state = self.queue(function)?.lock();
        for delivery in deliveries {
            state.release(delivery.receipt);
        }
        Ok(())
    }

    async fn retry_after(&self, function: &str, delivery: &Delivery, delay: Duration) -> Result<(), TransportError> {
        let queue = self.queue(function)?;
        queue.lock().reschedule(delivery.receipt, self.shared.clock.now().plus(delay));
        queue.arrived.notify_one();
        Ok(())
    }

    async fn extend(&self, function: &str, delivery: &Delivery, visibility: Duration) -> Result<(), TransportError> {
        let queue = self.queue(function)?;
        queue.lock().reschedule(delivery.receipt, self.shared.clock.now().plus(visibility));
        Ok(())
    }

    async fn check(&self) -> Result<(), TransportError> {
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Unreachable("it is closed".to_owned()));
        }
        Ok(())
    }

    async fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        for queue in self.shared.queues.values() {
            queue.arrived.notify_waiters();
        }
    }
}
