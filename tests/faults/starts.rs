//! Settings of Redis with which nothing starts, each named.

use tests::system::{Setup, refused, refused_with};

// LIFECYCLE-13
#[tokio::test]
async fn a_container_without_an_engine_is_refused_with_a_way_out() {
    let setup = Setup::running();
    let database = setup.database();
    let flags = ["--addr", "127.0.0.1:0", "--redis-url", "container"];
    let ended = refused_with(&database, &flags, &[("DOCKER_HOST", "tcp://127.0.0.1:9")]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("no Docker engine starts redis:7"), "{}", ended.stderr);
}

// TRANSPORT-4
#[tokio::test]
async fn an_empty_redis_setting_refuses_to_start_naming_its_key() {
    let setup = Setup::running();
    let database = setup.database();
    for (flag, key) in [
        ("--redis-url", "redis.url"),
        ("--redis-stream", "redis.stream"),
        ("--redis-group", "redis.group"),
        ("--redis-consumer", "redis.consumer"),
    ] {
        let ended = refused(&database, &["--transport", "redis", flag, ""]).await;
        assert_eq!(ended.code, Some(2), "{flag}: {}", ended.stderr);
        assert!(ended.stderr.contains(key), "{flag}: {}", ended.stderr);
    }
}
