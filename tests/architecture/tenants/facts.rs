//! What the conditions of a statement say of the tenants of the tables in it.

use super::schema::{ROW, TENANT};
use super::tokens::{Node, is_query};

/// A table where a statement reads or changes it.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) table: String,
    /// What the statement calls it.
    pub(super) name: String,
    /// The columns that must be restricted.
    pub(super) needs: Vec<&'static str>,
    /// Those that are.
    pub(super) has: Vec<&'static str>,
}

/// Where a reference stands: in which scope, and where among those of the scope.
type Place = (usize, usize);

/// A column has one of a few values in every row that a condition lets through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    /// The reference, of the innermost scope.
    pub(super) of: usize,
    pub(super) column: &'static str,
    /// The columns that the values are in; none for what is bound, or written into the statement.
    pub(super) by: Vec<(Place, String)>,
}

/// What a condition says of the references of the innermost scope. Of two alternatives holds what both say.
pub(super) fn facts(condition: &[Node], scopes: &[Vec<Reference>]) -> Vec<Fact> {
    let alternatives = parts(condition, "or");
    // A key of a whole team names no project.
    if let [absent, given] = alternatives[..]
        && let [parameter @ Node::Parameter(_), is, null] = absent
        && is.is(&["is"])
        && null.is(&["null"])
        && given.last() == Some(parameter)
    {
        let mut facts = all(given, scopes);
        facts.retain(|fact| fact.column == TENANT[1] && fact.by.is_empty());
        return facts;
    }
    let mut alternatives = alternatives.into_iter().map(|alternative| all(alternative, scopes));
    let first = alternatives.next().unwrap_or_default();
    alternatives.fold(first, |kept, other| kept.into_iter().filter(|fact| other.contains(fact)).collect())
}

/// What conditions say that all hold.
fn all(condition: &[Node], scopes: &[Vec<Reference>]) -> Vec<Fact> {
    parts(condition, "and").into_iter().flat_map(|part| comparison(part, scopes)).collect()
}

/// The parts of a condition between the words `and` or `or`. Those of a CASE, and the AND of a BETWEEN, are none.
fn parts<'a>(condition: &'a [Node], word: &str) -> Vec<&'a [Node]> {
    let (mut found, mut begin) = (Vec::new(), 0);
    let (mut cases, mut between) = (0_usize, false);
    for (index, node) in condition.iter().enumerate() {
        match node {
            node if node.is(&["case"]) => cases += 1,
            node if node.is(&["end"]) => cases = cases.saturating_sub(1),
            _ if cases > 0 => {}
            node if node.is(&["between"]) => between = true,
            node if between && node.is(&["and"]) => between = false,
            node if node.is(&[word]) => {
                found.push(&condition[begin..index]);
                begin = index + 1;
            }
            _ => {}
        }
    }
    found.push(&condition[begin..]);
    found
}

fn comparison(part: &[Node], scopes: &[Vec<Reference>]) -> Vec<Fact> {
    if let [Node::Group(inner)] = part {
        return if is_query(inner) { Vec::new() } else { facts(inner, scopes) };
    }
    let compares = |node: &Node| node.is_sign("=") || node.is_sign("==") || node.is(&["is", "in"]);
    let Some(at) = part.iter().position(compares) else { return Vec::new() };
    let (left, right) = (&part[..at], &part[at + 1..]);
    let within = part[at].is(&["in"]);
    match (left, right) {
        (_, [Node::Group(list)]) if is_query(list) => Vec::new(),
        (_, [Node::Group(list)]) if within => {
            one_of(left, list.split(|node| node.is_sign(",")), scopes).into_iter().collect()
        }
        // `(team_id, project_id) = (?1, ?2)`
        ([Node::Group(columns)], [Node::Group(values)]) => {
            let columns: Vec<_> = columns.split(|node| node.is_sign(",")).collect();
            let values: Vec<_> = values.split(|node| node.is_sign(",")).collect();
            let pairs = columns.iter().zip(&values).filter(|_| columns.len() == values.len());
            pairs.flat_map(|(column, value)| equal(column, value, scopes)).collect()
        }
        _ if within => Vec::new(),
        _ => equal(left, right, scopes),
    }
}

/// Each side of an equation may be what restricts the other.
fn equal(left: &[Node], right: &[Node], scopes: &[Vec<Reference>]) -> Vec<Fact> {
    let sides = [one_of(left, [right], scopes), one_of(right, [left], scopes)];
    sides.into_iter().flatten().collect()
}

/// What it says that a column has one of these values. Nothing, unless the column names the tenant of a reference of
/// the innermost scope, and each value is bound, written, or the same column of another reference.
fn one_of<'a>(
    column: &[Node],
    values: impl IntoIterator<Item = &'a [Node]>,
    scopes: &[Vec<Reference>],
) -> Option<Fact> {
    let (place, name) = resolve(column, scopes)?;
    let (scope, of) = place;
    if scope + 1 != scopes.len() {
        return None;
    }
    let column = *scopes[scope][of].needs.iter().find(|needed| **needed == name)?;
    let mut by = Vec::new();
    for value in values {
        match value {
            // A number of the index is nobody's by itself.
            [Node::Parameter(_) | Node::Text] if column == ROW => return None,
            [Node::Parameter(_) | Node::Text] => continue,
            // `project_id IS NULL`: what belongs to the team as a whole.
            [null] if null.is(&["null"]) => continue,
            _ => {}
        }
        let (other, of_other) = resolve(value, scopes)?;
        if other == place || (of_other != column && column != ROW) {
            return None;
        }
        by.push((other, of_other));
    }
    Some(Fact { of, column, by })
}

/// The column that these words name: of the innermost scope that knows it, where only one reference does.
fn resolve(words: &[Node], scopes: &[Vec<Reference>]) -> Option<(Place, String)> {
    // A plus keeps the planner from using an index for it, and says the same.
    let words = if words.first()?.is_sign("+") { &words[1..] } else { words };
    let (qualifier, column) = match words {
        [column] => (None, column.name()?),
        [qualifier, dot, column] if dot.is_sign(".") => (Some(qualifier.name()?), column.name()?),
        _ => return None,
    };
    for (scope, references) in scopes.iter().enumerate().rev() {
        let means = |reference: &Reference| match qualifier {
            Some(qualifier) => reference.name == qualifier,
            None => reference.needs.contains(&column),
        };
        let mut found = references.iter().enumerate().filter(|(_, reference)| means(reference));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => return Some(((scope, index), column.to_owned())),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
    }
    None
}

/// Takes from the facts which columns of the innermost scope are restricted: directly, or by others that are.
pub(super) fn settle(scopes: &mut [Vec<Reference>], facts: &[Fact]) {
    loop {
        let follows = |fact: &&Fact| {
            let known = scopes.last().is_some_and(|references| references[fact.of].has.contains(&fact.column));
            !known && fact.by.iter().all(|((scope, of), column)| restricts(&scopes[*scope][*of], column))
        };
        let Some(fact) = facts.iter().find(follows) else { return };
        if let Some(references) = scopes.last_mut() {
            references[fact.of].has.push(fact.column);
        }
    }
}

/// Whether what equals this column belongs to the tenant: the column is restricted, or, for any other, its whole row.
fn restricts(reference: &Reference, column: &str) -> bool {
    if TENANT.contains(&column) {
        return reference.has.contains(&column);
    }
    !reference.needs.is_empty() && reference.needs.iter().all(|needed| reference.has.contains(needed))
}
