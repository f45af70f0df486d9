//! The embedded transport: queues in this process. Whatever is in them when it dies is rung again from the rows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{
    DeadDelivery, Delivery, Description, Outgoing, QueueState, Subscription, Transport, TransportError, must_be_heard,
};
use crate::clock::{Clock, Time};

/// In-process queues, one per function.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    visibility: Duration,
    receive_max: u32,
    subscriptions: Vec<Subscription>,
    lost: watch::Sender<u64>,
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
    /// Received too often, by receipt.
    dead: BTreeMap<u64, Item>,
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

    fn take(&mut self, max: usize, now: Time, visibility: Duration, receive_max: u32) -> Vec<Delivery> {
        self.surface(now);
        let mut taken = Vec::new();
        while taken.len() < max
            && let Some(item) = self.ready.pop_front()
        {
            if item.receive_count < receive_max {
                taken.push(self.hide(item, now.plus(visibility)));
            } else {
                self.next_receipt += 1;
                self.dead.insert(self.next_receipt, item);
            }
        }
        taken
    }

    fn hide(&mut self, mut item: Item, until: Time) -> Delivery {
        self.next_receipt += 1;
        item.receive_count += 1;
        let delivery = Delivery {
            receipt: self.next_receipt.to_string(),
            topic: item.message.topic.clone(),
            message_id: item.message.message_id.clone(),
            body: Arc::clone(&item.message.body),
            receive_count: item.receive_count,
        };
        self.held.insert(self.next_receipt, until);
        self.hidden.insert((until, self.next_receipt), item);
        delivery
    }

    fn release(&mut self, receipt: &str) -> Option<Item> {
        let receipt = receipt.parse().ok()?;
        let until = self.held.remove(&receipt)?;
        self.hidden.remove(&(until, receipt))
    }

    /// Keeps the receipt, moves the time.
    fn reschedule(&mut self, receipt: &str, until: Time) {
        if let (Some(item), Ok(receipt)) = (self.release(receipt), receipt.parse()) {
            self.held.insert(receipt, until);
            self.hidden.insert((until, receipt), item);
        }
    }
}

impl Memory {
    /// Queues for these subscriptions.
    #[must_use]
    pub fn new(clock: Clock, visibility: Duration, receive_max: u32, subscriptions: Vec<Subscription>) -> Self {
        let queues = subscriptions.iter().map(|subscription| (subscription.function, Queue::default())).collect();
        let closed = AtomicBool::new(false);
        let lost = watch::Sender::new(0);
        Self { shared: Arc::new(Shared { clock, visibility, receive_max, subscriptions, lost, queues, closed }) }
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
        // An event may have nobody who waits for it; a command or a job without its function would be lost.
        if subscribed.is_empty() && must_be_heard(&message.topic) {
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
                let taken = state.take(max, now, self.shared.visibility, self.shared.receive_max);
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
            state.release(&delivery.receipt);
        }
        Ok(())
    }

    async fn retry_after(&self, function: &str, delivery: &Delivery, delay: Duration) -> Result<(), TransportError> {
        let queue = self.queue(function)?;
        queue.lock().reschedule(&delivery.receipt, self.shared.clock.now().plus(delay));
        queue.arrived.notify_one();
        Ok(())
    }

    async fn extend(&self, function: &str, delivery: &Delivery, visibility: Duration) -> Result<(), TransportError> {
        let queue = self.queue(function)?;
        queue.lock().reschedule(&delivery.receipt, self.shared.clock.now().plus(visibility));
        Ok(())
    }

    async fn receive_dead(&self, max: usize) -> Result<Vec<DeadDelivery>, TransportError> {
        self.check().await?;
        let mut dead = Vec::new();
        for (function, queue) in &self.shared.queues {
            dead.extend(queue.lock().dead.iter().map(|(receipt, item)| DeadDelivery {
                receipt: receipt.to_string(),
                function: (*function).to_owned(),
                topic: item.message.topic.clone(),
                message_id: item.message.message_id.clone(),
                body: Arc::clone(&item.message.body),
                receive_count: item.receive_count,
                readable: true,
            }));
        }
        dead.truncate(max);
        Ok(dead)
    }

    async fn ack_dead(&self, deliveries: &[DeadDelivery]) -> Result<(), TransportError> {
        for delivery in deliveries {
            let receipt = delivery.receipt.parse().unwrap_or(0);
            self.queue(&delivery.function)?.lock().dead.remove(&receipt);
        }
        Ok(())
    }

    async fn queues(&self) -> Result<Vec<QueueState>, TransportError> {
        self.check().await?;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let mut states: Vec<_> = self
            .shared
            .queues
            .iter()
            .map(|(function, queue)| {
                let state = queue.lock();
                QueueState {
                    name: (*function).to_owned(),
                    function: Some((*function).to_owned()),
                    length: count(state.ready.len() + state.hidden.len()),
                    pending: count(state.hidden.len()),
                    lag: Some(count(state.ready.len())),
                }
            })
            .collect();
        states.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(states)
    }

    /// It is lost with its process only, whose successor rings for everything.
    fn lost(&self) -> watch::Receiver<u64> {
        self.shared.lost.subscribe()
    }

    fn describe(&self) -> Description {
        Description { engine: "memory", mode: "embedded", ..Description::default() }
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
