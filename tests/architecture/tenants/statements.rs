//! The statements of a script, and of each the tables that it reads or changes without naming the tenant.

use super::facts::{Fact, Reference, facts, settle};
use super::schema::{ROW, TENANT, Tables};
use super::tokens::{Node, clause, is_query, nodes, place};

/// A reference to one of the `trusted` tables counts as restricted.
pub(super) fn unnamed(sql: &str, tables: &Tables, trusted: &[&str]) -> Vec<String> {
    let mut walk = Walk { tables, trusted, scopes: Vec::new(), found: Vec::new() };
    for statement in nodes(sql).split(|node| node.is_sign(";")) {
        walk.statement(statement);
    }
    walk.found
}

struct Walk<'a> {
    tables: &'a Tables,
    trusted: &'a [&'a str],
    /// From the outermost statement to the query that is being looked at.
    scopes: Vec<Vec<Reference>>,
    found: Vec<String>,
}

/// Where something is said of references.
enum Condition<'a> {
    /// Of every row that comes out.
    Every(&'a [Node]),
    /// Of the rows of one reference only: an outer join keeps those of the others.
    Joined(usize, &'a [Node]),
    /// These columns of a reference equal those of the ones before it.
    Using(usize, &'a [Node]),
}

impl Walk<'_> {
    fn statement(&mut self, nodes: &[Node]) {
        const BEGINS: [&str; 5] = ["select", "values", "insert", "update", "delete"];
        let (before, nodes) = nodes.split_at(place(nodes, &BEGINS));
        // What WITH names; of anything else nothing is left.
        self.inside(before);
        match nodes.first() {
            Some(first) if first.is(&["insert"]) => self.insert(nodes),
            Some(first) if first.is(&["update", "delete"]) => self.change(nodes),
            Some(_) => {
                for query in nodes.split(|node| node.is(&["union", "except", "intersect"])) {
                    self.select(query);
                }
            }
            None => {}
        }
    }

    /// Queries within parentheses.
    fn inside(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Group(group) if is_query(group) => self.statement(group),
                Node::Group(group) => self.inside(group),
                _ => {}
            }
        }
    }

    fn select(&mut self, nodes: &[Node]) {
        let (mut references, mut conditions) = (Vec::new(), Vec::new());
        self.references(clause(nodes, "from"), &mut references, &mut conditions);
        conditions.push(Condition::Every(clause(nodes, "where")));
        self.scope(references, &conditions, nodes);
    }

    /// UPDATE and DELETE.
    fn change(&mut self, nodes: &[Node]) {
        const BEFORE: [&str; 6] = ["update", "delete", "from", "or", "ignore", "abort"];
        let target = nodes.iter().position(|node| !node.is(&BEFORE));
        let Some((table, rest)) = nodes[target.unwrap_or(nodes.len())..].split_first() else { return };
        let table = table.name().unwrap_or_default();
        let alias = rest.first().filter(|node| node.is(&["as"])).and_then(|_| rest.get(1)?.name());
        let mut references = vec![self.reference(table, alias)];
        let mut conditions = vec![Condition::Every(clause(rest, "where"))];
        self.references(clause(rest, "from"), &mut references, &mut conditions);
        self.scope(references, &conditions, rest);
    }

    /// An INSERT names the tenant of its rows; what it does to a row that is there already must be that tenant's too.
    fn insert(&mut self, nodes: &[Node]) {
        let rest = nodes.get(place(nodes, &["into"]) + 1..).unwrap_or_default();
        let Some((table, rest)) = rest.split_first() else { return };
        let table = table.name().unwrap_or_default();
        let named = names(rest.first());
        let target = self.reference(table, None);
        let missing = target.needs.iter().map(|&needed| if needed == ROW { "scope" } else { needed });
        let missing: Vec<_> = missing.filter(|column| !named.contains(column)).collect();
        if !missing.is_empty() && target.has.is_empty() {
            self.found.push(format!("INSERT INTO {table} without {}", missing.join(", ")));
        }
        let on_conflict = |pair: &[Node]| pair[0].is(&["on"]) && pair[1].is(&["conflict"]);
        let conflict = rest.windows(2).position(on_conflict).unwrap_or(rest.len());
        let returning = place(rest, &["returning"]);
        self.statement(&rest[..conflict.min(returning)]);
        self.inside(&rest[returning..]);
        let conflict = rest[..returning].get(conflict + 2..).unwrap_or_default();
        self.upsert(target, conflict);
    }

    /// `(..) DO UPDATE SET ..`
    fn upsert(&mut self, mut target: Reference, conflict: &[Node]) {
        let update = &conflict[place(conflict, &["update"])..];
        if update.is_empty() {
            return;
        }
        let unique = names(conflict.first());
        if target.needs.iter().all(|needed| unique.contains(needed)) {
            target.has.clone_from(&target.needs);
        }
        // The row that could not be inserted: its tenant is named by the INSERT.
        let excluded = Reference {
            table: target.table.clone(),
            name: "excluded".to_owned(),
            needs: Vec::new(),
            has: TENANT.to_vec(),
        };
        self.scope(vec![target, excluded], &[Condition::Every(clause(update, "where"))], update);
    }

    fn reference(&self, table: &str, name: Option<&str>) -> Reference {
        let needs = self.tables.needs(table);
        let has = if self.trusted.contains(&table) { needs.clone() } else { Vec::new() };
        Reference { table: table.to_owned(), name: name.unwrap_or(table).to_owned(), needs, has }
    }

    /// The references of a FROM clause, and what its joins say of them.
    fn references<'n>(&self, nodes: &'n [Node], references: &mut Vec<Reference>, conditions: &mut Vec<Condition<'n>>) {
        const KINDS: [&str; 7] = ["left", "right", "full", "outer", "inner", "cross", "natural"];
        let (mut rest, mut kind): (&[Node], &[Node]) = (nodes, &[]);
        loop {
            let joins = |node: &Node| node.is_sign(",") || node.is(&["join"]);
            let end = rest.iter().position(joins).unwrap_or(rest.len());
            let words = rest[..end].iter().rev().take_while(|node| node.is(&KINDS)).count();
            let (part, next) = rest[..end].split_at(end - words);
            self.joined(part, kind, references, conditions);
            kind = next;
            let Some(after) = rest.get(end + 1..) else { return };
            rest = after;
        }
    }

    /// One part of a FROM clause, which `kind` joins to those before it.
    fn joined<'n>(
        &self,
        part: &'n [Node],
        kind: &[Node],
        references: &mut Vec<Reference>,
        conditions: &mut Vec<Condition<'n>>,
    ) {
        let end = place(part, &["on", "using"]);
        let (head, said) = part.split_at(end);
        match head {
            [] => return,
            [Node::Group(group), ..] if !is_query(group) => self.references(group, references, conditions),
            [schema, dot, head @ ..] if dot.is_sign(".") && schema.name().is_some() => {
                references.push(self.named(head));
            }
            head => references.push(self.named(head)),
        }
        let own = references.len().saturating_sub(1);
        match said {
            [using, Node::Group(columns), ..] if using.is(&["using"]) => {
                conditions.push(Condition::Using(own, columns));
            }
            // Of an outer join on this side nothing is certain.
            _ if kind.iter().any(|word| word.is(&["right", "full"])) => {}
            [_, condition @ ..] if kind.iter().any(|word| word.is(&["left"])) => {
                conditions.push(Condition::Joined(own, condition));
            }
            [_, condition @ ..] => conditions.push(Condition::Every(condition)),
            [] => {}
        }
    }

    /// `table AS name`, and what may stand around it.
    fn named(&self, head: &[Node]) -> Reference {
        let table = head.first().and_then(Node::name).unwrap_or_default();
        let mut rest = head.iter().skip(1).filter(|node| !matches!(node, Node::Group(_)) && !node.is(&["as"]));
        let name = rest.next().filter(|node| !node.is(&["indexed", "not"])).and_then(Node::name);
        self.reference(table, name)
    }

    /// Looks at a statement with these references, and at the queries within it, which see them.
    fn scope(&mut self, references: Vec<Reference>, conditions: &[Condition<'_>], nodes: &[Node]) {
        self.scopes.push(references);
        let known: Vec<Fact> = conditions.iter().flat_map(|condition| self.said(condition)).collect();
        settle(&mut self.scopes, &known);
        for reference in self.scopes.last().into_iter().flatten() {
            let missing: Vec<_> =
                reference.needs.iter().filter(|needed| !reference.has.contains(needed)).copied().collect();
            if !missing.is_empty() {
                let Reference { table, name, .. } = reference;
                self.found.push(format!("{table} AS {name} by no {}", missing.join(" and no ")));
            }
        }
        self.inside(nodes);
        self.scopes.pop();
    }

    fn said(&self, condition: &Condition<'_>) -> Vec<Fact> {
        match condition {
            Condition::Every(nodes) => facts(nodes, &self.scopes),
            Condition::Joined(own, nodes) => {
                facts(nodes, &self.scopes).into_iter().filter(|fact| fact.of == *own).collect()
            }
            Condition::Using(own, columns) => {
                let scope = self.scopes.len() - 1;
                let named = |column: &&str| columns.iter().any(|node| node.name() == Some(*column));
                let mut found = Vec::new();
                for column in TENANT.into_iter().filter(named) {
                    for other in 0..*own {
                        let fact = |of, by| Fact { of, column, by: vec![((scope, by), column.to_owned())] };
                        found.extend([fact(*own, other), fact(other, *own)]);
                    }
                }
                found
            }
        }
    }
}

/// The names in a list in parentheses.
fn names(list: Option<&Node>) -> Vec<&str> {
    match list {
        Some(Node::Group(list)) => list.iter().filter_map(Node::name).collect(),
        _ => Vec::new(),
    }
}
