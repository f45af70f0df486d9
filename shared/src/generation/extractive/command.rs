//! What a command line is for: looking around, testing, checking, committing, or changing something.

use super::text::{clean, is_among, line};

/// Characters of a command line that are shown.
const SHOWN_MAX: usize = 120;
/// Bytes of a command line that are looked at.
const READ_MAX: usize = 4_000;

/// What a command is for, the most telling last: of a line of several, that one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// It only looks: nothing to remember.
    Look,
    /// Anything else.
    Other,
    /// It changes something outside of the files that are edited: packages, databases, deployments.
    Change,
    /// It builds, lints or checks types.
    Check,
    /// It commits.
    Commit,
    /// It runs tests.
    Test,
}

/// A command line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// What it is for.
    pub(super) purpose: Purpose,
    /// The telling one of its commands, in one line.
    pub(super) shown: String,
    /// What makes two commands runs of the same thing, such as `cargo` for all ways to test with it.
    pub(super) family: String,
    /// What it is about beside that: names of tests, of packages.
    pub(super) aims: Vec<String>,
    /// The first line of the message of a commit.
    pub(super) message: Option<String>,
}

/// Words of one command, without quotes.
type Words = Vec<String>;

/// Understands a command line. One that says nothing only looks.
pub(super) fn understand(text: &str) -> Command {
    let mut telling = Command {
        purpose: Purpose::Look,
        shown: line(text, SHOWN_MAX),
        family: String::new(),
        aims: Vec::new(),
        message: None,
    };
    for words in commands(text) {
        let words = without_wrappers(&words);
        let Some((program, rest)) = words.split_first() else { continue };
        let program = program.rsplit('/').next().unwrap_or(program);
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        // Where the output goes is not part of what runs.
        let is_run = |word: &&String| !word.contains('>');
        let (purpose, family) = judge(program, &rest);
        if purpose > telling.purpose {
            let shown: Vec<&str> = words.iter().take_while(is_run).map(String::as_str).collect();
            let aims = shown.iter().skip(1).filter(|word| !word.starts_with('-') && !is_verb(word));
            telling = Command {
                purpose,
                shown: line(&shown.join(" "), SHOWN_MAX),
                family: family.unwrap_or_else(|| format!("{program} {}", verb(&rest))),
                aims: aims.map(|word| (*word).to_owned()).collect(),
                message: (purpose == Purpose::Commit).then(|| message(text, &rest)).flatten(),
            };
        }
    }
    telling
}

/// The commands of a line with the words of each: quotes hold together what is within, the rest of a document that is
/// written into a command is none.
fn commands(text: &str) -> Vec<Words> {
    let mut text = text.char_indices().nth(READ_MAX).map_or(text, |(at, _)| &text[..at]);
    if let Some(document) = text.find("<<") {
        let end = text[document..].find('\n').map_or(text.len(), |at| document + at);
        text = &text[..end];
    }
    let (mut found, mut words, mut word) = (Vec::new(), Words::new(), String::new());
    let (mut quote, mut previous) = (None, ' ');
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.push(c),
            (None, '"' | '\'') => quote = Some(c),
            // `2>&1` is one word.
            (None, '&') if previous == '>' => word.push(c),
            (None, '\n') if previous == '\\' => end_word(&mut words, &mut word),
            (None, ';' | '|' | '&' | '\n' | '(' | ')') => {
                end_word(&mut words, &mut word);
                if !words.is_empty() {
                    found.push(std::mem::take(&mut words));
                }
            }
            (None, c) if c.is_whitespace() || c == '\\' => end_word(&mut words, &mut word),
            (None, c) => word.push(c),
        }
        previous = c;
    }
    end_word(&mut words, &mut word);
    found.push(words);
    found
}

fn end_word(words: &mut Words, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// The command behind what only says how it runs.
fn without_wrappers(words: &[String]) -> &[String] {
    let mut words = words;
    loop {
        let (Some(first), second) = (words.first(), words.get(1).map_or("", String::as_str)) else { return words };
        let skipped = match (first.as_str(), second) {
            ("timeout", _) | ("uv" | "poetry" | "pipenv" | "hatch" | "rye", "run") | ("bundle" | "pnpm", "exec") => 2,
            (
                "sudo" | "time" | "env" | "nohup" | "exec" | "command" | "npx" | "bunx" | "xvfb-run" | "then" | "do"
                | "if" | "!" | "else" | "{" | "}",
                _,
            ) => 1,
            (first, _) if is_assignment(first) => 1,
            _ => return words,
        };
        words = words.get(skipped..).unwrap_or_default();
    }
}

/// Such as `RUST_LOG=debug`.
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn verb<'a>(words: &[&'a str]) -> &'a str {
    words.iter().find(|word| !word.starts_with(['-', '+'])).copied().unwrap_or_default()
}

/// Whether a word says what is done, rather than to what.
fn is_verb(word: &str) -> bool {
    is_among(word, "test|tests|t|run|nextest|check|build|clippy|lint|pytest|unittest") || word.starts_with('+')
}

fn is_test_word(word: &str) -> bool {
    is_among(word, "test|tests|t") || word.starts_with("test:") || word.starts_with("tests:")
}

fn is_check_word(word: &str) -> bool {
    is_among(word, "build|lint|check|typecheck|type-check|compile|tsc|vet|validate|clippy")
        || ["lint:", "build:", "check:"].iter().any(|script| word.starts_with(script))
}

/// What a program with these words is for, and its family if it has one.
fn judge(program: &str, words: &[&str]) -> (Purpose, Option<String>) {
    let of = |purpose, family: &str| (purpose, Some(family.to_owned()));
    let verb = verb(words);
    match program {
        "cargo" => match verb {
            "test" | "nextest" | "t" | "llvm-cov" | "miri" => of(Purpose::Test, "cargo"),
            "build" | "check" | "clippy" | "b" | "c" | "doc" | "deny" | "audit" => (Purpose::Check, None),
            "add" | "remove" | "update" | "publish" => (Purpose::Change, None),
            "run" | "r" | "bench" => (Purpose::Other, None),
            _ => (Purpose::Look, None),
        },
        "pytest" | "py.test" | "tox" | "nox" => of(Purpose::Test, "python"),
        "python" | "python3" => python(words),
        "npm" | "yarn" | "pnpm" | "bun" | "deno" => script(verb, words),
        "jest" | "vitest" | "mocha" | "playwright" | "cypress" | "ava" => of(Purpose::Test, "javascript"),
        "go" => match verb {
            "test" => of(Purpose::Test, "go"),
            "build" | "vet" => (Purpose::Check, None),
            "get" | "mod" | "install" => (Purpose::Change, None),
            "run" => (Purpose::Other, None),
            _ => (Purpose::Look, None),
        },
        "make" | "just" | "task" | "gradle" | "gradlew" | "mvn" | "mvnw" | "bazel" | "dotnet" | "mix" | "rake"
        | "swift" | "sbt" | "rails" | "cmake" | "ninja" | "meson" | "zig" => built(program, words),
        "rspec" | "phpunit" | "ctest" | "bats" | "busted" => of(Purpose::Test, program),
        "tsc" | "eslint" | "ruff" | "mypy" | "pyright" | "flake8" | "pylint" | "golangci-lint" | "shellcheck"
        | "biome" | "rubocop" | "sqlfluff" | "vale" | "hadolint" | "actionlint" | "gcc" | "clang" | "rustc"
        | "javac" => (Purpose::Check, None),
        "git" => git(words),
        "gh" if words.starts_with(&["pr", "merge"]) || words.starts_with(&["release", "create"]) => {
            (Purpose::Change, None)
        }
        "gh" | "glab" => (Purpose::Look, None),
        _ => (other(program, verb), None),
    }
}

fn python(words: &[&str]) -> (Purpose, Option<String>) {
    let has = |word: &str| words.contains(&word);
    if has("pytest") || has("unittest") || (words.iter().any(|word| word.ends_with("manage.py")) && has("test")) {
        (Purpose::Test, Some("python".to_owned()))
    } else if has("mypy") || has("ruff") || has("compileall") {
        (Purpose::Check, None)
    } else if has("migrate") || has("pip") {
        (Purpose::Change, None)
    } else {
        (Purpose::Other, None)
    }
}

/// What a script of a JavaScript package is for.
fn script(verb: &str, words: &[&str]) -> (Purpose, Option<String>) {
    if words.iter().any(|word| is_test_word(word) || is_among(word, "jest|vitest|mocha|playwright|cypress")) {
        (Purpose::Test, Some("javascript".to_owned()))
    } else if let Some(word) = words.iter().find(|word| is_check_word(word) || **word == "eslint") {
        (Purpose::Check, Some(format!("script {word}")))
    } else if matches!(verb, "install" | "i" | "add" | "remove" | "uninstall" | "update" | "upgrade" | "publish") {
        // Without the name of a package it only brings back what is written down already.
        let named = words.iter().filter(|word| !word.starts_with('-')).count() > 1;
        (if named { Purpose::Change } else { Purpose::Look }, None)
    } else if matches!(verb, "ls" | "list" | "view" | "outdated" | "why" | "ci" | "") {
        (Purpose::Look, None)
    } else {
        (Purpose::Other, None)
    }
}

/// What a target of a build tool is for.
fn built(program: &str, words: &[&str]) -> (Purpose, Option<String>) {
    if words.iter().any(|word| is_test_word(word) || word.ends_with(":test") || matches!(*word, "spec" | "verify")) {
        (Purpose::Test, Some(program.to_owned()))
    } else if words.iter().any(|word| word.contains("migrate")) {
        (Purpose::Change, None)
    } else if words.is_empty() || words.iter().any(|word| is_check_word(word) || *word == "package") {
        (Purpose::Check, Some(format!("{program} {}", words.join(" "))))
    } else {
        (Purpose::Other, None)
    }
}

fn git(words: &[&str]) -> (Purpose, Option<String>) {
    if words.contains(&"commit") {
        (Purpose::Commit, None)
    } else if words.iter().any(|word| is_among(word, "merge|rebase|revert|cherry-pick|reset|tag")) && words.len() > 1 {
        (Purpose::Change, None)
    } else {
        // What is pushed was committed before.
        (Purpose::Look, None)
    }
}

/// Programs that only look, or prepare something.
const LOOKS: &str = "\
    ls|ll|cat|bat|head|tail|less|more|pwd|echo|printf|grep|rg|ag|find|fd|wc|which|whereis|type|tree|file|stat|du|df|ps|\
    top|env|printenv|whoami|hostname|uname|date|sed|awk|jq|yq|diff|cmp|sort|uniq|cut|tr|xargs|man|history|sleep|true|\
    false|cd|pushd|popd|mkdir|touch|test|xxd|clear|tee|export|source|set|done|fi|for|while|[|[[";
/// Programs that change something if told so, ..
const CHANGERS: &str = "\
    pip|pip3|uv|poetry|brew|apt|apt-get|apk|gem|bundle|composer|alembic|prisma|sqlx|diesel|flyway|terraform|tofu|\
    kubectl|helm|sam|systemctl";
/// .. by one of these words.
const CHANGES: &str = "\
    apply|install|add|upgrade|migrate|migration|up|deploy|rollout|uninstall|remove|delete|destroy|push|publish|\
    restart|scale|rollback|downgrade|create|run|exec|start|stop|enable|disable|restore|import|reset|patch";

fn other(program: &str, verb: &str) -> Purpose {
    if is_among(program, LOOKS) || program.starts_with('#') {
        Purpose::Look
    } else if is_among(program, CHANGERS) {
        if is_among(verb, CHANGES) { Purpose::Change } else { Purpose::Look }
    } else if matches!(program, "docker" | "docker-compose" | "podman") {
        if verb == "build" { Purpose::Check } else { Purpose::Look }
    } else {
        Purpose::Other
    }
}

/// The first line of a commit's message, which may be written as a document within the command.
fn message(text: &str, words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| matches!(*word, "-m" | "-am" | "-sm" | "--message"))?;
    let said = *words.get(at + 1)?;
    let said = if said.starts_with("$(cat") { text.split_once("<<")?.1.split_once('\n')?.1 } else { said };
    clean(said).lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
