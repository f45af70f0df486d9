//! What stands around the words of a search in a text whose index has no texts.

use crate::store::words::Words;

/// Most characters of an excerpt.
const LENGTH: usize = 200;
/// Of these, before the first word that fits.
const BEFORE: usize = 60;
/// Of a word this many letters count at least, and all but its last ones: these change with its form.
const STEM_MIN: usize = 3;
const ENDING: usize = 3;

/// Any white space as single spaces.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in `text` around the first word that begins like one of `words`; the beginning if none does.
pub(super) fn excerpt(text: &str, words: &Words) -> String {
    let letters: Vec<char> = one_line(text).chars().collect();
    if letters.len() <= LENGTH {
        return letters.into_iter().collect();
    }
    let fits = first_fit(&letters, &stems(words)).unwrap_or(0);
    let is_space = |letter: &char| *letter == ' ';
    let word_after = |from: usize| letters[from..].iter().position(is_space).map(|space| from + space + 1);
    // A word that is cut in two says little; one that is longer than all that may stand before is cut all the same.
    let begin = match fits.saturating_sub(BEFORE) {
        0 => 0,
        begin => word_after(begin).filter(|begin| *begin <= fits).unwrap_or(begin),
    };
    let room = LENGTH - 1 - usize::from(begin > 0);
    let end = letters.len().min(begin + room);
    let end = if end == letters.len() {
        end
    } else {
        let space = letters[begin..=end].iter().rposition(is_space).map(|space| begin + space);
        space.filter(|space| *space > fits).unwrap_or(end)
    };
    let mut excerpt: String = letters[begin..end].iter().collect();
    if begin > 0 {
        excerpt.insert(0, '…');
    }
    if end < letters.len() {
        excerpt.push('…');
    }
    excerpt
}

/// What words that fit begin with, in small letters.
fn stems(words: &Words) -> Vec<Vec<char>> {
    let parts = words.each().flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric()));
    let stem = |part: &str| -> Vec<char> {
        let letters: Vec<char> = part.to_lowercase().chars().collect();
        let length = letters.len().saturating_sub(ENDING).max(STEM_MIN);
        letters.into_iter().take(length).collect()
    };
    parts.filter(|part| !part.is_empty()).map(stem).collect()
}

/// Where the first word stands that begins with a stem.
fn first_fit(letters: &[char], stems: &[Vec<char>]) -> Option<usize> {
    let begins = |at: &usize| letters[*at].is_alphanumeric() && (*at == 0 || !letters[at - 1].is_alphanumeric());
    let fits = |at: &usize| {
        let word = || letters[*at..].iter().flat_map(|letter| letter.to_lowercase());
        stems.iter().any(|stem| word().take(stem.len()).eq(stem.iter().copied()))
    };
    (0..letters.len()).filter(begins).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, words: &str) -> String {
        excerpt(text, &Words::of(words).expect("words"))
    }

    // MEMORY-24
    #[test]
    fn a_short_text_is_its_own_excerpt() {
        assert_eq!(of(" two\nlines\t here ", "lines"), "two lines here");
        assert_eq!(of("", "lines"), "");
    }

    // MEMORY-24
    #[test]
    fn an_excerpt_begins_before_the_first_word_that_fits_and_ends_with_a_word() {
        let text = format!("{} the MIGRATION ran {}", "before ".repeat(60), "after ".repeat(60));
        let found = of(&text, "\"migrations\"");
        assert!(found.starts_with("…before ") && found.ends_with("after…"), "{found}");
        assert!(found.contains("before the MIGRATION ran after"), "{found}");
        assert!((180..=LENGTH).contains(&found.chars().count()), "{found}");
        let elsewhere = of(&text, "unicorn");
        assert!(elsewhere.starts_with("before before") && elsewhere.ends_with("before…"), "{elsewhere}");
        let at_the_end = of(&format!("{}last", "before ".repeat(60)), "last");
        assert!(at_the_end.starts_with('…') && at_the_end.ends_with(" last"), "{at_the_end}");
    }

    // MEMORY-24
    #[test]
    fn letters_of_many_bytes_are_never_cut() {
        for text in ["日本語".repeat(200), "🦀 ".repeat(300), "ß".repeat(500)] {
            let found = of(&text, "x語 crab");
            assert!(found.chars().count() <= LENGTH, "{found}");
        }
    }
}
