//! What somebody searches for, as words: whatever they type is data, never syntax.

/// Most words that count.
const WORDS_MAX: usize = 12;
/// Longest word that counts, in characters.
const WORD_LENGTH_MAX: usize = 64;

/// The words of a search; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// Which documents a query finds. A word is meant by its number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Having<'a> {
    /// Those with every word.
    Every,
    /// Those with every word, and this one in the title.
    EveryAndInTitle(usize),
    /// Those with at least one of these words.
    Any(&'a [usize]),
    /// Those with this word in the title.
    InTitle(usize),
}

impl Words {
    /// The words of `text`: what stands between white space and holds a letter or a digit, the first twelve. `None`
    /// when there is none.
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

    /// One after the other.
    pub(super) fn each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The query of a full-text index with the columns `scope`, `title` and `body`: documents of one of these scopes,
    /// if any is given.
    pub(super) fn query(&self, scopes: &[String], having: Having<'_>) -> String {
        let every = || format!("{{title body}} : ({})", joined(self.each(), " AND "));
        let some = |words: &[usize]| {
            let words = words.iter().filter_map(|word| self.0.get(*word));
            joined(words.map(String::as_str), " OR ")
        };
        let query = match having {
            Having::Every => every(),
            Having::EveryAndInTitle(word) => format!("{} AND title : ({})", every(), some(&[word])),
            Having::Any(words) => format!("{{title body}} : ({})", some(words)),
            Having::InTitle(word) => format!("title : ({})", some(&[word])),
        };
        if scopes.is_empty() {
            return query;
        }
        format!("scope : ({}) AND {query}", joined(scopes.iter().map(String::as_str), " OR "))
    }
}

/// Strings of the index's query language, with an operator between them. Nothing in a string is syntax.
fn joined<'a>(words: impl Iterator<Item = &'a str>, operator: &str) -> String {
    let quoted: Vec<_> = words.map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    quoted.join(operator)
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-19, MEMORY-24
    #[test]
    fn words_are_quoted_and_bounded_and_punctuation_alone_is_no_word() {
        assert_eq!(Words::of("  \"*\" -- ( ) : "), None);
        let words = Words::of("say \"hi\" NEAR( a* \0col:x").expect("words");
        let every = "{title body} : (\"say\" AND \"\"\"hi\"\"\" AND \"NEAR(\" AND \"a*\" AND \"col:x\")";
        assert_eq!(words.query(&[], Having::Every), every);
        assert_eq!(words.query(&["s0".to_owned()], Having::Every), format!("scope : (\"s0\") AND {every}"));
        assert_eq!(words.query(&[], Having::EveryAndInTitle(3)), format!("{every} AND title : (\"a*\")"));
        assert_eq!(words.query(&[], Having::Any(&[1, 4])), "{title body} : (\"\"\"hi\"\"\" OR \"col:x\")");
        let scopes = ["s0".to_owned(), "s1".to_owned()];
        assert_eq!(words.query(&scopes, Having::InTitle(0)), "scope : (\"s0\" OR \"s1\") AND title : (\"say\")");
        assert_eq!(Words::of(&"x ".repeat(100)).map(|words| words.count()), Some(WORDS_MAX));
    }
}
