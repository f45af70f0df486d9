//! The tables that hold rows of tenants, as the migrations leave them.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Node, nodes};

/// What names the tenant of a row.
pub(super) const TENANT: [&str; 2] = ["team_id", "project_id"];
/// What ties the words of a full-text index to the row that they are from: the index itself knows no tenant.
pub(super) const ROW: &str = "rowid";

/// Tables with a tenant, and what of it their rows name.
pub(super) struct Tables {
    needs: BTreeMap<String, Vec<&'static str>>,
}

impl Tables {
    /// What these scripts make, one after the other.
    pub(super) fn made_by<'a>(scripts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut columns = BTreeMap::new();
        for script in scripts {
            for statement in nodes(script).split(|node| node.is_sign(";")) {
                follow(statement, &mut columns);
            }
        }
        let needs = columns.into_iter().filter_map(|(table, columns)| {
            let known = |column: &&'static str| columns.contains(*column);
            let needs: Vec<_> = TENANT.iter().copied().chain([ROW]).filter(known).collect();
            let has_tenant = needs.iter().any(|column| [TENANT[0], ROW].contains(column));
            has_tenant.then_some((table, needs))
        });
        Self { needs: needs.collect() }
    }

    /// What a statement has to say of the rows of this table: nothing where it has no tenant.
    pub(super) fn needs(&self, table: &str) -> Vec<&'static str> {
        self.needs.get(table).cloned().unwrap_or_default()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.needs.keys().map(String::as_str).collect()
    }
}

/// Does to the tables what a statement does.
fn follow(statement: &[Node], tables: &mut BTreeMap<String, BTreeSet<String>>) {
    let words: Vec<&str> = statement.iter().map(|node| node.name().unwrap_or_default()).collect();
    match words.as_slice() {
        ["create", "virtual", "table", name, ..] => {
            tables.insert((*name).to_owned(), BTreeSet::from([ROW.to_owned()]));
        }
        ["create", "table", name, ..] => {
            tables.insert((*name).to_owned(), columns(statement));
        }
        // What a view selects, it has.
        ["create", "view", name, ..] => {
            tables.insert((*name).to_owned(), words.iter().map(|&word| word.to_owned()).collect());
        }
        ["alter", "table", name, "add", "column", column, ..] => {
            tables.entry((*name).to_owned()).or_default().insert((*column).to_owned());
        }
        ["alter", "table", name, "rename", "to", new, ..] => {
            let moved = tables.remove(*name).unwrap_or_default();
            tables.insert((*new).to_owned(), moved);
        }
        ["drop", "table" | "view", name, ..] => {
            tables.remove(*name);
        }
        _ => {}
    }
}

/// The names that the definitions of a table's columns begin with.
fn columns(statement: &[Node]) -> BTreeSet<String> {
    let body = statement.iter().find_map(|node| match node {
        Node::Group(body) => Some(body.as_slice()),
        _ => None,
    });
    let definitions = body.unwrap_or_default().split(|node| node.is_sign(","));
    definitions.filter_map(|definition| definition.first()?.name().map(str::to_owned)).collect()
}

#[test]
fn tables_are_followed_through_the_migrations() {
    let tables = Tables::made_by([
        "CREATE TABLE meta (name TEXT); CREATE TABLE a (team_id TEXT, b TEXT REFERENCES b (project_id)) STRICT;",
        "ALTER TABLE a ADD COLUMN project_id TEXT; CREATE TABLE b (team_id TEXT, PRIMARY KEY (team_id, x));",
        "CREATE TABLE old (team_id TEXT); DROP TABLE old; ALTER TABLE b RENAME TO c;",
        "CREATE VIEW v AS SELECT team_id, project_id FROM a WHERE x; CREATE VIEW guard AS SELECT 1 AS holds;",
        "CREATE VIRTUAL TABLE words USING fts5 (scope, title);",
    ]);
    assert_eq!(tables.names(), ["a", "c", "v", "words"]);
    assert_eq!((tables.needs("a"), tables.needs("c")), (vec!["team_id", "project_id"], vec!["team_id"]));
    assert_eq!((tables.needs("words"), tables.needs("meta")), (vec!["rowid"], vec![]));
}
