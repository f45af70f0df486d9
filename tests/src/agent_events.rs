//! What agents send while they work: coding sessions made up from a seed. The same seed gives the same events.

mod random;
mod script;
mod tools;
mod topics;

use serde_json::{Value, json};
use shared::clock::Time;

use self::random::Random;
use self::script::acts;
use self::tools::{Act, noise};
use self::topics::{BALANCES, TOPICS, Topic};

/// What is decided in the third session, and nowhere else: a search must find it.
pub const DECISION: &str = "Record money in an append-only ledger of postings instead of balance columns";
/// What stands in some events, but only between `<private>` and `</private>`: it must never be found.
pub const PRIVATE: &str = "otter-lantern-4471";

/// When the first session begins: 2 March 2026, 9:00 UTC.
const FIRST: i64 = 1_772_442_000_000;
/// From the beginning of one session to that of the next.
const APART: i64 = 3 * 3_600_000;
/// Events of a session, but for what is sent twice: at least so many, ..
const EVENTS_MIN: u64 = 64;
/// .. and so many more at most.
const EVENTS_MORE: u64 = 50;
/// Acts of a session that are done again.
const REPEATED: usize = 2;

/// Makes up sessions.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
}

impl Generator {
    /// One that gives the same events as any other with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The events of a session, as bodies of requests without the session's id. Sessions count from 1. Some two dozen
    /// events are worth an observation; the others look around, repeat what was done, or say what is looked at next.
    /// One event is sent twice, with all that it says.
    #[must_use]
    pub fn session(&self, index: usize) -> Vec<Value> {
        let number = u64::try_from(index).unwrap_or(u64::MAX);
        let mut random = Random::of(self.seed, number);
        let topic = self.topic(index);
        let mut acts = acts(topic, number, &mut random);
        let length = EVENTS_MIN + random.below(EVENTS_MORE);
        let length = usize::try_from(length).unwrap_or(acts.len()).max(acts.len() + REPEATED);
        for _ in 0..REPEATED {
            // Neither the beginning nor the end happens twice.
            let at = 2 + random.place(acts.len() - 4);
            acts.insert(at, acts[at].clone());
        }
        while acts.len() < length {
            let at = 2 + random.place(acts.len() - 3);
            acts.insert(at, noise(topic, &mut random));
        }
        let begin = FIRST + APART.saturating_mul(i64::try_from(index).unwrap_or(0));
        let mut events = self.events_of(acts, index, begin, &mut random);
        let at = random.place(events.len());
        events.insert(at, events[at].clone());
        events
    }

    /// The first events of as many sessions as it takes, one session after the other.
    #[must_use]
    pub fn events(&self, count: usize) -> Vec<Value> {
        (1..).flat_map(|index| self.session(index)).take(count).collect()
    }

    fn topic(&self, index: usize) -> &'static Topic {
        if index == 3 {
            return &BALANCES;
        }
        let turn = usize::try_from(self.seed % 12).unwrap_or(0);
        TOPICS[(index % 12 + turn) % 12]
    }

    fn events_of(&self, acts: Vec<Act>, index: usize, begin: i64, random: &mut Random) -> Vec<Value> {
        let mut at = begin;
        let event = |(number, (event_type, payload)): (usize, Act)| {
            at += i64::try_from(2_000 + random.below(60_000)).unwrap_or(2_000);
            json!({
                "event_type": event_type,
                "occurred_at": Time(at).to_string(),
                "source_adapter": "claude-code",
                "source_event_id": format!("{}-{index}-{number}", self.seed),
                "payload": payload,
            })
        };
        acts.into_iter().enumerate().map(event).collect()
    }
}

/// The events with the id of their session.
#[must_use]
pub fn in_session(events: Vec<Value>, session_id: &str) -> Vec<Value> {
    let of_it = |mut event: Value| {
        event["session_id"] = json!(session_id);
        event
    };
    events.into_iter().map(of_it).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    // MEMORY-2, MEMORY-21
    #[test]
    fn a_seed_gives_the_same_sessions_in_any_order_and_another_seed_gives_others() {
        let later = Generator::new(7).session(5);
        assert_eq!(Generator::new(7).session(5), later);
        assert_ne!(Generator::new(8).session(5), later);
        assert_ne!(Generator::new(7).session(6), later);
        let first: Vec<Value> = Generator::new(7).session(1).into_iter().take(40).collect();
        assert_eq!(Generator::new(7).events(40), first);
        assert_eq!(Generator::new(7).events(700).len(), 700);
    }

    // MEMORY-2
    #[test]
    fn a_session_has_rising_times_and_one_event_that_is_sent_twice() {
        for index in 1..30 {
            let events = in_session(Generator::new(1).session(index), "p-1");
            assert!((60..=120).contains(&events.len()), "{} events", events.len());
            let times: Vec<&str> = events.iter().filter_map(|event| event["occurred_at"].as_str()).collect();
            assert!(times.is_sorted(), "{times:?}");
            let ids: BTreeSet<&str> = events.iter().filter_map(|event| event["source_event_id"].as_str()).collect();
            assert_eq!(ids.len(), events.len() - 1);
            assert!(events.iter().all(|event| event["session_id"] == "p-1" && event["payload"].is_object()));
        }
    }

    // MEMORY-21, MEMORY-24
    #[test]
    fn only_the_third_session_has_the_decision_and_private_text_is_marked() {
        for seed in 0..20 {
            for index in 1..15 {
                let text = serde_json::to_string(&Generator::new(seed).session(index)).expect("JSON");
                assert_eq!(text.contains(DECISION), index == 3, "seed {seed}, session {index}");
                assert!(text.contains(PRIVATE), "seed {seed}, session {index}");
                let marked = format!("<private>{PRIVATE}</private>");
                assert!(!text.replace(&marked, "").contains(PRIVATE), "seed {seed}, session {index}");
            }
        }
    }
}
