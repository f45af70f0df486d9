//! What a person who configures the process may rely on.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Command, FromArgMatches};

use super::keys::Address;
use super::resolve::decode;
use super::{AuthMode, Config, ConfigError, ConfigFlags, KEYS, Key, Kind, Resolved, Source};

fn flags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    environment(pairs).collect()
}

fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
}

fn refusal(result: Result<impl Sized, ConfigError>) -> String {
    match result {
        Ok(_) => panic!("was accepted"),
        Err(error) => error.to_string(),
    }
}

/// Settings from these variables alone, where no file lies.
fn from_variables(variables: &[(&str, &str)]) -> Result<Resolved, ConfigError> {
    beside(tempfile::tempdir().expect("a directory").path(), "", variables)
}

fn database_in(directory: &Path) -> String {
    directory.join("forum.db").to_str().expect("a UTF-8 directory").to_owned()
}

/// Settings with `text` as the file beside a database in a directory of its own.
fn beside(directory: &Path, text: &str, variables: &[(&str, &str)]) -> Result<Resolved, ConfigError> {
    std::fs::write(directory.join("agentforum.toml"), text).expect("write the file");
    Config::resolve(&flags(&[("db", &database_in(directory))]), environment(variables), None)
}

fn source(config: &Config, key: &str) -> Source {
    config.settings().iter().find(|setting| setting.key == key).expect("a setting of this name").source.clone()
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    // CONFIG-1
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("named.toml");
    std::fs::write(&file, "addr = ':1'\n[worker]\nbatch_size = 7\nlog_period = '3s'\n[outbox]\nlease = '9s'\n")
        .expect("write the file");
    let flags = flags(&[("outbox.lease", "1s")]);
    let variables = [("AGENTFORUM_OUTBOX_LEASE", "2s"), ("AGENTFORUM_WORKER_LOG_PERIOD", "4s"), ("HOME", "/")];
    let resolved = Config::resolve(&flags, environment(&variables), Some(&file)).expect("valid settings");
    let config = resolved.config;
    assert_eq!(config.outbox.lease.as_secs(), 1);
    assert_eq!(config.worker.log_period.as_secs(), 4);
    assert_eq!(config.worker.batch_size, 7);
    assert_eq!(config.addr.to_string(), "127.0.0.1:1");
    assert_eq!(config.worker.interval.as_millis(), 500);
    assert_eq!(source(&config, "outbox.lease"), Source::Flag);
    assert_eq!(source(&config, "worker.log_period"), Source::Environment);
    assert_eq!(source(&config, "worker.batch_size"), Source::File(file));
    assert_eq!(source(&config, "worker.interval"), Source::Default);
    assert!(resolved.warnings.is_empty(), "{:?}", resolved.warnings);
}

#[test]
fn the_file_lies_beside_the_database_unless_one_is_named() {
    // CONFIG-1
    let directory = tempfile::tempdir().expect("a directory");
    let named = directory.path().join("other.toml");
    std::fs::write(&named, "list.limit = 11\n").expect("write the file");
    let named_text = named.to_str().expect("a UTF-8 directory");
    let variable = [("AGENTFORUM_CONFIG", named_text)];
    let limit = |result: Result<Resolved, ConfigError>| result.expect("valid settings").config.list.limit;
    assert_eq!(limit(beside(directory.path(), "[list]\nlimit = 12", &[])), 12);
    assert_eq!(limit(beside(directory.path(), "[list]\nlimit = 12", &variable)), 11);
    let missing = directory.path().join("missing.toml");
    let by_flag = refusal(Config::resolve(&BTreeMap::new(), environment(&variable), Some(&missing)));
    assert!(by_flag.contains("missing.toml named by --config does not exist"), "{by_flag}");
    let by_variable =
        refusal(Config::resolve(&BTreeMap::new(), environment(&[("AGENTFORUM_CONFIG", "/missing.toml")]), None));
    assert_eq!(by_variable, "the configuration file /missing.toml named by AGENTFORUM_CONFIG does not exist");
}

#[test]
fn a_refused_value_names_key_source_and_what_is_allowed() {
    // CONFIG-2, CONFIG-3, TRANSPORT-1
    assert_eq!(
        refusal(Config::with(&[("transport", "carrier-pigeon")])),
        "transport: \"carrier-pigeon\" from the flag --transport is refused; allowed: memory, redis, sqs"
    );
    let variables = [("AGENTFORUM_WORKER_INTERVAL", "0s")];
    assert_eq!(
        refusal(from_variables(&variables)),
        "worker.interval: \"0s\" from the environment variable AGENTFORUM_WORKER_INTERVAL is refused; allowed: \
         a duration such as 500ms, 25s, 30m, 12h or 7d, longer than zero, at most 3650d"
    );
    let directory = tempfile::tempdir().expect("a directory");
    for (text, given) in
        [("0", "\"0\""), ("-1", "\"-1\""), ("1.5", "\"float\""), ("[1]", "\"array\""), ("{}", "\"table\"")]
    {
        let error = refusal(beside(directory.path(), &format!("[worker]\nbatch_size = {text}\n"), &[]));
        assert!(error.starts_with(&format!("worker.batch_size: {given} from the file ")), "{error}");
        assert!(error.ends_with("agentforum.toml is refused; allowed: a whole number from 1 to 10000"), "{error}");
    }
}

#[test]
fn a_wrong_value_does_not_hide_behind_a_stronger_source() {
    // CONFIG-2
    let variables = [("AGENTFORUM_LIST_LIMIT", "many")];
    let error = refusal(Config::resolve(&flags(&[("list.limit", "5")]), environment(&variables), None));
    assert!(error.starts_with("list.limit: \"many\" from the environment variable"), "{error}");
}

#[test]
fn an_unknown_key_of_the_file_is_named_with_the_nearest_one() {
    // CONFIG-2
    let directory = tempfile::tempdir().expect("a directory");
    let error = refusal(beside(directory.path(), "[outbox]\nleese = '60s'\n", &[]));
    assert!(error.starts_with("outbox.leese: unknown key in the configuration file "), "{error}");
    assert!(error.ends_with("agentforum.toml; did you mean outbox.lease?"), "{error}");
    for (text, key) in
        [("[zoo]\n", "zoo"), ("[zoo]\na = 1", "zoo"), ("lease = 1", "lease"), ("[outbox.lease]\na = 1", "outbox.lease")]
    {
        let error = refusal(beside(directory.path(), text, &[]));
        assert!(error.starts_with(&format!("{key}: ")), "{text}: {error}");
    }
}

#[test]
fn a_file_that_is_not_toml_is_named_with_its_line_but_not_quoted() {
    // CONFIG-2, SEC-2
    let directory = tempfile::tempdir().expect("a directory");
    let error = refusal(beside(directory.path(), "[log]\nlevel = 'info'\nhidden = = 'hunter2'\n", &[]));
    assert!(error.contains("agentforum.toml is not valid TOML, line 3: "), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_even_where_none_is_needed() {
    // CONFIG-2
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("agentforum.toml")).expect("create a directory in its place");
    let flags = flags(&[("db", &database_in(directory.path()))]);
    let error = Config::resolve(&flags, [], None).map(|_| ());
    assert!(matches!(error, Err(ConfigError::ReadFile { .. })), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused_only_where_it_is_a_setting() {
    // CONFIG-2
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let variable = |name: &str| [(OsString::from(name), OsString::from_vec(vec![0xff]))].into_iter();
    assert_eq!(
        refusal(decode(variable("AGENTFORUM_LOG_LEVEL"))),
        "log.level: the environment variable AGENTFORUM_LOG_LEVEL is not UTF-8 text"
    );
    let file = refusal(decode(variable("AGENTFORUM_CONFIG")));
    assert_eq!(file, "config: the environment variable AGENTFORUM_CONFIG is not UTF-8 text");
    assert_eq!(decode(variable("AGENTFORUM_KEY")).expect("no setting").len(), 1);
    assert!(decode(variable("LS_COLORS")).expect("not ours").is_empty());
}

#[test]
fn an_unknown_setting_among_the_flags_is_refused() {
    // CONFIG-2
    assert_eq!(refusal(Config::with(&[("adr", ":1")])), "adr: unknown setting; did you mean addr?");
}

#[test]
fn an_unknown_variable_is_a_warning_and_client_variables_are_not() {
    // CONFIG-2
    let variables = [
        ("AGENTFORUM_OUTBOX_LEESE", "hunter2"),
        ("AGENTFORUM_SERVER", "http://127.0.0.1:3001"),
        ("AGENTFORUM_KEY", "afk_x"),
        ("AGENTFORUM_PROJECT", "default"),
        ("AGENTFORUM_REQUIRE_ALL", "1"),
        ("AGENTFORUM_TIMEOUT", "15s"),
        ("AGENTFORUMX", "1"),
    ];
    let resolved = from_variables(&variables).expect("valid settings");
    let expected = "the environment variable AGENTFORUM_OUTBOX_LEESE names no setting and is ignored; \
                    did you mean AGENTFORUM_OUTBOX_LEASE?";
    assert_eq!(resolved.warnings, [expected]);
}

#[test]
fn a_secret_is_never_shown() {
    // SEC-2
    let key = Key { name: "some.secret", default: "", kind: Kind::Secret, doc: "" };
    let error = key.refuse("hunter2", &Source::Environment).to_string();
    assert!(error.contains("a secret from the environment variable AGENTFORUM_SOME_SECRET"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_mode_of_authentication_follows_the_address() {
    // AUTH-7, AUTH-10
    let mode = |pairs: &[(&str, &str)]| Config::with(pairs).expect("valid settings").auth.mode;
    assert_eq!(mode(&[]), AuthMode::Local);
    assert_eq!(mode(&[("addr", "[::1]:1")]), AuthMode::Local);
    assert_eq!(mode(&[("addr", "[::ffff:127.0.0.1]:1")]), AuthMode::Local);
    assert_eq!(mode(&[("addr", "0.0.0.0:1")]), AuthMode::Keys);
    assert_eq!(mode(&[("auth.mode", "keys")]), AuthMode::Keys);
    assert_eq!(
        refusal(Config::with(&[("addr", "0.0.0.0:80"), ("auth.mode", "local")])),
        "auth.mode: \"local\" from the flag --auth-mode is refused; allowed: \
         keys, since addr is 0.0.0.0:80 from the flag --addr, which is not loopback"
    );
    let config = Config::with(&[("addr", ":3001")]).expect("valid settings");
    let shown: Vec<_> = config.settings().iter().filter(|it| ["addr", "auth.mode"].contains(&it.key)).collect();
    assert_eq!((shown[0].value.as_str(), &shown[0].source), ("127.0.0.1:3001", &Source::Flag));
    assert_eq!((shown[1].value.as_str(), &shown[1].source), ("local", &Source::Default));
}

#[test]
fn a_first_wait_above_the_longest_wait_is_refused() {
    // CONFIG-2
    for section in ["outbox", "delivery"] {
        let error = refusal(Config::with(&[(&format!("{section}.backoff"), "2m")]));
        let expected = format!("allowed: at most {section}.backoff_max, which is 60s from the default");
        assert!(error.ends_with(&expected), "{error}");
    }
}

/// A valid value other than the default.
fn another(key: &Key) -> &'static str {
    match (key.name, key.kind) {
        ("transport", _) => "memory",
        ("auth.mode", _) => "keys",
        ("generation.provider", _) => "none",
        ("outbox.backoff_max" | "delivery.backoff_max", _) => "61s",
        // Not below what it is a ceiling of.
        ("health.stalled", _) => "1h",
        (_, Kind::Address) => ":1",
        (_, Kind::Database) => "other.db",
        (_, Kind::Duration { .. }) => "7s",
        ("context.budget" | "generation.max_tokens", _) => "700",
        (_, Kind::Integer { .. }) => "6",
        (_, Kind::Size { .. }) => "64KiB",
        (_, Kind::Bool) if key.default == "true" => "false",
        (_, Kind::Bool) => "true",
        (_, Kind::Words(words)) => words[0],
        (_, Kind::Url(Address::Redis)) => "redis://other:1/0",
        (_, Kind::Url(Address::Queues | Address::Provider)) => "https://other/1/q-",
        (_, Kind::Text | Kind::Secret) => "other",
    }
}

#[test]
fn every_key_of_the_table_reaches_its_field_and_the_settings_shown() {
    // CONFIG-1
    let fields = |pairs: &[(&str, &str)]| {
        let mut config = Config::with(pairs).expect("valid settings");
        let names: Vec<_> = config.settings().iter().map(|setting| setting.key).collect();
        assert_eq!(names, KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
        config.settings.clear();
        config.flags.0.clear();
        format!("{config:?}")
    };
    let defaults = fields(&[]);
    for key in KEYS.iter().filter(|key| key.name != "transport") {
        assert_ne!(fields(&[(key.name, another(key))]), defaults, "{} changes nothing", key.name);
    }
}

#[test]
fn each_key_has_a_flag_a_variable_and_a_sentence_of_its_own() {
    // CONFIG-1
    let lease = Key::find("outbox.backoff_max").expect("a key of this name");
    assert_eq!(lease.flag(), "outbox-backoff-max");
    assert_eq!(lease.environment(), "AGENTFORUM_OUTBOX_BACKOFF_MAX");
    for spelling in [Key::flag, Key::environment, |key: &Key| key.name.to_owned(), |key: &Key| key.doc.to_owned()] {
        let spellings: std::collections::BTreeSet<_> = KEYS.iter().map(spelling).collect();
        assert_eq!(spellings.len(), KEYS.len());
    }
}

#[test]
fn the_command_line_has_a_flag_for_every_key() {
    // CONFIG-1
    let command = ConfigFlags::augment_args(Command::new("up"));
    command.clone().debug_assert();
    let line = ["up", "--outbox-lease", "1s", "--addr=:0", "--worker-batch-size", "-1"];
    let parsed = ConfigFlags::from_arg_matches(&command.clone().get_matches_from(line)).expect("parsed flags");
    assert_eq!(parsed.0, flags(&[("outbox.lease", "1s"), ("addr", ":0"), ("worker.batch_size", "-1")]));
    let help = command.clone().render_long_help().to_string();
    for key in KEYS.iter().filter(|key| !matches!(key.kind, Kind::Secret)) {
        assert!(help.contains(&format!("--{} ", key.flag())), "{} is missing", key.name);
    }
    assert!(help.contains("[default: 60s]"), "{help}");
}
