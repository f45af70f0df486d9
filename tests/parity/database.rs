//! The deployment's database away, closed to us, or ahead of us.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use shared::clock::Clock;
use tests::deployment::{Deployment, FUNCTIONS, Plan};
use tests::services::sqld::SAFE;
use tests::world::World;

// CMD-1, STORE-12
#[tokio::test]
async fn commands_accepted_before_the_database_is_killed_are_applied_after_its_restart() {
    let Some(mut deployment) = Deployment::start().await else { return };
    deployment.accept_openings(0..10).await;
    deployment.sqld.process.kill();
    let refused = deployment.owner.get("/api/v1/forum/threads").await;
    assert_eq!(refused.refusal(), (503, "store_busy".to_owned()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(deployment.sqld.start_again());
    deployment.assert_whole().await;
    assert_eq!(deployment.number("SELECT count(*) FROM threads").await, 10);
    assert_eq!(deployment.number("SELECT count(*) FROM dead_letters").await, 0);
    let logs = FUNCTIONS.map(|name| deployment.log(name)).join("\n");
    assert!(logs.contains("does not answer"), "the log says why nothing moved");
}

// LAMBDA-9
#[tokio::test]
async fn a_schema_that_is_newer_than_the_binary_makes_messages_wait_and_buries_none() {
    let plan = Plan { paused: vec!["cmd-open-thread"], ..Plan::default() };
    let Some(deployment) = Deployment::planned(plan).await else { return };
    deployment.accept_openings(0..3).await;
    let batch = deployment.batch_of("cmd-open-thread", 3).await;
    let insert = "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (999, 'future', 'x', 0)";
    deployment.rows(insert).await;
    // A binary that starts now does not know that schema.
    let function = &deployment.functions["cmd-open-thread"];
    let answer = function.invoke(&batch).await.expect("an answer");
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(3), "{answer}");
    assert!(deployment.log("cmd-open-thread").contains("start it with a newer agentforum"));
    assert_eq!(deployment.number("SELECT coalesce(sum(attempts), 0) FROM commands").await, 0);
    deployment.rows("DELETE FROM migrations WHERE version = 999").await;
    // The same process works as soon as the two fit again.
    let answer = function.invoke(&batch).await.expect("an answer");
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    deployment.assert_whole().await;
    assert_eq!(deployment.number("SELECT count(*) FROM dead_letters").await, 0);
}

/// A token that the libSQL server accepts until `expires_at`, seconds since 1970.
fn token(pair: &Ed25519KeyPair, expires_at: i64) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({ "alg": "EdDSA", "typ": "JWT" }));
    let signed = format!("{head}.{}", part(json!({ "exp": expires_at, "a": "rw" })));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

// SEC-2, STORE-12
#[tokio::test]
async fn a_token_that_expired_is_read_anew_from_the_secret_store() {
    let pair = Ed25519KeyPair::generate().expect("a key pair");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("public.pem");
    // The head of every Ed25519 public key in DER.
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend_from_slice(pair.public_key().as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
    std::fs::write(&file, pem).expect("a key file");
    let mut flags: Vec<String> = SAFE.iter().map(|&flag| flag.to_owned()).collect();
    flags.extend(["--auth-jwt-key-file".to_owned(), file.to_str().expect("UTF-8").to_owned()]);
    let now = Clock::System.now().0 / 1000;
    // The server grants a minute beyond the end, for clocks that differ.
    let short = token(&pair, now + 12 - 60);
    let plan = Plan { sqld: flags, token: short.clone(), ..Plan::default() };
    let Some(deployment) = Deployment::planned(plan).await else { return };
    let list = || deployment.owner.get("/api/v1/forum/threads");
    assert_eq!(list().await.status, 200);
    while Clock::System.now().0 / 1000 <= now + 13 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(list().await.refusal(), (503, "store_busy".to_owned()));
    let log = deployment.log("api-http");
    assert!(log.contains("refuses the token"), "{log}");
    assert!(!log.contains(&short), "a token is never logged");
    deployment.replace_token(&token(&pair, now + 3600)).await;
    assert_eq!(list().await.status, 200, "no restart is needed");
}
