//! One holder per lane within a process. The lane's lease in the database keeps processes apart; this spares those of one
//! process the way there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::clock::Time;
use crate::value::JobKind;

/// The lanes of a process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Slots(Arc<[State; 4]>);

#[derive(Debug, Default)]
struct State {
    taken: AtomicBool,
    /// Until when the provider wants to be left alone, once it said so.
    quiet_until: AtomicI64,
}

/// A lane that is held until this is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    kind: JobKind,
}

impl Slots {
    /// Takes a lane; `None` while another invocation has it.
    #[must_use]
    pub fn take(&self, kind: JobKind) -> Option<Slot> {
        let was_taken = self.of(kind)?.taken.swap(true, Ordering::SeqCst);
        (!was_taken).then(|| Slot { slots: self.clone(), kind })
    }

    /// Notes that the lane is to ask nothing of its provider until then.
    pub fn quiet(&self, kind: JobKind, until: Time) {
        if let Some(state) = self.of(kind) {
            state.quiet_until.fetch_max(until.0, Ordering::SeqCst);
        }
    }

    /// Until when the lane is to ask nothing, if that is yet to come.
    #[must_use]
    pub fn quiet_until(&self, kind: JobKind, now: Time) -> Option<Time> {
        let until = Time(self.of(kind)?.quiet_until.load(Ordering::SeqCst));
        (until > now).then_some(until)
    }

    fn of(&self, kind: JobKind) -> Option<&State> {
        self.0.get(JobKind::EVERY.iter().position(|other| *other == kind)?)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(state) = self.slots.of(self.kind) {
            state.taken.store(false, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // MEMORY-22
    #[test]
    fn a_lane_is_held_by_one_until_it_lets_go() {
        let slots = Slots::default();
        let held = slots.take(JobKind::Event);
        assert!(held.is_some() && slots.clone().take(JobKind::Event).is_none());
        assert!(slots.take(JobKind::Summary).is_some());
        drop(held);
        assert!(slots.take(JobKind::Event).is_some());
    }

    // MEMORY-13
    #[test]
    fn a_lane_stays_quiet_as_long_as_its_provider_asked_for_it() {
        let slots = Slots::default();
        assert_eq!(slots.quiet_until(JobKind::Event, Time(0)), None);
        slots.quiet(JobKind::Event, Time(20));
        slots.quiet(JobKind::Event, Time(10));
        assert_eq!(slots.quiet_until(JobKind::Event, Time(19)), Some(Time(20)));
        assert_eq!(slots.quiet_until(JobKind::Event, Time(20)), None);
        assert_eq!(slots.quiet_until(JobKind::Summary, Time(0)), None);
    }
}
