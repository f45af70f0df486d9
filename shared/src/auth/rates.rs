//! How often keys ask: for each a bucket of as many requests as it may make in a second, which refills all the time. They
//! are kept in the memory of each process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Time;

/// Most requests per second that a key can be limited to.
pub const RATE_LIMIT_MAX: u32 = 100_000;

/// A second in the unit of buckets, nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// So many buckets are kept without asking whether any of them could be forgotten.
const FEW: usize = 1024;

/// The buckets of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Rates(Arc<Mutex<Buckets>>);

#[derive(Debug, Default)]
struct Buckets {
    /// When each key's bucket is full again. One that is full is as good as none.
    full_at: HashMap<String, i64>,
    /// How many there were left when those that are full were forgotten.
    left: usize,
}

impl Rates {
    /// Takes a request out of the bucket of a key that may make `limit` of them per second; 0 is no limit.
    ///
    /// # Errors
    /// How long it takes until there is one in the bucket.
    pub fn take(&self, key_id: &str, limit: u32, now: Time) -> Result<(), Duration> {
        if limit == 0 {
            return Ok(());
        }
        // No clock shows more than that for a hundred years: nothing below can overflow.
        let now = now.0.clamp(0, i64::MAX / 2_000_000) * 1_000_000;
        let cost = SECOND / i64::from(limit);
        let whole = cost * i64::from(limit);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back leaves no bucket emptier than empty.
        let full_at = buckets.full_at.get(key_id).map_or(now, |full_at| (*full_at).clamp(now, now + whole));
        let over = full_at + cost - now - whole;
        buckets.keep(key_id, if over > 0 { full_at } else { full_at + cost }, now);
        if over > 0 { Err(Duration::from_nanos(over.unsigned_abs())) } else { Ok(()) }
    }
}

impl Buckets {
    /// Keeps when a bucket is full. Whenever there are twice as many as were left the last time, full ones are forgotten:
    /// what is kept are the keys of the last second or two, and looking through them costs each request next to nothing.
    fn keep(&mut self, key_id: &str, full_at: i64, now: i64) {
        if let Some(known) = self.full_at.get_mut(key_id) {
            *known = full_at;
            return;
        }
        if self.full_at.len() >= FEW.max(2 * self.left) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.left = self.full_at.len();
        }
        self.full_at.insert(key_id.to_owned(), full_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time(1_769_860_800_000);

    fn after(millis: i64) -> Time {
        Time(NOON.0 + millis)
    }

    // HTTP-8
    #[test]
    fn a_key_has_a_seconds_requests_at_once_and_then_one_at_a_time() {
        let rates = Rates::default();
        for limit in [1, 2, 3, 7, 1000, RATE_LIMIT_MAX - 1, RATE_LIMIT_MAX] {
            let key = format!("key_{limit}");
            for n in 0..limit {
                assert_eq!(rates.take(&key, limit, NOON), Ok(()), "{n} of {limit}");
            }
            let wait = rates.take(&key, limit, NOON).expect_err("the bucket is empty");
            assert!(wait <= Duration::from_secs(1) / limit && !wait.is_zero(), "{limit}: {wait:?}");
        }
        assert_eq!(rates.take("key_2", 2, after(499)), Err(Duration::from_millis(1)));
        assert_eq!(rates.take("key_2", 2, after(500)), Ok(()));
        assert!(rates.take("key_2", 2, after(500)).is_err());
        // However long it was quiet, there is never more than a second's worth.
        assert_eq!([(); 3].map(|()| rates.take("key_2", 2, after(60_000)).is_ok()), [true, true, false]);
    }

    // HTTP-8
    #[test]
    fn keys_have_buckets_of_their_own_and_no_limit_is_none() {
        let rates = Rates::default();
        assert_eq!(rates.take("key_1", 1, NOON), Ok(()));
        assert!(rates.take("key_1", 1, NOON).is_err());
        assert_eq!(rates.take("key_2", 1, NOON), Ok(()));
        assert!((0..1000).all(|_| rates.take("key_1", 0, NOON).is_ok()));
    }

    // STORE-11
    #[test]
    fn a_clock_that_goes_back_holds_nobody_up_for_longer_than_a_second() {
        let rates = Rates::default();
        assert_eq!(rates.take("key_1", 1, after(3_600_000)), Ok(()));
        assert_eq!(rates.take("key_1", 1, NOON), Err(Duration::from_secs(1)));
        assert_eq!(rates.take("key_1", 1, after(1000)), Ok(()));
    }

    #[test]
    fn buckets_that_are_full_are_forgotten() {
        let rates = Rates::default();
        for second in 0..20 {
            for n in 0..FEW {
                assert_eq!(rates.take(&format!("key_{second}_{n}"), 5, after(second * 1000)), Ok(()));
            }
        }
        let kept = rates.0.lock().expect("the buckets").full_at.len();
        assert!(kept <= 3 * FEW, "{kept} buckets are kept");
    }
}
