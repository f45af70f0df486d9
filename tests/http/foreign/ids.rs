//! What stands for ids in the table of endpoints.

use std::collections::BTreeMap;

use serde_json::Value;

/// Short words that stand in many texts: none of them gives anything away.
const WORDS: [&str; 5] = ["kind", "name", "own_team_id", "project_id", "team_id"];

/// Ids by the names that paths, queries and bodies have for them, in braces.
#[derive(Clone, Debug)]
pub(super) struct Ids(BTreeMap<&'static str, String>);

impl Ids {
    /// These.
    pub(super) fn of<T: Into<String>, const N: usize>(ids: [(&'static str, T); N]) -> Self {
        Self(ids.into_iter().map(|(name, id)| (name, id.into())).collect())
    }

    /// The same but for one.
    pub(super) fn with(&self, name: &'static str, id: &str) -> Self {
        let mut ids = self.clone();
        ids.0.insert(name, id.to_owned());
        ids
    }

    /// The text with the ids in it.
    pub(super) fn fill(&self, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id));
        assert!(!filled.contains('{'), "there is no id for a name in {filled}");
        filled
    }

    /// The document with the ids in its texts.
    pub(super) fn fill_all(&self, document: &Value) -> Value {
        match document {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.fill_all(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Those that stand in no text by chance.
    pub(super) fn distinct(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, id)| (*name, id.as_str())).filter(|(name, _)| !WORDS.contains(name))
    }

    /// The text with names instead of the ids.
    pub(super) fn hide(&self, text: &str) -> String {
        self.distinct().fold(text.to_owned(), |text, (name, id)| text.replace(id, name))
    }
}
