//! Addresses and logs in the form in which they are kept.

use super::super::check::plain;

/// What is kept of a log: its last lines, at most so many bytes.
const LOG_LINES: usize = 40;
const LOG_BYTES: usize = 4096;

/// The one form of a pull request's address; `None` when it is none.
#[must_use]
pub fn pull_request_url(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let scheme = scheme.to_ascii_lowercase();
    // No credentials, no spaces: it is shown to people and stored for good.
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}".contains(c);
    let fits = matches!(scheme.as_str(), "http" | "https")
        && !host.is_empty()
        && !host.contains('@')
        && !path.is_empty()
        && text.len() <= 512
        && !text.contains(odd);
    fits.then(|| format!("{scheme}://{}/{path}", host.to_ascii_lowercase()))
}

/// The end of a log, as it is kept: no escape sequences, few lines, few bytes.
#[must_use]
pub fn log_tail(text: &str) -> Option<String> {
    // What comes before could not be kept anyway: a log of megabytes is not gone through.
    let mut from = text.len().saturating_sub(LOG_BYTES * 8);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let clean = plain(&text[from..]);
    let lines: Vec<&str> = clean.trim_end().lines().collect();
    let mut tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
    let mut cut = tail.len().saturating_sub(LOG_BYTES);
    while !tail.is_char_boundary(cut) {
        cut += 1;
    }
    tail.drain(..cut);
    (!tail.trim().is_empty()).then_some(tail)
}
