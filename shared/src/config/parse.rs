//! From the text of a setting to its value. A refusal carries nothing: `Kind::allowed` says what would do.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::Database;
use super::keys::{Address, Kind};
use super::value::Value;

impl Kind {
    /// The value of `text`, or `None` when it is not allowed. Spaces around it do not count, except in a secret.
    pub(super) fn parse(self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        match self {
            Self::Address => address(trimmed).map(Value::Address),
            Self::Database => database(trimmed).map(Value::Database),
            Self::Duration { zero, max } => duration(trimmed)
                .filter(|duration| *duration <= max && (zero || !duration.is_zero()))
                .map(Value::Duration),
            Self::Integer { min, max } => digits(trimmed).filter(|it| (min..=max).contains(it)).map(Value::Number),
            Self::Size { min, max } => size(trimmed).filter(|it| (min..=max).contains(it)).map(Value::Number),
            Self::Bool => trimmed.to_ascii_lowercase().parse().ok().map(Value::Bool),
            Self::Words(words) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(trimmed)).map(|it| Value::Word(it))
            }
            Self::Text => (!trimmed.is_empty()).then(|| Value::Text(trimmed.to_owned())),
            Self::Url(address) => is_url(address, trimmed).then(|| Value::Text(trimmed.to_owned())),
            Self::Secret => (!trimmed.is_empty()).then(|| Value::Text(text.to_owned())),
        }
    }

    /// What values are allowed, for people.
    #[must_use]
    pub fn allowed(self) -> String {
        match self {
            Self::Address => {
                "an IP address and port, such as 127.0.0.1:3001, :3001 (loopback) or [::1]:3001".to_owned()
            }
            Self::Database => {
                "the path of a file on this machine, such as .agentforum/agentforum.db, or the URL of a libSQL server, such as libsql://host".to_owned()
            }
            Self::Duration { zero, max } => {
                let least = if zero { "zero or longer" } else { "longer than zero" };
                format!("a duration such as 500ms, 25s, 30m, 12h or 7d, {least}, at most {}", shown(max))
            }
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Size { min, max } => format!("{min} to {max} bytes, such as 65536, 64KiB or 1MiB"),
            Self::Bool => "true or false".to_owned(),
            Self::Words(words) => words.join(", "),
            Self::Url(Address::Redis) => "a URL such as redis://127.0.0.1:6379/0, or container".to_owned(),
            Self::Url(Address::Queues) => {
                "a URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/agentforum-prod-".to_owned()
            }
            Self::Url(Address::Provider) => "a URL such as https://api.example.com/v1".to_owned(),
            Self::Text | Self::Secret => "any text but an empty one".to_owned(),
        }
    }
}

/// `host:port`. A missing host is loopback, never "every interface": nothing is exposed by leaving something out.
fn address(text: &str) -> Option<SocketAddr> {
    let port = text.strip_prefix(':').or_else(|| text.strip_prefix("localhost:"));
    match port {
        Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(digits(port)?).ok()?))),
        None => text.parse().ok(),
    }
}

/// A plain path, or the URL of a server. SQLite's special names are refused: `:memory:` would forget what was accepted. A
/// token in the URL is refused too: it would be shown.
fn database(text: &str) -> Option<Database> {
    if text.contains("://") {
        let url = reqwest::Url::parse(text).ok().filter(reqwest::Url::has_host)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let known = ["libsql", "http", "https"].contains(&url.scheme());
        return (bare && known).then(|| Database::Server(text.trim_end_matches('/').to_owned()));
    }
    let special = text.is_empty() || text.starts_with(':') || text.starts_with("file:");
    (!special).then(|| Database::File(PathBuf::from(text)))
}

/// Digits only: `u64::from_str` would take a plus sign.
fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Digits and the unit behind them.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((digits(number)?, unit))
}

/// Milliseconds per unit, the longest unit first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A duration in the spelling of the settings: a whole number and a unit, such as `500ms` or `30m`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let (_, milliseconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let bytes = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

/// A limit from the table, in the longest unit that divides it. Limits are whole seconds or more below `u64` milliseconds.
fn shown(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let unit = UNITS.into_iter().find(|(_, length)| milliseconds.is_multiple_of(*length));
    unit.map_or_else(String::new, |(name, length)| format!("{}{name}", milliseconds / length))
}

/// Whether a text is the URL of such a server.
fn is_url(address: Address, text: &str) -> bool {
    let schemes: &[&str] = match address {
        Address::Redis => &["redis"],
        Address::Queues | Address::Provider => &["http", "https"],
    };
    let url = reqwest::Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()) && url.has_host());
    url.is_some() || matches!(address, Address::Redis) && text == "container"
}

#[cfg(test)]
mod tests {
    use super::{Database, Duration, Kind, Value};

    const ANY: Kind = Kind::Duration { zero: true, max: Duration::from_secs(30 * 24 * 60 * 60) };

    #[test]
    fn durations_are_an_integer_and_a_unit() {
        // CONFIG-3
        let table = [
            ("0s", 0),
            ("500ms", 500),
            ("25s", 25_000),
            (" 30m ", 1_800_000),
            ("12h", 43_200_000),
            ("7d", 604_800_000),
            ("007s", 7_000),
        ];
        for (text, milliseconds) in table {
            assert_eq!(ANY.parse(text), Some(Value::Duration(Duration::from_millis(milliseconds))), "{text}");
        }
        let refused =
            ["", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "1h30m", "5us", "99999999999999999999s", "٣s"];
        for text in refused {
            assert_eq!(ANY.parse(text), None, "{text}");
        }
        assert_eq!(ANY.parse("18446744073709551615d"), None, "an overflow is refused, not wrapped");
        assert_eq!(ANY.parse("31d"), None, "over the maximum");
    }

    #[test]
    fn zero_is_refused_where_it_means_nothing() {
        // CONFIG-3
        let kind = Kind::Duration { zero: false, max: Duration::from_secs(30) };
        assert_eq!(kind.parse("0ms"), None);
        assert_eq!(kind.parse("1ms"), Some(Value::Duration(Duration::from_millis(1))));
        assert_eq!(kind.parse("31s"), None);
        let allowed = "a duration such as 500ms, 25s, 30m, 12h or 7d, longer than zero, at most 30s";
        assert_eq!(kind.allowed(), allowed);
        assert!(ANY.allowed().ends_with("zero or longer, at most 30d"));
    }

    #[test]
    fn sizes_are_plain_bytes_or_binary_units() {
        let kind = Kind::Size { min: 1_024, max: 1 << 30 };
        for (text, bytes) in [("1048576", 1_048_576), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1GiB", 1 << 30)] {
            assert_eq!(kind.parse(text), Some(Value::Number(bytes)), "{text}");
        }
        for text in ["", "1023", "2GiB", "1MB", "1mib", "1.5MiB", "-1", "MiB", "18446744073709551615GiB"] {
            assert_eq!(kind.parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_without_a_host_are_loopback() {
        // LIFECYCLE-1, LIFECYCLE-3
        let table = [
            (":3001", "127.0.0.1:3001"),
            ("localhost:3001", "127.0.0.1:3001"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:3001", "[::1]:3001"),
        ];
        for (text, address) in table {
            let Some(Value::Address(parsed)) = Kind::Address.parse(text) else { panic!("{text} is refused") };
            assert_eq!(parsed.to_string(), address);
        }
        for text in ["", ":", "3001", "127.0.0.1", ":65536", ":+1", "example.org:80", "http://127.0.0.1:80"] {
            assert_eq!(Kind::Address.parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_database_that_forgets_or_shows_its_token_is_refused() {
        // CONFIG-4
        for text in ["", " ", ":memory:", "file:x?mode=memory", "ftp://host", "libsql://", "https://host?authToken=x"] {
            assert_eq!(Kind::Database.parse(text), None, "{text}");
        }
        for text in ["libsql://host", "http://127.0.0.1:8080", "https://host"] {
            assert_eq!(Kind::Database.parse(text), Some(Value::Database(Database::Server(text.to_owned()))));
        }
    }

    #[test]
    fn words_integers_flags_and_text_are_matched_whole() {
        assert_eq!(Kind::Words(&["text", "json"]).parse(" JSON "), Some(Value::Word("json")));
        assert_eq!(Kind::Words(&["text", "json"]).parse("js"), None);
        assert_eq!(Kind::Integer { min: 1, max: 5 }.parse("5"), Some(Value::Number(5)));
        for text in ["0", "6", "-1", "+1", "1.0", "", "one"] {
            assert_eq!(Kind::Integer { min: 1, max: 5 }.parse(text), None, "{text}");
        }
        assert_eq!(Kind::Bool.parse("True"), Some(Value::Bool(true)));
        assert_eq!(Kind::Bool.parse("1"), None);
        assert_eq!(Kind::Text.parse("  "), None);
        assert_eq!(Kind::Secret.parse(" s "), Some(Value::Text(" s ".to_owned())));
    }
}
