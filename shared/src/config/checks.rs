//! Settings checked against each other.

use std::time::Duration;

use super::error::ConfigError;
use super::layers::Entries;
use super::words::{AuthMode, TransportKind};

impl Entries {
    /// A first wait longer than the longest wait is a slip in one of the two.
    pub(super) fn check_ceiling(&self, name: &'static str, ceiling: &'static str) -> Result<(), ConfigError> {
        let (entry, ceiling) = (self.find(name)?, self.find(ceiling)?);
        if entry.take::<Duration>()? <= ceiling.take::<Duration>()? {
            return Ok(());
        }
        let origin = ceiling.source.describe(ceiling.key);
        let allowed = format!("at most {}, which is {} from {origin}", ceiling.key.name, ceiling.text);
        Err(entry.key.refuse_for(&entry.text, &entry.source, allowed))
    }

    /// Requests without a key are the owner's, who exists in a local system only.
    pub(super) fn check_keyless(&self, mode: AuthMode) -> Result<(), ConfigError> {
        let (entry, named) = (self.find("auth.local_dev")?, self.find("auth.mode")?);
        if !entry.take::<bool>()? || mode == AuthMode::Local {
            return Ok(());
        }
        let origin = named.source.describe(named.key);
        let allowed = format!("false, since auth.mode is {} from {origin}", mode.as_str());
        Err(entry.key.refuse_for(&entry.text, &entry.source, allowed))
    }

    /// A transport that needs an address names the key when there is none.
    pub(super) fn check_queues(&self) -> Result<(), ConfigError> {
        let (transport, url) = (self.find("transport")?, self.find("sqs.url")?);
        if transport.take::<TransportKind>()? != TransportKind::Sqs || url.take::<Option<String>>()?.is_some() {
            return Ok(());
        }
        let allowed = format!("set, since transport is sqs from {}", transport.source.describe(transport.key));
        Err(url.key.refuse_for("", &url.source, allowed))
    }

    /// The named mode, or the one that fits the address. A local owner key must never be reachable from another machine.
    pub(super) fn auth_mode(&self) -> Result<AuthMode, ConfigError> {
        let (entry, listen) = (self.find("auth.mode")?, self.find("addr")?);
        let address: std::net::SocketAddr = listen.take()?;
        let loopback = address.ip().to_canonical().is_loopback();
        match entry.take::<Option<AuthMode>>()? {
            Some(AuthMode::Local) if !loopback => {
                let origin = listen.source.describe(listen.key);
                let allowed = format!("keys, since addr is {address} from {origin}, which is not loopback");
                Err(entry.key.refuse_for(&entry.text, &entry.source, allowed))
            }
            Some(mode) => Ok(mode),
            None if loopback => Ok(AuthMode::Local),
            None => Ok(AuthMode::Keys),
        }
    }
}
