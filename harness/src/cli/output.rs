//! What a command says: data on stdout, notes on stderr (CLI-2). A closed stdout is no failure (CLI-11).

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ColorChoice;

use super::text::escape_json;

/// Stdout does not take what is written to it.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout")]
pub(super) struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader simply left, as `head` does.
    pub(super) fn is_closed(&self) -> bool {
        self.0.kind() == ErrorKind::BrokenPipe
    }
}

/// Where and how a command speaks.
pub(super) struct Output {
    pub(super) json: bool,
    quiet: bool,
    stdout: Surface,
    stderr: Surface,
}

/// What one of the two streams ends in.
struct Surface {
    terminal: bool,
    colour: bool,
}

impl Surface {
    fn new(terminal: bool, choice: ColorChoice, no_colour: bool) -> Self {
        Self { terminal, colour: wants_colour(choice, no_colour, terminal) }
    }

    fn styled(&self, text: &str, style: &str) -> String {
        if self.colour { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool, choice: ColorChoice, no_colour: bool) -> Self {
        let stdout = Surface::new(io::stdout().is_terminal(), choice, no_colour);
        let stderr = Surface::new(io::stderr().is_terminal(), choice, no_colour);
        Self { json, quiet, stdout, stderr }
    }

    /// Data for people, whole lines.
    pub(super) fn text(text: &str) -> Result<(), OutputError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            stdout.write_all(b"\n")?;
        }
        Ok(stdout.flush()?)
    }

    /// One JSON document. A terminal gets the same document, with what could move its cursor spelled as an escape.
    pub(super) fn json(&self, document: &str) -> Result<(), OutputError> {
        let document = document.trim();
        if self.stdout.terminal { Self::text(&escape_json(document)) } else { Self::text(document) }
    }

    /// A remark for people.
    pub(super) fn note(&self, note: &str) {
        if !self.quiet {
            Self::error(note);
        }
    }

    /// Something that must be said.
    pub(super) fn error(text: &str) {
        // Nobody is left to tell when stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Text that stands out on stdout.
    pub(super) fn strong(&self, text: &str) -> String {
        self.stdout.styled(text, "1")
    }

    /// The mark of an error on stderr.
    pub(super) fn alarm(&self, text: &str) -> String {
        self.stderr.styled(text, "1;31")
    }
}

fn wants_colour(choice: ColorChoice, no_colour: bool, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => terminal && !no_colour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // CLI-2
    #[test]
    fn colour_is_for_terminals_that_were_not_asked_to_do_without() {
        assert!(wants_colour(ColorChoice::Auto, false, true));
        assert!(!wants_colour(ColorChoice::Auto, false, false));
        assert!(!wants_colour(ColorChoice::Auto, true, true));
        assert!(wants_colour(ColorChoice::Always, true, false));
        assert!(!wants_colour(ColorChoice::Never, false, true));
    }

    // CLI-11
    #[test]
    fn a_reader_that_left_is_told_apart_from_a_full_disk() {
        assert!(OutputError(io::Error::from(ErrorKind::BrokenPipe)).is_closed());
        assert!(!OutputError(io::Error::from(ErrorKind::StorageFull)).is_closed());
    }
}
