//! Who may do what: SQL, the environment, Lambda, SQS, time and randomness each have one place.

use crate::expect_nothing;
use crate::sources::{Source, production};

/// Lines of production code outside `places` that contain one of `words`.
fn outside(places: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in production().iter().filter(|source| !within(source, places)) {
        for (index, line) in source.code().iter().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}: {}", source.at(index + 1), line.trim()));
            }
        }
    }
    found
}

fn within(source: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| source.path == format!("{place}.rs") || source.path.starts_with(&format!("{place}/")))
}

/// Whether a text is a statement for a database.
pub(crate) fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let follows = |one: &str, two: &[&str]| {
        words.windows(2).any(|pair| pair[0] == one && (two.is_empty() || two.contains(&pair[1])))
    };
    let table =
        text.contains(" FROM ") || text.contains("\nFROM ") || text.contains(" SET ") || text.contains("\nSET ");
    follows("INSERT", &["INTO", "OR"])
        || follows("DELETE", &["FROM"])
        || follows("CREATE", &["TABLE", "INDEX", "TRIGGER", "VIEW", "UNIQUE"])
        || follows("BEGIN", &["IMMEDIATE", "EXCLUSIVE"])
        || (words.contains(&"UPDATE") && table)
        || (words.contains(&"SELECT") && (table || follows("SELECT", &[])))
        || follows("PRAGMA", &[])
}

#[test]
fn sql_is_told_from_prose() {
    for sql in
        ["SELECT 1", "INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "DELETE FROM a", "PRAGMA x", "BEGIN IMMEDIATE"]
    {
        assert!(is_sql(sql), "{sql}");
    }
    for prose in ["DELETE", "UPDATED", "select one", "Updates from a server", "an UPDATE is refused"] {
        assert!(!is_sql(prose), "{prose}");
    }
}

#[test]
fn only_the_store_contains_sql() {
    let mut found = Vec::new();
    for source in production().iter().filter(|source| !within(source, &["shared/src/store"])) {
        for literal in source.literals().iter().filter(|literal| is_sql(&literal.text)) {
            found.push(format!("{}: {:?}", source.at(literal.line), literal.text));
        }
    }
    expect_nothing("only `store` contains SQL", &found);
}

#[test]
fn only_the_store_names_the_database_library() {
    expect_nothing("only `store` names libsql", &outside(&["shared/src/store"], &["libsql::", "use libsql"]));
}

#[test]
fn only_config_reads_the_environment() {
    let words = ["env::var", "env::vars", "env::set_var", "env::remove_var"];
    expect_nothing("only `config` reads the environment", &outside(&["shared/src/config"], &words));
}

#[test]
fn only_lambda_names_the_platform() {
    // A function's `main.rs` returns the runtime's error, and says nothing else of it.
    let mains =
        |line: &String| line.contains("/src/main.rs:") && line.ends_with("-> Result<(), lambda_runtime::Error> {");
    let words = ["lambda_runtime", "aws_lambda_events", "lambda_http"];
    let mut found = outside(&["shared/src/lambda"], &words);
    found.retain(|line| !mains(line));
    expect_nothing("only `lambda` names AWS Lambda", &found);
}

#[test]
fn only_its_transport_names_a_queue_service() {
    expect_nothing("only `transport::sqs` names SQS", &outside(&["shared/src/transport/sqs"], &["aws_sdk_sqs"]));
    expect_nothing(
        "only `secrets` names the secret store",
        &outside(&["shared/src/secrets"], &["aws_sdk_secretsmanager"]),
    );
    expect_nothing(
        "only `store::remote` names its protocol",
        &outside(&["shared/src/store/remote"], &["libsql_hrana"]),
    );
    expect_nothing(
        "only `transport::redis` names Redis",
        &outside(&["shared/src/transport/redis"], &["redis::cmd", "redis::pipe", "redis::Client", "redis::aio"]),
    );
}

#[test]
fn time_ids_and_randomness_come_from_the_context() {
    let words = ["SystemTime::now", "Instant::now", "Timestamp::now", "Uuid::new_v4", "Uuid::now_v7", "rand::rng()"];
    expect_nothing("only `clock` and `id` make time and ids", &outside(&["shared/src/clock", "shared/src/id"], &words));
}

#[test]
fn a_line_of_output_comes_from_the_command_line_only() {
    let words = ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("];
    // `lambda` tells a person who started a function by hand, before there is a log.
    expect_nothing("libraries log, they do not print", &outside(&["harness/src", "shared/src/lambda"], &words));
}
