//! Aligned columns for people.

use super::output::Output;

/// A table with a heading; columns are as wide as they need to be.
pub(super) fn render(output: &Output, heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|title| (*title).to_owned()).collect();
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| {
            let cells = rows.iter().chain([&heading]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = output.strong(&aligned(&heading, &widths));
    text.push('\n');
    for row in rows {
        text.push_str(&aligned(row, &widths));
        text.push('\n');
    }
    text
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() {
        let output = Output::new(false, true, ColorChoice::Never, false);
        let rows = [vec!["a".to_owned(), "größer".to_owned(), "x".to_owned()], vec!["bbb".to_owned(), "c".to_owned()]];
        assert_eq!(render(&output, &["ID", "SIZE", "Z"], &rows), "ID   SIZE    Z\na    größer  x\nbbb  c\n");
    }
}
