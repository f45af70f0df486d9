//! What somebody searches for, as words: whatever they type is data, never syntax.

/// Most words that count.
const WORDS_MAX: usize = 12;
/// Longest word that counts, in characters.
const WORD_LENGTH_MAX: usize = 64;

/// The words of a search; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of `text`: what stands between white space and holds a letter or a digit, the first twelve. `None` when
    /// there is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let spoken = |word: &&str| word.chars().any(char::is_alphanumeric);
        let clean = |word: &str| -> String {
            word.chars().filter(|letter| !letter.is_control()).take(WORD_LENGTH_MAX).collect()
        };
        let words: Vec<_> = text.split_whitespace().filter(spoken).take(WORDS_MAX).map(clean).collect();
        let words: Vec<_> = words.into_iter().filter(|word| spoken(&word.as_str())).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The query of the full-text index: documents in which every word stands, in title or body, of this scope if one is
    /// given; `in_title` is the number of the word that must stand in the title.
    pub(super) fn query(&self, scope: Option<&str>, in_title: Option<usize>) -> String {
        let all: Vec<_> = self.0.iter().map(|word| quoted(word)).collect();
        let all = all.join(" AND ");
        let title = in_title.and_then(|index| self.0.get(index));
        let title = title.map(|word| format!(" AND title : {}", quoted(word))).unwrap_or_default();
        let scope = scope.map(|scope| format!("scope : {} AND ", quoted(scope))).unwrap_or_default();
        format!("{scope}{{title body}} : ({all}){title}")
    }
}

/// A string of the index's query language: nothing in it is syntax.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-19
    #[test]
    fn words_are_quoted_and_bounded_and_punctuation_alone_is_no_word() {
        assert_eq!(Words::of("  \"*\" -- ( ) : "), None);
        let words = Words::of("say \"hi\" NEAR( a* \0col:x").expect("words");
        let expected =
            "scope : \"s0\" AND {title body} : (\"say\" AND \"\"\"hi\"\"\" AND \"NEAR(\" AND \"a*\" AND \"col:x\")";
        assert_eq!(words.query(Some("s0"), None), expected);
        assert!(words.query(None, Some(3)).ends_with(" AND title : \"a*\""));
        assert_eq!(Words::of(&"x ".repeat(100)).map(|words| words.count()), Some(WORDS_MAX));
    }
}
