//! Telling one piece of a probe's evidence from another, whatever the time.

use std::sync::LazyLock;

use regex::Regex;

use crate::id::fingerprint;
use crate::value::{ProbeResult, Word};

/// Dates, times of day, and seconds or milliseconds since the epoch.
static TIMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let date = r"\d{4}-\d{2}-\d{2}";
    let time = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?";
    Regex::new(&format!(r"(?:{date}[T ])?{time}|{date}|\b1\d{{9}}(?:\d{{3}})?\b")).ok()
});

/// The evidence of a probe without the times in it, as a hash: the same finding at another time is the same.
#[must_use]
pub fn evidence_hash(runtime: ProbeResult, process: ProbeResult, evidence: Option<&str>) -> String {
    let evidence = evidence.unwrap_or_default();
    let timeless = TIMES.as_ref().map_or(evidence.into(), |times| times.replace_all(evidence, ""));
    let words: Vec<&str> = timeless.split_whitespace().collect();
    fingerprint(&[runtime.as_str().as_bytes(), process.as_str().as_bytes(), words.join(" ").as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    // SESSION-15
    #[test]
    fn the_same_finding_at_another_time_is_the_same_evidence() {
        let hash = |text| evidence_hash(ProbeResult::Alive, ProbeResult::Dead, Some(text));
        let first = hash("2026-03-01T12:00:00Z pane 3 gone at 12:00:01.5 (1772366401)");
        assert_eq!(first, hash("2026-03-02 07:30:09+01:00  pane 3 gone at 7:31 (1772366401999)"));
        assert_ne!(first, hash("2026-03-01T12:00:00Z pane 4 gone at 12:00:01.5 (1772366401)"));
        let other = evidence_hash(ProbeResult::Unknown, ProbeResult::Dead, Some("x"));
        assert_ne!(evidence_hash(ProbeResult::Alive, ProbeResult::Dead, Some("x")), other);
    }
}
