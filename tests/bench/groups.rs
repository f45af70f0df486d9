//! Groups of commits on one bare connection, each as many commits large on average as those of the server were.

use std::collections::HashMap;

use futures::FutureExt;
use shared::store::{Commit, Durability, Statement};

/// A connection, and the group that is being filled.
pub(crate) struct Groups {
    connection: libsql::Connection,
    prepared: HashMap<&'static str, libsql::Statement>,
    batch_size: f64,
    /// Commits that the groups before had too many.
    credit: f64,
    group: Vec<Commit>,
}

/// What a local call gives.
pub(crate) fn now<T>(future: impl Future<Output = Result<T, libsql::Error>>) -> T {
    future.now_or_never().expect("local calls are immediate").expect("the statement works")
}

impl Groups {
    pub(crate) fn new(connection: libsql::Connection, batch_size: f64) -> Self {
        Self { connection, prepared: HashMap::new(), batch_size, credit: 0.0, group: Vec::new() }
    }

    /// One statement; its rows are read and dropped.
    fn statement(&mut self, statement: Statement) {
        let Statement { sql, params, .. } = statement;
        let prepared = self.prepared.entry(sql).or_insert_with(|| now(self.connection.prepare(sql)));
        let mut rows = now(prepared.query(params));
        while now(rows.next()).is_some() {}
        prepared.reset();
    }

    fn bare(&mut self, sql: &'static str) {
        self.statement(Statement::new(sql, Vec::new()));
    }

    /// Adds a commit to the present group, which runs once it has as many members as a group of the server had on average.
    pub(crate) fn commit(&mut self, commit: Commit) {
        self.group.push(commit);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let members = self.group.len() as f64;
        if members + self.credit >= self.batch_size {
            self.credit += members - self.batch_size;
            self.end_group();
        }
    }

    pub(crate) fn end_group(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let full = self.group.iter().any(|commit| commit.durability == Durability::Full);
        now(self.connection.execute_batch(if full {
            "PRAGMA synchronous = FULL"
        } else {
            "PRAGMA synchronous = NORMAL"
        }));
        self.bare("BEGIN IMMEDIATE");
        for commit in std::mem::take(&mut self.group) {
            self.bare("SAVEPOINT member");
            for statement in commit.statements {
                self.statement(statement);
            }
            self.bare("RELEASE member");
        }
        self.bare("COMMIT");
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        let mut rows = now(self.connection.query(sql, ()));
        now(rows.next()).expect("a row").get(0).expect("a number")
    }
}
