//! The statements of the store: where they live, what they are called, what they must not say.

use std::collections::BTreeSet;

use shared::store::migrations::MIGRATIONS;

use crate::expect_nothing;
use crate::layers::is_sql;
use crate::sources::{entries, files};

const SQL: &str = "shared/src/store/sql";
const STEPS: &str = "shared/src/store/migrations";
/// What a statement may begin its name with.
const VERBS: &[&str] = &[
    "accept",
    "append",
    "begin",
    "claim",
    "count",
    "create",
    "delete",
    "drop",
    "ensure",
    "find",
    "finish",
    "insert",
    "list",
    "mark",
    "move",
    "post",
    "prune",
    "read",
    "reconcile",
    "release",
    "revoke",
    "ring",
    "start",
    "switch",
    "update",
    "upsert",
    "use",
    "write",
];

#[test]
fn statements_over_five_lines_are_files() {
    let mut found = Vec::new();
    for source in files(&["shared/src/store"], ".rs") {
        for literal in source.literals().iter().filter(|literal| is_sql(&literal.text)) {
            let lines = literal.text.lines().count();
            if lines > 5 {
                found.push(format!("{}: {lines} lines", source.at(literal.line)));
            }
        }
    }
    expect_nothing("SQL over five lines lives in store/sql", &found);
}

#[test]
fn statement_files_are_called_by_a_verb_and_a_noun() {
    let mut found = Vec::new();
    for name in entries(SQL) {
        let words = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_'));
        if !words.is_some_and(|(verb, noun)| VERBS.contains(&verb) && !noun.is_empty()) {
            found.push(format!("{SQL}/{name}:1"));
        }
    }
    expect_nothing("a statement is called <verb>_<noun>.sql", &found);
}

#[test]
fn every_statement_file_is_used() {
    let mut used = BTreeSet::new();
    for source in files(&["shared/src/store"], ".rs") {
        let names = source
            .literals()
            .into_iter()
            .filter(|literal| literal.text.rsplit_once('.').is_some_and(|(_, kind)| kind == "sql"));
        used.extend(names.filter_map(|literal| literal.text.rsplit('/').next().map(str::to_owned)));
    }
    let found: Vec<_> = [SQL, STEPS]
        .iter()
        .flat_map(|folder| entries(folder).into_iter().map(move |name| (folder, name)))
        .filter(|(_, name)| !used.contains(name))
        .map(|(folder, name)| format!("{folder}/{name}:1"))
        .collect();
    expect_nothing("every statement is used", &found);
}

#[test]
fn no_statement_rolls_back_by_itself_or_replaces() {
    let mut texts: Vec<(String, usize, String)> = Vec::new();
    for source in files(&[SQL, STEPS], ".sql") {
        for (index, line) in source.text.lines().enumerate() {
            texts.push((source.path.clone(), index + 1, line.split("--").next().unwrap_or_default().to_uppercase()));
        }
    }
    for source in files(&["shared/src/store"], ".rs") {
        for literal in source.literals() {
            texts.push((source.path.clone(), literal.line, literal.text.to_uppercase()));
        }
    }
    let banned = |text: &str| {
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        ["RAISE(ROLLBACK", "RAISE (ROLLBACK", "OR REPLACE", "REPLACE INTO", "OR ROLLBACK"]
            .iter()
            .any(|word| text.contains(word))
    };
    let found: Vec<_> = texts
        .into_iter()
        .filter(|(_, _, text)| banned(text))
        .map(|(path, line, text)| format!("{path}:{line}: {}", text.trim()))
        .collect();
    expect_nothing("no RAISE(ROLLBACK), no REPLACE", &found);
}

// STORE-1
#[test]
fn migration_files_are_numbered_and_all_of_them_are_listed() {
    let listed: Vec<String> =
        MIGRATIONS.iter().map(|migration| format!("{:04}_{}.sql", migration.version, migration.name)).collect();
    assert_eq!(entries(STEPS), listed, "{STEPS} and the list in migrations.rs");
    let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(versions, (1..).take(versions.len()).collect::<Vec<_>>());
    for (name, migration) in listed.iter().zip(MIGRATIONS) {
        let path = format!("{STEPS}/{name}");
        assert!(crate::sources::read(&path) == migration.sql, "{path} is not what migrations.rs lists under its name");
    }
}

#[test]
fn no_statement_formats_values_into_its_text() {
    let mut found = Vec::new();
    for source in files(&["shared/src/store"], ".rs") {
        for (index, line) in source.code().iter().enumerate() {
            if line.contains("Statement::new(&format!") || line.contains("leak()") || line.contains("Box::leak") {
                found.push(format!("{}: {}", source.at(index + 1), line.trim()));
            }
        }
    }
    // SEC-4
    expect_nothing("every statement is parameterised", &found);
}
