//! One holder per lane within a process. The lane's lease in the database keeps processes apart; this spares those of one
//! process the way there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::value::JobKind;

/// The lanes of a process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Slots(Arc<[AtomicBool; 4]>);

/// A lane that is held until this is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    index: usize,
}

impl Slots {
    /// Takes a lane; `None` while another invocation has it.
    #[must_use]
    pub fn take(&self, kind: JobKind) -> Option<Slot> {
        let index = JobKind::EVERY.iter().position(|other| *other == kind)?;
        let was_taken = self.0.get(index)?.swap(true, Ordering::SeqCst);
        (!was_taken).then(|| Slot { slots: self.clone(), index })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slot) = self.slots.0.get(self.index) {
            slot.store(false, Ordering::SeqCst);
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
}
