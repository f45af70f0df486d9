//! The setting that was probably meant by a misspelt name.

/// The candidate fewest edits away from `given`, if so few that a slip is likely: a third of its length, at most three.
pub(super) fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().count() / 3).min(3);
    candidates
        .map(|candidate| (edits(given, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, in characters, keeping one row of the matrix.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest};

    #[test]
    fn edits_counts_insertions_removals_and_replacements() {
        assert_eq!(edits("lease", "lease"), 0);
        assert_eq!(edits("leese", "lease"), 1);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
    }

    #[test]
    fn a_slip_finds_its_key_and_a_stranger_finds_none() {
        let keys = ["outbox.lease", "outbox.backoff", "addr"];
        assert_eq!(nearest("outbox.leese", keys.into_iter()), Some("outbox.lease"));
        assert_eq!(nearest("outbox-lease", keys.into_iter()), Some("outbox.lease"));
        assert_eq!(nearest("adr", keys.into_iter()), Some("addr"));
        assert_eq!(nearest("redis.url", keys.into_iter()), None);
    }
}
