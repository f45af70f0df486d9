//! The port, and what a running server says of itself.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use serde_json::Value;
use shared::client::ClientError;
use shared::config::AuthMode;

use super::Finding;
use crate::runtime_files::Found;

/// The port is free, or held by the very server that is meant.
pub(super) fn port(addr: SocketAddr, bound: Option<io::Result<()>>, found: &Found) -> Finding {
    const CHECK: &str = "port";
    match (bound, found) {
        (None, Found::Running(running)) => Finding::ok(CHECK, format!("{} is held by this system", running.url)),
        (None, _) => Finding::ok(CHECK, format!("{addr} is not tried while a process works on the database")),
        (Some(Ok(())), _) => Finding::ok(CHECK, format!("{addr} is free")),
        (Some(Err(error)), _) if error.kind() == ErrorKind::AddrInUse => {
            let detail = format!("another program listens on {addr}");
            Finding::failed(CHECK, detail, "end that program, or choose another address with --addr")
        }
        (Some(Err(error)), _) => {
            Finding::failed(CHECK, format!("{addr}: {error}"), "choose an address of this machine with --addr")
        }
    }
}

/// What was learned about the key.
pub(super) enum KeyUse {
    /// No server to try it on.
    Untried,
    /// There is no key to try.
    None,
    /// What the server said to it.
    Tried(Result<(), ClientError>),
}

/// The key opens the server.
pub(super) fn key(used: &KeyUse, mode: AuthMode) -> Finding {
    const CHECK: &str = "key";
    let make = match mode {
        AuthMode::Local => "`agentforum restart` makes a new owner key beside the database",
        AuthMode::Keys => {
            "give one with AGENTFORUM_KEY; somebody with the scope `admin` makes it: `agentforum keys create`"
        }
    };
    match (used, mode) {
        (KeyUse::Untried, _) => Finding::ok(CHECK, "not tried: nothing runs"),
        (KeyUse::Tried(Ok(())), _) => Finding::ok(CHECK, "works"),
        (KeyUse::None, AuthMode::Keys) => Finding::warning(CHECK, "none is given", make),
        (KeyUse::None, AuthMode::Local) => Finding::failed(CHECK, "the file local.key is missing", make),
        (KeyUse::Tried(Err(error)), _) => Finding::failed(CHECK, error.to_string(), make),
    }
}

/// The transport answers, as the server that uses it says.
pub(super) fn transport(kind: &str, health: Option<&Value>) -> Finding {
    const CHECK: &str = "transport";
    let Some(health) = health else { return Finding::ok(CHECK, format!("{kind}; not tried: nothing runs")) };
    if health["forum_bus"]["healthy"] == true {
        return Finding::ok(CHECK, format!("{kind} answers"));
    }
    let error = health["forum_bus"]["error"].as_str().unwrap_or("it does not answer");
    let fix =
        "what was accepted waits and loses nothing; see that the transport's server runs and its settings name it";
    Finding::failed(CHECK, format!("{kind}: {error}"), fix)
}

/// The server answers and finds itself healthy.
pub(super) fn health(found: &Found, answer: Result<&Value, &str>) -> Finding {
    const CHECK: &str = "server";
    let Found::Running(running) = found else { return Finding::ok(CHECK, "nothing runs") };
    match answer {
        Err(error) => Finding::failed(CHECK, error, "`agentforum restart`; what was accepted is safe"),
        Ok(health) if health["status"] == "ok" => Finding::ok(CHECK, format!("{} is ok", running.url)),
        Ok(health) => {
            let status = health["status"].as_str().unwrap_or("unknown");
            let detail = format!("{} is {status}", running.url);
            Finding::failed(
                CHECK,
                detail,
                "`agentforum status` says why; the failing check below or above says what helps",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tests::verdict;
    use crate::runtime_files::Whereabouts;

    fn running() -> Found {
        Found::Running(Whereabouts { url: "http://127.0.0.1:1".to_owned(), ..Whereabouts::default() })
    }

    // CLI-10
    #[test]
    fn a_foreign_program_on_the_port_fails_and_our_own_does_not() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 3001));
        assert_eq!(verdict(&port(addr, None, &running())), Verdict::Ok);
        assert_eq!(verdict(&port(addr, None, &Found::Busy(7))), Verdict::Ok);
        assert_eq!(verdict(&port(addr, Some(Ok(())), &Found::Absent(None))), Verdict::Ok);
        for kind in [ErrorKind::AddrInUse, ErrorKind::AddrNotAvailable] {
            let taken = port(addr, Some(Err(kind.into())), &Found::Absent(None));
            assert_eq!(verdict(&taken), Verdict::Failed, "{kind}");
        }
    }

    // CLI-10
    #[test]
    fn a_key_that_opens_nothing_fails() {
        for mode in [AuthMode::Local, AuthMode::Keys] {
            assert_eq!(verdict(&key(&KeyUse::Tried(Ok(())), mode)), Verdict::Ok);
            assert_eq!(verdict(&key(&KeyUse::Untried, mode)), Verdict::Ok);
            assert_eq!(verdict(&key(&KeyUse::Tried(Err(ClientError::Key)), mode)), Verdict::Failed);
        }
        assert_eq!(verdict(&key(&KeyUse::None, AuthMode::Local)), Verdict::Failed);
        assert_eq!(verdict(&key(&KeyUse::None, AuthMode::Keys)), Verdict::Warning);
    }

    // CLI-10, HEALTH-2
    #[test]
    fn a_transport_that_does_not_answer_fails_with_its_reason() {
        assert_eq!(verdict(&transport("redis", None)), Verdict::Ok);
        assert_eq!(verdict(&transport("redis", Some(&json!({ "forum_bus": { "healthy": true } })))), Verdict::Ok);
        let down = json!({ "forum_bus": { "healthy": false, "error": "connection refused" } });
        let finding = transport("redis", Some(&down));
        assert_eq!(verdict(&finding), Verdict::Failed);
        assert!(finding.detail.contains("connection refused"));
    }

    // CLI-10
    #[test]
    fn a_server_that_is_degraded_or_silent_fails() {
        assert_eq!(verdict(&health(&Found::Absent(None), Err("none"))), Verdict::Ok);
        assert_eq!(verdict(&health(&running(), Ok(&json!({ "status": "ok" })))), Verdict::Ok);
        assert_eq!(verdict(&health(&running(), Ok(&json!({ "status": "degraded" })))), Verdict::Failed);
        assert_eq!(verdict(&health(&running(), Err("no answer"))), Verdict::Failed);
    }
}
