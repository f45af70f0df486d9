//! What a piece of code declares, in the languages that agents write most, and what a patch adds.

use super::text::{add, line};

/// Names that are kept of one text.
const NAMES_MAX: usize = 6;
/// Lines that are looked at of one text.
const LINES_MAX: usize = 600;
/// Words before what is declared.
const BEFORE: &[&str] = &[
    "pub ",
    "pub(crate) ",
    "pub(super) ",
    "export ",
    "default ",
    "async ",
    "static ",
    "public ",
    "private ",
    "protected ",
    "abstract ",
    "final ",
    "unsafe ",
    "declare ",
    "override ",
];
/// What declares, and how it is shown. The words of databases are of any case.
const KEYWORDS: &[(&str, &str)] = &[
    ("fn ", "fn"),
    ("def ", "def"),
    ("func ", "func"),
    ("function ", "function"),
    ("class ", "class"),
    ("struct ", "struct"),
    ("enum ", "enum"),
    ("trait ", "trait"),
    ("interface ", "interface"),
    ("create table ", "table"),
    ("create index ", "index"),
    ("create unique index ", "index"),
    ("alter table ", "table"),
];

/// What a patch says.
#[derive(Debug, Default)]
pub(super) struct Patch {
    /// The files that it changes.
    pub(super) paths: Vec<String>,
    /// What it declares.
    pub(super) declared: Vec<String>,
}

/// What a text declares, such as `fn post` or `class Ledger`.
pub(super) fn declared(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for said in text.lines().take(LINES_MAX) {
        if let Some(name) = declaration(said.trim()) {
            add(&mut names, name);
        }
        if names.len() == NAMES_MAX {
            break;
        }
    }
    names
}

/// What a patch changes and declares.
pub(super) fn patched(text: &str) -> Patch {
    let mut patch = Patch::default();
    for said in text.lines() {
        let marks = ["*** Update File: ", "*** Add File: ", "*** Delete File: ", "+++ b/", "--- a/"];
        if let Some(file) = marks.iter().find_map(|mark| said.strip_prefix(mark)) {
            add(&mut patch.paths, line(file, 200));
        } else if let Some(name) = said.strip_prefix('+').and_then(|added| declaration(added.trim()))
            && patch.declared.len() < NAMES_MAX
        {
            add(&mut patch.declared, name);
        }
    }
    patch
}

fn declaration(said: &str) -> Option<String> {
    let mut said = said;
    while let Some(rest) = BEFORE.iter().find_map(|word| said.strip_prefix(word)) {
        said = rest;
    }
    let declares = |keyword: &str, shown: &str| match shown {
        "table" | "index" => said.get(..keyword.len()).is_some_and(|first| first.eq_ignore_ascii_case(keyword)),
        _ => said.starts_with(keyword),
    };
    let (keyword, shown) = KEYWORDS.iter().find(|(keyword, shown)| declares(keyword, shown))?;
    let rest = said.get(keyword.len()..)?.trim_start();
    let rest = match rest.get(..14) {
        Some(first) if first.eq_ignore_ascii_case("if not exists ") => &rest[14..],
        _ => rest,
    };
    // A method of Go names its receiver first.
    let rest = match rest.strip_prefix('(') {
        Some(receiver) => receiver.split_once(") ")?.1,
        None => rest,
    };
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(60).collect();
    (!name.is_empty()).then(|| format!("{shown} {name}"))
}
