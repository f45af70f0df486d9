//! How every endpoint is called, and how it has to do with tenants.

mod reads;
mod writes;

use reqwest::Method;
use serde_json::{Value, json};

/// How an endpoint has to do with tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is about a thing: for strangers that is as one which nobody has.
    Thing,
    /// It shows what is within reach.
    List,
    /// It makes something of the caller's own, whatever is said of foreign things.
    Own,
    /// Strangers are refused with one of these codes.
    Refused(&'static [&'static str]),
    /// It is of no tenant, for this reason: nothing of any is told.
    Nobodys(&'static str),
    /// It is called elsewhere, for this reason.
    Elsewhere(&'static str),
}

/// One call of an endpoint. Names in braces stand for ids.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Method and path as the interface describes them.
    pub(super) operation: &'static str,
    /// How it has to do with tenants.
    pub(super) way: Way,
    /// Path and query.
    pub(super) path: String,
    /// Body; null for none.
    pub(super) body: Value,
    /// Whether body and query may say for which tenant it is.
    pub(super) claims: bool,
}

/// All of them.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = reads::rows();
    rows.extend(writes::rows());
    rows
}

/// The path with one more parameter.
pub(super) fn joined(path: &str, parameter: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{parameter}")
}

impl Row {
    fn new(operation: &'static str, way: Way) -> Self {
        let (_, path) = operation.split_once(' ').expect("a method and a path");
        Self { operation, way, path: path.to_owned(), body: Value::Null, claims: false }
    }

    fn thing(operation: &'static str) -> Self {
        Self::new(operation, Way::Thing)
    }

    fn list(operation: &'static str) -> Self {
        Self::new(operation, Way::List)
    }

    fn own(operation: &'static str) -> Self {
        Self::new(operation, Way::Own)
    }

    fn nobodys(operation: &'static str, reason: &'static str) -> Self {
        Self::new(operation, Way::Nobodys(reason))
    }

    /// The same at a path that mentions other ids.
    fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    fn query(mut self, parameter: &str) -> Self {
        self.path = joined(&self.path, parameter);
        self
    }

    fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// The same with this body, which may also say for which tenant it is.
    fn claiming(self, body: Value) -> Self {
        Self { body, claims: true, ..self }
    }

    /// Its method.
    pub(super) fn method(&self) -> Method {
        let (method, _) = self.operation.split_once(' ').expect("a method and a path");
        method.parse().expect("a method")
    }

    /// Whether it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.way == Way::List || self.method() == Method::GET
    }

    /// Whether it mentions a project.
    pub(super) fn names_project(&self) -> bool {
        self.path.contains("{project_id}") || self.body.to_string().contains("{project_id}")
    }

    /// The same by somebody who says in which project to look; none if it mentions one anyway.
    pub(super) fn naming_project(&self) -> Option<Self> {
        if self.names_project() {
            return None;
        }
        let mut row = self.clone();
        if self.way == Way::List && self.body.is_object() {
            row.body["project_id"] = json!("{project_id}");
        } else {
            row.path = joined(&self.path, "project_id={project_id}");
        }
        Some(row)
    }

    /// The calls that say they are for another tenant.
    pub(super) fn claimed(&self, field: &str, value: &str) -> Vec<Self> {
        let mut in_body = self.clone();
        in_body.body[field] = json!(value);
        let in_query = Self { path: joined(&self.path, &format!("{field}={value}")), ..self.clone() };
        // The team follows from the key: a query has no word for it.
        if field == "project_id" { vec![in_body, in_query] } else { vec![in_body] }
    }
}
