//! Requests that show no key: on the machine of whoever develops with it, and if the settings say so, they are the owner's.
//! Everything that could come from elsewhere is not: through a proxy, by a name that a stranger lets point here, from a page
//! of another origin.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, header};
use shared::auth::shows_nothing;
use shared::config::AuthMode;
use shared::ctx::Ctx;

use crate::edge::same_origin;

/// Whether a request may do without a key. Deployed functions know no peer, so there none may.
pub(super) fn is_trusted(ctx: &Ctx, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let auth = &ctx.config.auth;
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|connected| connected.0);
    // A page may open a stream of any server, which is no write: here reads need the own origin too.
    auth.local_dev
        && auth.mode == AuthMode::Local
        && shows_nothing(headers)
        && is_from_here(headers, peer)
        && same_origin(headers)
}

/// Whether peer and `Host` are this very machine, and nobody says to have passed the request on.
fn is_from_here(headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    let is_near = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let passed_on = |name: &str| matches!(name, "forwarded" | "x-real-ip") || name.starts_with("x-forwarded");
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| host.to_str().ok());
    is_near && host.is_some_and(is_loopback) && !headers.keys().any(|name| passed_on(name.as_str()))
}

/// Whether a `Host` names this machine, with any port.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // The colons of an address stand in brackets; one behind them begins a port.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    port.is_none_or(is_port) && (name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.append(*name, value.parse().expect("a header value"));
        }
        headers
    }

    fn here() -> SocketAddr {
        ([127, 0, 0, 1], 50_000).into()
    }

    // AUTH-9
    #[test]
    fn the_host_is_one_of_three_names_of_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:3001", "localhost", "LocalHost:1", "[::1]", "[::1]:3001"] {
            assert!(is_from_here(&headers(&[("host", host)]), Some(here())), "{host}");
        }
        for host in [
            "",
            "::1",
            "127.0.0.2",
            "127.0.0.1.example.org",
            "localhost.example.org:3001",
            "example.org",
            "localhost:x",
            "user@localhost",
            "[::1",
            "[::1]x",
            "0.0.0.0:3001",
        ] {
            assert!(!is_from_here(&headers(&[("host", host)]), Some(here())), "{host}");
        }
        assert!(!is_from_here(&headers(&[]), Some(here())));
        assert!(!is_from_here(&headers(&[("host", "localhost"), ("host", "example.org")]), Some(here())));
    }

    // AUTH-9
    #[test]
    fn the_peer_is_this_machine() {
        let local = headers(&[("host", "localhost:3001")]);
        for peer in ["127.0.0.1:9", "127.3.2.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            assert!(is_from_here(&local, peer.parse().ok()), "{peer}");
        }
        for peer in ["10.0.0.1:9", "[::ffff:10.0.0.1]:9", "[fe80::1]:9"] {
            assert!(!is_from_here(&local, peer.parse().ok()), "{peer}");
        }
        assert!(!is_from_here(&local, None), "a deployed function");
    }

    // AUTH-9
    #[test]
    fn nobody_has_passed_it_on() {
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"] {
            assert!(!is_from_here(&headers(&[("host", "localhost"), (name, "127.0.0.1")]), Some(here())), "{name}");
        }
        assert!(is_from_here(&headers(&[("host", "localhost"), ("via", "1.1 cache")]), Some(here())));
    }
}
