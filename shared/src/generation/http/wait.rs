//! When a provider is willing again. A date is taken by the provider's own clock, which it shows with every answer.

use std::time::Duration;

use http::HeaderMap;
use jiff::fmt::rfc2822::DateTimeParser;

/// A longer wait is not believed.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that the headers ask for: milliseconds, seconds, or until a date.
pub(super) fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let number = |name| text(headers, name)?.parse::<u64>().ok();
    let wait = number("retry-after-ms").map(Duration::from_millis);
    let wait = wait.or_else(|| number("retry-after").map(Duration::from_secs));
    wait.or_else(|| until_date(headers)).map(|wait| wait.min(WAIT_MAX))
}

fn until_date(headers: &HeaderMap) -> Option<Duration> {
    let moment = |name| DateTimeParser::new().parse_timestamp(text(headers, name)?).ok();
    let (then, now) = (moment("retry-after")?.as_millisecond(), moment("date")?.as_millisecond());
    Some(Duration::from_millis(u64::try_from(then.saturating_sub(now)).unwrap_or(0)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, HeaderValue};

    use super::*;

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pairs = headers.iter().copied();
        let pairs = pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        asked_for(&pairs.collect())
    }

    // MEMORY-13
    #[test]
    fn a_wait_is_read_in_each_of_its_forms() {
        const NOW: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wait(&[("retry-after-ms", "1500"), ("retry-after", "2")]), Some(Duration::from_millis(1500)));
        let until = |date| wait(&[NOW, ("retry-after", date)]);
        assert_eq!(until("Wed, 21 Oct 2015 07:28:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(until("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(until("Wed, 21 Oct 2026 07:28:00 GMT"), Some(WAIT_MAX));
        assert_eq!(wait(&[("retry-after", "18446744073709551615")]), Some(WAIT_MAX));
    }

    // MEMORY-13
    #[test]
    fn a_wait_that_cannot_be_read_is_none() {
        assert_eq!(wait(&[]), None);
        for text in ["", "-1", "soon", "1.5", "99999999999999999999", "Wed, 21 Oct 2015 07:28:30 GMT"] {
            assert_eq!(wait(&[("retry-after", text)]), None, "{text}");
        }
    }
}
