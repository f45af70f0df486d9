//! Whose rows a statement touches: it names team and project of every table that has them, or stands in a list with the
//! reason why not. Statements are read as words, not run, and a condition counts where every row must meet it.

mod examples;
mod exempt;
mod facts;
mod schema;
mod statements;
mod tokens;

use std::collections::BTreeMap;

use shared::store::migrations::MIGRATIONS;

use crate::expect_nothing;
use crate::layers::is_sql;
use crate::sources::files;
use exempt::EXEMPT;
use schema::Tables;
use statements::unnamed;

const SQL: &str = "shared/src/store/sql";

/// How much of a short statement is its name.
const NAME: usize = 60;

/// A statement of the store.
struct Stored {
    name: String,
    place: String,
    sql: String,
}

/// Every statement of the store.
fn stored() -> Vec<Stored> {
    let mut found = Vec::new();
    for source in files(&[SQL], ".sql") {
        let name = source.path.rsplit('/').next().unwrap_or_default().to_owned();
        found.push(Stored { name, place: source.at(1), sql: source.text });
    }
    for source in files(&["shared/src/store"], ".rs") {
        // Tests at the end of a file say what they like.
        let lines = source.code().len();
        for literal in source.literals() {
            if literal.line <= lines && is_sql(&literal.text) {
                let sql = literal.text.replace("\\\"", "\"").replace("\\\n", "\n").replace("\\n", "\n");
                let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
                let name = words.chars().take(NAME).collect::<String>().trim_end().to_owned();
                found.push(Stored { name, place: source.at(literal.line), sql });
            }
        }
    }
    found
}

fn tables() -> Tables {
    Tables::made_by(MIGRATIONS.iter().map(|migration| migration.sql))
}

fn exemptions() -> BTreeMap<&'static str, &'static [&'static str]> {
    EXEMPT.iter().flat_map(|(_, statements)| statements.iter().copied()).collect()
}

// SEC-4, AUTH-5
#[test]
fn every_statement_names_team_and_project() {
    let (tables, exempt) = (tables(), exemptions());
    let mut found = Vec::new();
    for Stored { name, place, sql } in stored() {
        let trusted = exempt.get(name.as_str()).copied().unwrap_or_default();
        found.extend(unnamed(&sql, &tables, trusted).into_iter().map(|finding| format!("{place}: {finding}")));
    }
    expect_nothing("a statement restricts each table of tenants to team and project, or EXEMPT says why not", &found);
}

// SEC-4
#[test]
fn every_exemption_is_of_a_statement_that_needs_it() {
    let (tables, statements) = (tables(), stored());
    let mut found = Vec::new();
    for (name, trusted) in exemptions() {
        let of_name: Vec<_> = statements.iter().filter(|statement| statement.name == name).collect();
        if of_name.is_empty() {
            found.push(format!("{name}: no such statement"));
        }
        for table in trusted {
            let others: Vec<&str> = trusted.iter().copied().filter(|other| other != table).collect();
            let needed = of_name.iter().any(|statement| !unnamed(&statement.sql, &tables, &others).is_empty());
            if !needed && !of_name.is_empty() {
                found.push(format!("{name}: it names the tenant of {table}"));
            }
        }
    }
    let entries: usize = EXEMPT.iter().map(|(_, statements)| statements.len()).sum();
    assert_eq!(entries, exemptions().len(), "each statement is exempt once");
    assert!(EXEMPT.iter().all(|(reason, _)| reason.len() > 20), "each exemption has a reason");
    expect_nothing("an exemption that nothing needs goes", &found);
}

#[test]
fn the_tables_of_tenants_are_known() {
    let tables = tables();
    let both = ["team_id", "project_id"];
    for table in ["agent_events", "dead_letters", "jobs", "observations", "outbox", "posts", "view_thread_views"] {
        assert_eq!(tables.needs(table), both, "{table}");
    }
    assert_eq!((tables.needs("teams"), tables.needs("observation_text")), (vec!["team_id"], vec!["rowid"]));
    for table in ["commit_context", "leases", "letters", "meta", "migrations", "projection_checkpoints"] {
        assert!(tables.needs(table).is_empty(), "{table}");
    }
}
