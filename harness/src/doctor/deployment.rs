//! What a deployment needs: a libSQL server that takes writes, and queues set up as `infra/template.yaml` sets them up.

use std::time::Duration;

use shared::clock::Clock;
use shared::config::{AuthMode, Config, Database};
use shared::function::routes::subscriptions;
use shared::store::inspection::{Probe, probe};
use shared::transport::{QueueSettings, Sqs, SqsSettings, TransportError};

use super::Finding;
use crate::functions::TABLE;

/// How long SQS keeps a message that nobody finished.
const RETENTION: Duration = Duration::from_secs(4 * 24 * 60 * 60);
/// How long a dead-letter queue keeps one: long enough for people to come back from a holiday.
const DEAD_RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How often the visibility must be longer than a function may run, so that no second one gets a message meanwhile.
const VISIBILITIES: u32 = 6;

/// The server answers, knows the schema, and takes a write.
pub(super) async fn database(config: &Config) -> Vec<Finding> {
    let stopwatch = Clock::stopwatch();
    let probed = probe(config, Clock::System.now()).await;
    vec![server(&config.db, &probed, stopwatch.elapsed()), access(config)]
}

fn server(address: &Database, probed: &Probe, took: Duration) -> Finding {
    const CHECK: &str = "database";
    match probed {
        Probe::Silent(error) => Finding::failed(
            CHECK,
            error.clone(),
            "check db, store.token and store.token_secret, and that the libSQL server runs",
        ),
        Probe::Foreign(error) => {
            Finding::failed(CHECK, error.clone(), "use the agentforum that the message names, or another db")
        }
        Probe::ReadOnly(error) => Finding::failed(
            CHECK,
            format!("{address} answers reads and takes no write: {error}"),
            "restart the libSQL server, with --checkpoint-interval-s 10: without it its queue of writers can get stuck for ever",
        ),
        Probe::Works => {
            Finding::ok(CHECK, format!("{address} takes a write; reading and writing took {} ms", took.as_millis()))
        }
    }
}

/// Whoever can reach a deployment must have a key.
fn access(config: &Config) -> Finding {
    const CHECK: &str = "access";
    match (config.auth.mode, &config.store.token.secret, &config.store.token.text) {
        (AuthMode::Local, ..) => Finding::warning(
            CHECK,
            "auth.mode is local: whoever reads the key file of this machine owns the server's database",
            "set auth.mode to keys before others use it",
        ),
        (_, None, Some(_)) => Finding::warning(
            CHECK,
            "the database's token is in this process's settings",
            "keep it in AWS Secrets Manager and set store.token_secret; deployed functions take no other",
        ),
        (_, None, None) => Finding::warning(
            CHECK,
            "the database takes everybody who can reach it",
            "give the libSQL server a key (--auth-jwt-key-file) and set store.token_secret",
        ),
        (AuthMode::Keys, Some(_), _) => Finding::ok(CHECK, "API keys, and a token from the secret store"),
    }
}

/// Every queue is there and set up so that nothing is lost.
pub(super) async fn queues(config: &Config) -> Vec<Finding> {
    let Some(url) = config.sqs.url.clone() else { return Vec::new() };
    let (visibility, receive_max) = (config.delivery.visibility, config.delivery.receive_max);
    let sqs = Sqs::new(SqsSettings { url, visibility, receive_max }, subscriptions()).await;
    let mut complaints = Vec::new();
    for entry in TABLE.iter().filter(|entry| entry.is_queued()) {
        complaints.extend(wrong(entry.name, entry.timeout(), receive_max, &sqs.settings_of(entry.name).await));
    }
    vec![judged(&complaints)]
}

fn judged(complaints: &[String]) -> Finding {
    const CHECK: &str = "queues";
    if complaints.is_empty() {
        return Finding::ok(CHECK, "every queue is set up as infra/template.yaml sets it up");
    }
    let fix = "deploy infra/template.yaml again: `sam deploy` puts every attribute back; infra/README.md explains each";
    Finding::failed(CHECK, complaints.join("; "), fix)
}

/// What is wrong with a function's queue, each with its reason.
fn wrong(
    function: &str,
    timeout: Duration,
    receive_max: u32,
    settings: &Result<QueueSettings, TransportError>,
) -> Vec<String> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return vec![error.to_string()],
    };
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, text: String| {
        if !holds {
            wrong.push(format!("{function}: {text}"));
        }
    };
    let least = timeout * VISIBILITIES;
    expect(
        settings.visibility >= least,
        format!(
            "a visibility of {} s is under {} s, so a batch that takes long is handed out twice",
            settings.visibility.as_secs(),
            least.as_secs()
        ),
    );
    expect(settings.retention >= RETENTION, format!("messages are forgotten after {} s", settings.retention.as_secs()));
    expect(
        settings.receive_max == Some(receive_max),
        match settings.receive_max {
            None => "there is no dead-letter queue, so a message that is never finished comes for ever".to_owned(),
            Some(count) => format!("messages are given up after {count} receives, not {receive_max}"),
        },
    );
    expect(
        settings.dead_retention.is_none_or(|kept| kept >= DEAD_RETENTION),
        "the dead-letter queue forgets before anybody may have looked (under 14 days)".to_owned(),
    );
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tests::verdict;

    fn good() -> QueueSettings {
        QueueSettings {
            visibility: Duration::from_secs(200),
            retention: RETENTION,
            receive_max: Some(50),
            dead_retention: Some(DEAD_RETENTION),
        }
    }

    // LAMBDA-6, CLI-10
    #[test]
    fn each_attribute_of_a_queue_that_would_lose_something_is_named() {
        let of = |settings| wrong("cmd-open-thread", Duration::from_secs(30), 50, &Ok(settings));
        assert_eq!(of(good()), Vec::<String>::new());
        for (settings, text) in [
            (QueueSettings { visibility: Duration::from_secs(60), ..good() }, "visibility of 60 s is under 180 s"),
            (QueueSettings { retention: Duration::from_secs(60), ..good() }, "forgotten after 60 s"),
            (QueueSettings { receive_max: None, ..good() }, "no dead-letter queue"),
            (QueueSettings { receive_max: Some(3), ..good() }, "given up after 3 receives, not 50"),
            (QueueSettings { dead_retention: Some(Duration::from_secs(60)), ..good() }, "under 14 days"),
        ] {
            let found = of(settings);
            assert!(found.len() == 1 && found[0].contains(text), "{found:?}");
            assert_eq!(verdict(&judged(&found)), Verdict::Failed);
        }
        let missing = Err(TransportError::Unreachable("there is no queue".to_owned()));
        assert_eq!(wrong("cmd-open-thread", Duration::from_secs(30), 50, &missing).len(), 1);
        assert_eq!(verdict(&judged(&[])), Verdict::Ok);
    }

    // STORE-12
    #[test]
    fn a_server_that_takes_no_write_is_told_from_one_that_is_away() {
        let address = Database::Server("http://127.0.0.1:1".to_owned());
        let of = |probed| server(&address, &probed, Duration::ZERO);
        assert_eq!(verdict(&of(Probe::Works)), Verdict::Ok);
        let stuck = of(Probe::ReadOnly("the store is busy".to_owned()));
        assert_eq!(verdict(&stuck), Verdict::Failed);
        assert!(stuck.fix.is_some_and(|fix| fix.contains("--checkpoint-interval-s 10")));
        for probed in [Probe::Silent("x".to_owned()), Probe::Foreign("x".to_owned())] {
            assert_eq!(verdict(&of(probed)), Verdict::Failed);
        }
    }
}
