//! The suite over the embedded transport, whose time a test moves.

use std::time::Duration;

use shared::clock::Clock;
use shared::transport::{Memory, Subscription};
use tests::system::NOON;

use crate::transport::{Backend, RECEIVE_MAX, suite};

struct Embedded(Clock);

impl Backend for Embedded {
    type Transport = Memory;

    async fn start(visibility: Duration, subscriptions: Vec<Subscription>) -> (Self, Memory) {
        let clock = Clock::fixed_at(NOON);
        let transport = Memory::new(clock.clone(), visibility, RECEIVE_MAX, subscriptions);
        (Self(clock), transport)
    }

    async fn pass(&self, time: Duration) {
        self.0.advance(time);
    }
}

suite!(Embedded);
