//! Durations and deadlines as arguments, in the spelling of the settings.

use std::time::Duration;

use shared::clock::Time;

/// A duration such as `500ms`, `25s` or `30m`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let parsed = shared::config::duration(text.trim()).filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| "expected a duration longer than zero such as 500ms, 25s, 30m, 12h or 7d".to_owned())
}

/// A moment: RFC 3339, or a duration from `now`.
pub(super) fn moment(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    match (Time::parse(text), parse(text)) {
        (Ok(time), _) => Ok(time),
        (Err(_), Ok(duration)) => Ok(now.plus(duration)),
        (Err(_), Err(_)) => Err(format!(
            "{text:?} is no time; expected one such as 2026-01-31T12:00:00Z, or a duration from now such as 30m"
        )),
    }
}

/// A time that passed, in its two largest units.
pub(super) fn lasting(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, _, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // CONFIG-3
    #[test]
    fn durations_are_spelled_as_in_the_settings() {
        assert_eq!(parse("30m"), Ok(Duration::from_secs(1800)));
        for text in ["0s", "-1s", "5", "1h30m", "soon", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_is_an_instant_or_lies_a_duration_ahead() {
        assert_eq!(moment("1970-01-01T00:00:02+00:00", Time(0)), Ok(Time(2000)));
        assert_eq!(moment(" 30m ", Time(5)), Ok(Time(1_800_005)));
        assert!(moment("tomorrow", Time(0)).is_err());
    }
}
