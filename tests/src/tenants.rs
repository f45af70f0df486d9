//! What a tenant has, so that a test can tell whether anybody changed it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The rows of a tenant by table, as text and sorted.
pub type Kept = BTreeMap<String, Vec<String>>;

/// Every row that the team `crew` has in its project `one`, or without a project, in every table of tenants but the audit
/// trail, which grows with what is refused. `rows` runs a query.
pub async fn kept(rows: impl AsyncFn(String) -> Vec<Vec<Value>>) -> Kept {
    const TABLES: &str = "SELECT m.name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'project_id')
        FROM sqlite_master AS m
        WHERE m.type = 'table' AND m.name <> 'audit'
            AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'team_id')";
    let mut kept = Kept::new();
    for table in rows(TABLES.to_owned()).await {
        let name = table[0].as_str().unwrap_or_default();
        let of_one = if table[1] == 1 { "AND coalesce(project_id, '') IN ('one', '')" } else { "" };
        let found = rows(format!("SELECT * FROM {name} WHERE team_id = 'crew' {of_one}")).await;
        let mut found: Vec<_> = found.into_iter().map(|row| json!(row).to_string()).collect();
        found.sort_unstable();
        kept.insert(name.to_owned(), found);
    }
    kept
}
