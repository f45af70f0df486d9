//! Ids, fingerprints and times.

use proptest::prelude::*;
use shared::clock::{Clock, Time};
use shared::id::{Ids, Kind, fingerprint, hex, message_id_of};

const KINDS: [Kind; 8] =
    [Kind::Thread, Kind::Post, Kind::Command, Kind::Event, Kind::Message, Kind::DeadLetter, Kind::Key, Kind::Request];

/// The last instant of the year 9999, beyond which no RFC 3339 time exists.
const LAST: i64 = 253_402_300_799_999;

proptest! {
    #![proptest_config(crate::config())]

    // 1.2
    #[test]
    fn an_id_is_read_back_under_its_own_prefix_only(seed: u64, millis in 0..LAST, index in 0..KINDS.len()) {
        let kind = KINDS[index];
        let id = Ids::seeded(Clock::fixed_at(millis), seed).next(kind);
        let uuid = kind.parse(&id);
        prop_assert!(uuid.is_some(), "{id}");
        prop_assert_eq!(uuid.map(|uuid| kind.with(uuid)), Some(id.clone()));
        for other in KINDS {
            prop_assert_eq!(other.parse(&id).is_some(), other == kind, "{} as {:?}", id, other);
        }
    }

    #[test]
    fn an_id_with_another_spelling_is_none(seed: u64, noise in "[ -~]{0,3}") {
        let id = Ids::seeded(Clock::fixed_at(0), seed).next(Kind::Thread);
        prop_assert!(Kind::Thread.parse(&id.to_uppercase()).is_none());
        prop_assert!(Kind::Thread.parse(&id.replace('-', "")).is_none());
        if !noise.is_empty() {
            let (longer, before) = (format!("{id}{noise}"), format!("{noise}{id}"));
            prop_assert!(Kind::Thread.parse(&longer).is_none());
            prop_assert!(Kind::Thread.parse(&before).is_none());
        }
    }

    #[test]
    fn no_text_makes_parsing_fail(text in ".*") {
        for kind in KINDS {
            if let Some(uuid) = kind.parse(&text) {
                prop_assert_eq!(kind.with(uuid), text.clone());
            }
        }
    }

    // OUTBOX-2, 1.2
    #[test]
    fn a_message_id_carries_the_uuid_of_what_it_is_about(seed: u64, index in 0..KINDS.len()) {
        let id = Ids::seeded(Clock::fixed_at(0), seed).next(KINDS[index]);
        let message = message_id_of(&id);
        prop_assert_eq!(
            message.as_deref().and_then(|message| Kind::Message.parse(message)),
            KINDS[index].parse(&id)
        );
    }

    #[test]
    fn ids_of_later_times_sort_later(seed: u64, millis in 0..LAST - 1, later in 1_i64..1_000_000) {
        let clock = Clock::fixed_at(millis);
        let ids = Ids::seeded(clock.clone(), seed);
        let first = ids.next(Kind::Event);
        clock.advance(std::time::Duration::from_millis(later.unsigned_abs()));
        prop_assert!(first < ids.next(Kind::Event));
    }

    // CMD-5, 1.2
    #[test]
    fn a_fingerprint_is_the_same_for_the_same_parts_only(
        one in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
        two in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
    ) {
        let print = |parts: &[Vec<u8>]| fingerprint(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(print(&one) == print(&two), one == two);
    }

    #[test]
    fn moving_a_boundary_between_parts_changes_the_fingerprint(
        bytes in prop::collection::vec(any::<u8>(), 1..40),
        one: prop::sample::Index,
        two: prop::sample::Index,
    ) {
        let cut = |at: usize| fingerprint(&[&bytes[..at], &bytes[at..]]);
        let (one, two) = (one.index(bytes.len()), two.index(bytes.len()));
        prop_assert_eq!(cut(one) == cut(two), one == two);
        prop_assert_eq!(cut(one).len(), 64);
    }

    #[test]
    fn hex_can_be_read_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let text = hex(&bytes);
        let read: Option<Vec<u8>> = (0..bytes.len())
            .map(|index| text.get(index * 2..index * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        prop_assert_eq!(read, Some(bytes));
        prop_assert_eq!(text.to_lowercase(), text);
    }

    #[test]
    fn a_time_is_shown_in_utc_with_milliseconds_and_read_back(millis in 0..=LAST) {
        let time = Time(millis);
        let text = time.to_string();
        prop_assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
        prop_assert_eq!(Time::parse(&text).ok(), Some(time));
        let json = serde_json::to_string(&time).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Time>(&json).ok(), Some(time));
    }

    #[test]
    fn times_sort_as_their_texts_do(one in 0..=LAST, two in 0..=LAST) {
        prop_assert_eq!(one.cmp(&two), Time(one).to_string().cmp(&Time(two).to_string()));
    }

    #[test]
    fn no_text_makes_a_time_panic(text in ".*") {
        let _ = Time::parse(&text);
    }
}
