//! Who calls: API keys, and the login link that turns into a cookie. Secrets are stored and compared as hashes.

mod rates;
mod refusals;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};

use crate::clock::Time;
use crate::error::{Code, Rejection};
use crate::id::{Ids, hex};
use crate::store::keys::{self, ApiKey, Purpose};
use crate::store::{Store, StoreError};
use crate::value::{Actor, KeyScope};

pub use rates::{RATE_LIMIT_MAX, Rates};
pub use refusals::Refusals;

/// The cookie that a login sets.
pub const COOKIE_NAME: &str = "agentforum_login";

/// The team of `auth.mode=local`.
pub const LOCAL_TEAM: &str = "local";
/// The project of `auth.mode=local`.
pub const LOCAL_PROJECT: &str = "default";

/// A new secret: `afk_` and 43 characters, 256 random bits.
#[must_use]
pub fn new_secret(ids: &Ids) -> String {
    let mut bytes = [0; 32];
    ids.fill(&mut bytes);
    format!("afk_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The token of a login link: as random as a key, and no key.
#[must_use]
pub fn new_login_token(ids: &Ids) -> String {
    new_secret(ids).replacen("afk_", "", 1)
}

/// What is stored of a secret: SHA-256 in lower-case hex.
#[must_use]
pub fn hash_of(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// How a caller showed who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A header that only programs send.
    Header,
    /// A cookie, which a browser sends by itself: writes need proof that our own page made them.
    Cookie,
    /// Nothing: it runs on the owner's own machine, and the settings trust whoever does.
    Place,
}

/// A caller, by its key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its key.
    pub key: ApiKey,
    /// How it was shown.
    pub means: Means,
}

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// With this answer.
    #[error("{}", .0.detail)]
    Refused(Rejection),
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn refused(code: Code, detail: &str) -> AuthError {
    AuthError::Refused(Rejection::new(code, detail))
}

impl Caller {
    /// Finds the key that the headers carry, whether or not it still works.
    ///
    /// # Errors
    /// 401 for none or a malformed one, 403 for an unknown one.
    pub async fn find(store: &Store, headers: &HeaderMap) -> Result<Self, AuthError> {
        let (secret, means) = credential(headers).ok_or_else(|| {
            refused(Code::Unauthenticated, "send a key as `Authorization: Bearer afk_...` or `X-Api-Key`")
        })?;
        let hash = hash_of(&secret);
        let key = store.read(move |reader| keys::find(reader, &hash)).await?;
        let key = key.ok_or_else(|| refused(Code::KeyUnknown, "no such key"))?;
        Ok(Self { key, means })
    }

    /// The owner of a local system, for a request that need not show a key.
    ///
    /// # Errors
    /// 401 when the owner's key was revoked.
    pub async fn owner(store: &Store) -> Result<Self, AuthError> {
        let key = store.read(|reader| keys::find_of_owner(reader, LOCAL_TEAM)).await?;
        let key = key.ok_or_else(|| refused(Code::Unauthenticated, "the owner's key was revoked: send another"))?;
        Ok(Self { key, means: Means::Place })
    }

    /// Checks that the key still works.
    ///
    /// # Errors
    /// 403 for a revoked or expired one.
    pub fn check(&self, now: Time) -> Result<(), Rejection> {
        if self.key.revoked_at.is_some() {
            return Err(Rejection::new(Code::KeyRevoked, "the key was revoked"));
        }
        if self.key.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Rejection::new(Code::KeyExpired, "the key has expired"));
        }
        Ok(())
    }

    /// Checks that the key has `scope`; `admin` has every scope.
    ///
    /// # Errors
    /// 403 `scope_denied`.
    pub fn require(&self, scope: KeyScope) -> Result<(), Rejection> {
        if self.key.scopes.iter().any(|held| *held == scope || *held == KeyScope::Admin) {
            return Ok(());
        }
        let word = crate::value::Word::as_str(scope);
        Err(Rejection::new(Code::ScopeDenied, format!("the key lacks the scope {word}")))
    }

    /// Whether the key reaches this project of its own team.
    #[must_use]
    pub fn reaches(&self, project_id: &str) -> bool {
        self.key.project_id.as_deref().is_none_or(|own| own == project_id)
    }

    /// Whether this is who runs the system: the owner of a local one, by key or by login.
    #[must_use]
    pub fn runs_the_system(&self) -> bool {
        self.key.purpose != Purpose::Api && self.key.team_id == LOCAL_TEAM
    }

    /// The project of a write that names none: the owner of a local system works in its one project.
    #[must_use]
    pub fn default_project(&self) -> Option<&str> {
        self.key.project_id.as_deref().or(self.runs_the_system().then_some(LOCAL_PROJECT))
    }

    /// The actor of a write: the key's; if the key is bound to none, the one the body names, else a person of the key's
    /// name.
    ///
    /// # Errors
    /// 403 `actor_mismatch` when the body names another than the key's.
    pub fn actor(&self, named: Option<Actor>) -> Result<Actor, Rejection> {
        match (self.key.actor(), named) {
            (Some(bound), Some(named)) if bound != named => {
                Err(Rejection::new(Code::ActorMismatch, "the key is bound to another actor than the body names"))
            }
            (Some(bound), _) => Ok(bound),
            (None, Some(named)) => Ok(named),
            (None, None) => Ok(self.key.own_actor()),
        }
    }
}

/// The secret in the headers, if there is a well-formed one.
fn credential(headers: &HeaderMap) -> Option<(String, Means)> {
    let well_formed = |secret: &str| {
        let rest = secret.strip_prefix("afk_")?;
        let fits = rest.len() == 43 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        fits.then(|| secret.to_owned())
    };
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| well_formed(secret.trim())).flatten().map(header);
    }
    if let Some(value) = headers.get("x-api-key") {
        return well_formed(value.to_str().ok()?.trim()).map(header);
    }
    cookie(headers).and_then(well_formed).map(|secret| (secret, Means::Cookie))
}

/// What the cookie of a login holds.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, secret)| secret)
}

/// Whether a request shows no credential at all, not even a malformed one.
#[must_use]
pub fn shows_nothing(headers: &HeaderMap) -> bool {
    !headers.contains_key(AUTHORIZATION) && !headers.contains_key("x-api-key") && cookie(headers).is_none()
}

fn header(secret: String) -> (String, Means) {
    (secret, Means::Header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    // AUTH-1, AUTH-2
    #[test]
    fn a_secret_is_found_in_each_header_and_a_malformed_one_in_none() {
        let secret = new_secret(&Ids::seeded(Clock::fixed_at(0), 1));
        assert_eq!(secret.len(), 47);
        for (name, value, means) in [
            ("authorization", format!("bearer {secret}"), Means::Header),
            ("x-api-key", secret.clone(), Means::Header),
            ("cookie", format!("a=b; {COOKIE_NAME}={secret}"), Means::Cookie),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header value"));
            assert_eq!(credential(&headers), Some((secret.clone(), means)), "{name}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer afk_short".parse().expect("a header value"));
        assert_eq!(credential(&headers), None);
    }

    // AUTH-9
    #[test]
    fn a_malformed_credential_is_not_none() {
        for (name, value) in [
            ("authorization", "Basic dXNlcjpwYXNz"),
            ("authorization", ""),
            ("x-api-key", "afk_short"),
            ("cookie", "a=b; agentforum_login=gone"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header value"));
            assert!(!shows_nothing(&headers), "{name}: {value}");
        }
        let mut headers = HeaderMap::new();
        assert!(shows_nothing(&headers));
        headers.insert("cookie", "theme=dark".parse().expect("a header value"));
        assert!(shows_nothing(&headers));
    }
}
