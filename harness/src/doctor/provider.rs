//! Who makes observations, and whether the way there is open. The key is not shown to anybody, and nothing is asked that
//! costs money.

use std::time::Duration;

use serde_json::Value;
use shared::config::{Generation, ProviderKind};
use shared::generation::Provider;

use super::Finding;

/// How long a provider's server may take to say anything at all.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was learned of the provider that the settings name.
pub(super) struct Tried {
    kind: ProviderKind,
    /// Where its server is, and whether that answers; none of a provider that has no server.
    server: Option<(String, Result<(), String>)>,
}

/// Tries the provider that the settings name.
///
/// # Errors
/// When it cannot be used with these settings.
pub(super) async fn tried(config: &Generation) -> Result<Tried, String> {
    let provider = Provider::of(config).map_err(|error| error.to_string())?;
    let server = match provider.remote() {
        Some(remote) => {
            let answer = remote.answers(PATIENCE).await;
            Some((remote.address().to_owned(), answer.map_err(|error| error.to_string())))
        }
        None => None,
    };
    Ok(Tried { kind: config.provider, server })
}

/// The provider that a running server says it uses.
pub(super) fn used(health: Option<&Value>) -> Option<&str> {
    let registry = &health?["boundaries"]["provider_registry"];
    if registry["status"] == "disabled" {
        return Some(ProviderKind::None.as_str());
    }
    registry["details"]["provider"].as_str()
}

/// Somebody makes observations, it is who the server that runs asks, and it can be reached.
pub(super) fn judged(tried: &Result<Tried, String>, used: Option<&str>) -> Finding {
    const CHECK: &str = "provider";
    let Tried { kind, server } = match tried {
        Ok(tried) => tried,
        Err(error) => {
            return Finding::failed(CHECK, error.clone(), "`agentforum config` shows the settings `generation.*`");
        }
    };
    let name = kind.as_str();
    if let Some(used) = used.filter(|used| *used != name) {
        let detail = format!("the running server uses {used}, and the settings here name {name}");
        return Finding::warning(CHECK, detail, "give `doctor` the settings of the server, or start it with these");
    }
    match (kind, server) {
        (ProviderKind::None, _) => Finding::warning(
            CHECK,
            "generation is off: what agents did is stored, and nobody makes observations of it",
            "set generation.provider; extractive is built in and needs nothing else",
        ),
        (_, None) => Finding::ok(CHECK, format!("{name} is built in")),
        (_, Some((address, Ok(())))) => {
            Finding::ok(CHECK, format!("{name} at {address} answers; a key is set, and was not tried"))
        }
        (_, Some((_, Err(error)))) => Finding::failed(
            CHECK,
            format!("{name}: {error}"),
            "see generation.url, the network and its proxies; `agentforum jobs retry ID` begins what was given up again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tests::verdict;

    fn of(kind: ProviderKind, answer: Option<Result<(), &str>>) -> Tried {
        let server = answer.map(|answer| ("https://models.example".to_owned(), answer.map_err(str::to_owned)));
        Tried { kind, server }
    }

    // CLI-10, MEMORY-19
    #[test]
    fn a_provider_that_is_off_warns_and_one_that_is_away_fails() {
        assert_eq!(verdict(&judged(&Ok(of(ProviderKind::Extractive, None)), None)), Verdict::Ok);
        let off = judged(&Ok(of(ProviderKind::None, None)), None);
        assert_eq!(verdict(&off), Verdict::Warning);
        assert!(off.detail.starts_with("generation is off"), "{off:?}");
        for kind in [ProviderKind::Anthropic, ProviderKind::OpenaiCompatible] {
            let here = judged(&Ok(of(kind, Some(Ok(())))), Some(kind.as_str()));
            assert_eq!(verdict(&here), Verdict::Ok);
            assert!(here.detail.contains("https://models.example"), "{here:?}");
            let away = judged(&Ok(of(kind, Some(Err("cannot reach https://models.example")))), None);
            assert_eq!(verdict(&away), Verdict::Failed);
            assert!(away.detail.contains("cannot reach"), "{away:?}");
        }
        assert_eq!(verdict(&judged(&Err("generation.url must be a URL".to_owned()), None)), Verdict::Failed);
    }

    // CLI-10
    #[test]
    fn a_server_that_uses_another_provider_is_told_apart() {
        let health = |registry: Value| json!({ "boundaries": { "provider_registry": registry } });
        let off = health(json!({ "status": "disabled", "reason": "why" }));
        let remote = health(json!({ "status": "active", "details": { "provider": "anthropic" } }));
        assert_eq!((used(Some(&off)), used(Some(&remote))), (Some("none"), Some("anthropic")));
        assert_eq!((used(Some(&Value::Null)), used(None)), (None, None));
        for used in ["none", "anthropic"] {
            let other = judged(&Ok(of(ProviderKind::Extractive, None)), Some(used));
            assert_eq!(verdict(&other), Verdict::Warning, "{used}");
            assert!(other.detail.contains(used) && other.detail.contains("extractive"), "{other:?}");
        }
        assert_eq!(verdict(&judged(&Ok(of(ProviderKind::Extractive, None)), Some("extractive"))), Verdict::Ok);
        assert_eq!(verdict(&judged(&Ok(of(ProviderKind::None, None)), used(Some(&off)))), Verdict::Warning);
    }
}
