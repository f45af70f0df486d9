//! SQL as words, with what stands in parentheses as one of them.

/// A word of a statement, or a pair of parentheses with what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A keyword or a name, in lower case.
    Word(String),
    /// A name in quotes: never a keyword.
    Quoted(String),
    /// A text; what it says does not matter.
    Text,
    /// `?1`.
    Parameter(String),
    /// Anything else.
    Sign(String),
    /// `( .. )`
    Group(Vec<Node>),
}

/// Signs that belong together where they stand side by side: `<=` is not an `=`.
const OPERATORS: &str = "<>=!|-";

impl Node {
    /// Whether it is one of these keywords.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if words.contains(&word.as_str()))
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(found) if found == sign)
    }

    /// The name that it is, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

/// The words of a script. Comments are left out.
pub(super) fn nodes(sql: &str) -> Vec<Node> {
    let mut open = vec![Vec::new()];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (taken, after) = rest.split_at(length(rest, first));
        rest = after;
        match first {
            '(' => open.push(Vec::new()),
            ')' => close(&mut open),
            first => {
                if let (Some(node), Some(group)) = (node(first, taken), open.last_mut()) {
                    group.push(node);
                }
            }
        }
    }
    // A text that is put together with another may leave some open.
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().unwrap_or_default()
}

/// Puts the innermost open group into the one around it.
fn close(open: &mut Vec<Vec<Node>>) {
    let Some(group) = open.pop() else { return };
    match open.last_mut() {
        Some(outer) => outer.push(Node::Group(group)),
        None => open.push(group),
    }
}

/// How long the word is that begins here.
fn length(rest: &str, first: char) -> usize {
    let until = |end: Option<usize>| end.unwrap_or(rest.len());
    match first {
        '-' if rest.starts_with("--") => until(rest.find('\n')),
        '\'' | '"' => quoted(rest, first),
        '?' => until(rest[1..].find(|c: char| !c.is_ascii_digit()).map(|end| end + 1)),
        first if is_of_word(first) => until(rest.find(|c: char| !is_of_word(c))),
        first if OPERATORS.contains(first) => until(rest.find(|c: char| !OPERATORS.contains(c))),
        other => other.len_utf8(),
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the text or name in quotes is that begins here. Two quotes inside are one.
fn quoted(rest: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(index) = rest[from..].find(quote) {
        let end = from + index + 1;
        if !rest[end..].starts_with(quote) {
            return end;
        }
        from = end + 1;
    }
    rest.len()
}

fn node(first: char, taken: &str) -> Option<Node> {
    match first {
        first if first.is_whitespace() || taken.starts_with("--") => None,
        '\'' => Some(Node::Text),
        '"' => Some(Node::Quoted(taken.trim_matches('"').to_lowercase())),
        '?' => Some(Node::Parameter(taken.to_owned())),
        first if is_of_word(first) => Some(Node::Word(taken.to_lowercase())),
        _ => Some(Node::Sign(taken.to_owned())),
    }
}

/// Where the first of these keywords stands; the end if none does.
pub(super) fn place(nodes: &[Node], words: &[&str]) -> usize {
    nodes.iter().position(|node| node.is(words)).unwrap_or(nodes.len())
}

/// Whether a group is a query of its own.
pub(super) fn is_query(group: &[Node]) -> bool {
    group.first().is_some_and(|first| first.is(&["select", "values", "with"]))
}

/// The words between `word` and the next clause.
pub(super) fn clause<'a>(nodes: &'a [Node], word: &str) -> &'a [Node] {
    const NEXT: [&str; 8] = ["where", "group", "having", "order", "limit", "window", "set", "returning"];
    let rest = nodes.get(place(nodes, &[word]) + 1..).unwrap_or_default();
    &rest[..place(rest, &NEXT)]
}

#[test]
fn comments_texts_and_operators_are_told_apart() {
    let word = |word: &str| Node::Word(word.to_owned());
    let sign = |sign: &str| Node::Sign(sign.to_owned());
    let sql = "SELECT a -- FROM (b)\nFROM \"Order\" WHERE x <= ?12 AND y = 'it''s (' AND z ->> 0 IN (1, (2))";
    let expected = [
        word("select"),
        word("a"),
        word("from"),
        Node::Quoted("order".to_owned()),
        word("where"),
        word("x"),
        sign("<="),
        Node::Parameter("?12".to_owned()),
        word("and"),
        word("y"),
        sign("="),
        Node::Text,
        word("and"),
        word("z"),
        sign("->>"),
        word("0"),
        word("in"),
        Node::Group(vec![word("1"), sign(","), Node::Group(vec![word("2")])]),
    ];
    assert_eq!(nodes(sql), expected);
    assert_eq!(nodes("a ) b ( c"), [word("a"), word("b"), Node::Group(vec![word("c")])]);
    assert_eq!(clause(&nodes("DELETE FROM a WHERE b = 1 RETURNING c"), "where").len(), 3);
    assert!(clause(&nodes("SELECT 1"), "from").is_empty());
}
