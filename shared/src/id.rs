//! Identifiers: a prefix that says what the thing is, and a `UUIDv7` whose time part makes neighbours in time neighbours in
//! an index. Time and randomness are handed in, so seeded tests produce the same ids.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;

/// What an identifier names; decides its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `thr_`
    Thread,
    /// `pst_`
    Post,
    /// `run_`
    Run,
    /// `cmd_`
    Command,
    /// `ev_`
    Event,
    /// `msg_`
    Message,
    /// `aev_`
    AgentEvent,
    /// `bat_`
    Batch,
    /// `obs_`
    Observation,
    /// `ntf_`
    Notification,
    /// `dl_`
    DeadLetter,
    /// `key_`
    Key,
    /// `req_`
    Request,
}

impl Kind {
    /// The prefix with its underscore.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Thread => "thr_",
            Self::Post => "pst_",
            Self::Run => "run_",
            Self::Command => "cmd_",
            Self::Event => "ev_",
            Self::Message => "msg_",
            Self::AgentEvent => "aev_",
            Self::Batch => "bat_",
            Self::Observation => "obs_",
            Self::Notification => "ntf_",
            Self::DeadLetter => "dl_",
            Self::Key => "key_",
            Self::Request => "req_",
        }
    }

    /// The UUID behind the prefix, or `None` when `text` is no identifier of this kind.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<Uuid> {
        let uuid = text.strip_prefix(self.prefix())?;
        let parsed = Uuid::try_parse(uuid).ok()?;
        (parsed.hyphenated().to_string() == uuid).then_some(parsed)
    }

    /// The identifier of this kind that carries `uuid`.
    #[must_use]
    pub fn with(self, uuid: Uuid) -> String {
        format!("{}{}", self.prefix(), uuid.hyphenated())
    }
}

/// The `msg_` id of an event or command: the same UUID under another prefix, so a repeated publication is recognisable.
///
/// Returns `None` when `id` has no prefix.
#[must_use]
pub fn message_id_of(id: &str) -> Option<String> {
    id.split_once('_').map(|(_, uuid)| format!("msg_{uuid}"))
}

/// SHA-256 in lower-case hex over length-prefixed parts, so `("ab", "c")` and `("a", "bc")` differ.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

/// The process's one source of randomness and of new ids. Clones share it.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    random: Arc<Mutex<StdRng>>,
}

impl Ids {
    /// A source seeded by the operating system.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn from_system(clock: Clock) -> Result<Self, rand::rngs::SysError> {
        let random = StdRng::try_from_rng(&mut rand::rngs::SysRng)?;
        Ok(Self { clock, random: Arc::new(Mutex::new(random)) })
    }

    /// A source that repeats itself: same seed and same clock, same ids.
    #[must_use]
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self { clock, random: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    /// Fills `buffer` with random bytes.
    pub fn fill(&self, buffer: &mut [u8]) {
        // A panic elsewhere cannot leave a random generator half written.
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }

    /// A number in `0.0..1.0`, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number from 0 up to, and not including, `count`; 0 for none.
    #[must_use]
    pub fn index(&self, count: usize) -> usize {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(0).checked_rem(count).unwrap_or(0)
    }

    /// A new `UUIDv7`.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(self.clock.now().millis_unsigned(), &random).into_uuid()
    }

    /// A new random UUID without a time in it, for things whose age is nobody's business.
    #[must_use]
    pub fn uuid_v4(&self) -> Uuid {
        let mut random = [0; 16];
        self.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid()
    }

    /// A new identifier of `kind`.
    #[must_use]
    pub fn next(&self, kind: Kind) -> String {
        kind.with(self.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_ids_repeat_and_parse_under_their_own_prefix_only() {
        let ids = || Ids::seeded(Clock::fixed_at(1_700_000_000_000), 7);
        let first = ids().next(Kind::Thread);
        assert_eq!(first, ids().next(Kind::Thread));
        assert!(Kind::Thread.parse(&first).is_some());
        assert!(Kind::Post.parse(&first).is_none());
        assert_eq!(message_id_of(&first).as_deref(), first.replace("thr_", "msg_").as_str().into());
    }

    #[test]
    fn a_fingerprint_depends_on_where_its_parts_end() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
        assert_eq!(fingerprint(&[b"ab"]).len(), 64);
    }
}
