//! Which refusals the audit trail was told of a moment ago: a client that asks in a loop fills neither disk nor memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Time;
use crate::error::Code;

/// What was told is not told again for so long.
const QUIET: Duration = Duration::from_secs(60);
/// At most so many are remembered; what is refused beyond them is not told of.
const MOST: usize = 4096;

/// The refusals of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<HashMap<Refusal, Time>>>);

/// A refusal, as far as it is like another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refusal {
    key_id: String,
    /// Method and route.
    action: String,
    code: &'static str,
}

impl Refusals {
    /// Whether the trail is to be told that this key was refused this; if so, it is not for the next minute.
    #[must_use]
    pub fn is_news(&self, key_id: &str, action: &str, code: Code, now: Time) -> bool {
        // A clock that went back makes news of everything.
        let is_quiet = |told: Time| told <= now && now.since(told) < QUIET;
        let refusal = Refusal { key_id: key_id.to_owned(), action: action.to_owned(), code: code.as_str() };
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&refusal).copied().is_some_and(is_quiet) {
            return false;
        }
        if told.len() >= MOST {
            told.retain(|_, at| is_quiet(*at));
        }
        let has_room = told.len() < MOST;
        if has_room {
            told.insert(refusal, now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time(1_769_860_800_000);

    // AUTH-12
    #[test]
    fn a_refusal_is_news_once_a_minute_for_each_key_route_and_code() {
        let refusals = Refusals::default();
        let is_news =
            |key, action, code, seconds| refusals.is_news(key, action, code, NOON.plus(Duration::from_secs(seconds)));
        assert!(is_news("key_1", "GET /a", Code::ScopeDenied, 0));
        assert!(!is_news("key_1", "GET /a", Code::ScopeDenied, 59));
        assert!(is_news("key_2", "GET /a", Code::ScopeDenied, 59));
        assert!(is_news("key_1", "POST /a", Code::ScopeDenied, 59));
        assert!(is_news("key_1", "GET /a", Code::RateLimited, 59));
        assert!(is_news("key_1", "GET /a", Code::ScopeDenied, 60));
        assert!(!is_news("key_1", "GET /a", Code::ScopeDenied, 61));
        assert!(refusals.is_news("key_1", "GET /a", Code::ScopeDenied, NOON), "the clock went back");
    }

    // AUTH-12
    #[test]
    fn only_so_many_are_remembered_and_a_minute_later_there_is_room_again() {
        let refusals = Refusals::default();
        let news = |now| {
            let all = (0..2 * MOST).map(|n| refusals.is_news(&format!("key_{n}"), "GET /a", Code::KeyExpired, now));
            all.filter(|is_news| *is_news).count()
        };
        assert_eq!(news(NOON), MOST);
        assert_eq!(news(NOON), 0);
        assert_eq!(news(NOON.plus(QUIET)), MOST);
    }
}
