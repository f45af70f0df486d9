//! One page of a list: which one is wanted, and how it is printed.

use clap::Args;
use serde::de::DeserializeOwned;
use shared::client::Document;
use shared::config::LIST_LIMIT_MAX;

use super::documents::Page;
use super::output::Output;
use super::{table, text};

/// Which page is wanted.
#[derive(Args)]
pub(super) struct Paging {
    /// Rows per page
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Go on after an earlier page
    #[arg(long)]
    cursor: Option<String>,
}

impl Paging {
    /// The parameters of the page and of a list's filters: only what was given.
    pub(super) fn query<const N: usize>(
        self,
        filters: [(&'static str, Option<String>); N],
    ) -> Vec<(&'static str, String)> {
        let page = [("limit", self.limit.map(|limit| limit.to_string())), ("cursor", self.cursor)];
        filters.into_iter().chain(page).filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Prints a page as a table, or as the server's document. `things` are what is listed.
pub(super) fn show<T: DeserializeOwned>(
    output: &Output,
    document: &Document,
    (things, heading): (&str, &[&str]),
    row: fn(&T) -> Vec<String>,
) -> anyhow::Result<()> {
    if output.json {
        output.json(&document.text)?;
        return Ok(());
    }
    let page: Page<T> = document.read()?;
    if page.items.is_empty() {
        output.note(&format!("no {things} match"));
    } else {
        Output::text(&table::render(output, heading, &page.items.iter().map(row).collect::<Vec<_>>()))?;
    }
    if let Some(cursor) = page.next_cursor {
        output.note(&format!("there are more: --cursor {}", text::line(&cursor)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_asked_for() {
        let paging = Paging { limit: Some(2), cursor: None };
        let query = paging.query([("run_id", Some("run_1".to_owned())), ("kind", None)]);
        assert_eq!(query, [("run_id", "run_1".to_owned()), ("limit", "2".to_owned())]);
    }
}
