//! The workspace's files, and what of a Rust file is code, what is text.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the workspace.
pub(crate) struct Source {
    /// Relative to the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A string literal and the line it begins on.
pub(crate) struct Literal {
    pub(crate) line: usize,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of the entries of a folder, sorted.
pub(crate) fn entries(folder: &str) -> Vec<String> {
    let listing = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> =
        listing.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every file below `folders` that ends in `suffix`.
pub(crate) fn files(folders: &[&str], suffix: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting: Vec<String> = folders.iter().map(|&folder| folder.to_owned()).collect();
    while let Some(folder) = waiting.pop() {
        for name in entries(&folder) {
            let path = format!("{folder}/{name}");
            if root().join(&path).is_dir() {
                waiting.push(path);
            } else if name.ends_with(suffix) {
                found.push(Source { text: read(&path), path });
            }
        }
    }
    found.sort_by(|one, two| one.path.cmp(&two.path));
    assert!(!found.is_empty(), "no {suffix} below {folders:?}");
    found
}

/// The Rust files of what is deployed and of the harness.
pub(crate) fn production() -> Vec<Source> {
    files(&["shared/src", "functions", "harness/src"], ".rs")
}

/// Every Rust file.
pub(crate) fn all() -> Vec<Source> {
    let mut sources = production();
    sources.extend(files(&["tests"], ".rs"));
    sources
}

impl Source {
    /// `path:line`, for a finding.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// The code line by line: comments and the insides of literals are blank, tests at the end of the file are gone.
    pub(crate) fn code(&self) -> Vec<String> {
        let lines: Vec<String> = self.parts().0.lines().map(str::to_owned).collect();
        let tests = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
        lines[..tests.unwrap_or(lines.len())].to_vec()
    }

    /// The string literals.
    pub(crate) fn literals(&self) -> Vec<Literal> {
        self.parts().1
    }

    /// Splits the file into code with everything else blanked, and its string literals.
    fn parts(&self) -> (String, Vec<Literal>) {
        let (mut code, mut literals) = (String::new(), Vec::new());
        let mut rest = self.text.as_str();
        let mut line = 1;
        while let Some(first) = rest.chars().next() {
            let (length, literal) = match first {
                '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
                '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), None),
                'r' if is_raw(rest, &code) => {
                    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
                    let close = format!("\"{}", "#".repeat(hashes));
                    let begin = hashes + 2;
                    let end = rest[begin..].find(&close).map_or(rest.len(), |end| begin + end);
                    ((end + close.len()).min(rest.len()), Some(rest[begin..end].to_owned()))
                }
                '"' => {
                    let end = closing(rest, '"');
                    (end + 1, Some(rest[1..end].to_owned()))
                }
                '\'' if is_character(rest) => (closing(rest, '\'') + 1, None),
                other => {
                    code.push(other);
                    line += usize::from(other == '\n');
                    rest = &rest[other.len_utf8()..];
                    continue;
                }
            };
            let taken = &rest[..length];
            literals.extend(literal.map(|text| Literal { line, text }));
            code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            line += taken.matches('\n').count();
            rest = &rest[length..];
        }
        (code, literals)
    }
}

/// Whether a raw string begins here, rather than a name that holds an `r`.
fn is_raw(rest: &str, before: &str) -> bool {
    let named = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let after = rest[1..].trim_start_matches('#');
    (!named || before.ends_with('b')) && after.starts_with('"')
}

/// Whether a character begins here, rather than a lifetime.
fn is_character(rest: &str) -> bool {
    let mut after = rest.chars().skip(1);
    match after.next() {
        Some('\\') => true,
        Some(_) => after.next() == Some('\''),
        None => false,
    }
}

/// Where the literal that begins here ends.
fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return index,
            _ => {}
        }
    }
    rest.len() - 1
}

#[test]
fn code_and_text_are_told_apart() {
    let text =
        "// \"no\"\nlet a = \"SELECT\n 1\"; let b = r#\"raw \"x\" \"#; let c = '\"'; let d: &'a str = \"\\\"e\";";
    let source = Source { path: String::new(), text: text.to_owned() };
    let found: Vec<_> = source.literals().into_iter().map(|literal| (literal.line, literal.text)).collect();
    let expected = [(2, "SELECT\n 1"), (3, "raw \"x\" "), (3, "\\\"e")].map(|(line, text)| (line, text.to_owned()));
    assert_eq!(found, expected);
    let code = source.code();
    assert_eq!((code.len(), code[0].trim(), code[1].trim()), (3, "", "let a ="));
    assert!(code[2].contains("let d: &'a str") && !code[2].contains("raw"), "{code:?}");
}
