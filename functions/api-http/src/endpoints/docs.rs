//! `/docs`: the error catalogue, and where the interface is described; `/`: what a browser finds without pages.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::response::Html;
use http::header;
use shared::error::Code;

use crate::problem::{Answer, Problem};

/// What a page may load, and who may show it: what comes from here, its own style, and nobody.
const POLICY: &str =
    "default-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The catalogue of error codes and the way to the interface description.
#[utoipa::path(
    get, path = "/docs", tag = "operations", security(()),
    responses((status = 200, content_type = "text/html", body = String))
)]
pub async fn docs() -> ([(header::HeaderName, &'static str); 1], Html<String>) {
    let mut rows = String::new();
    for entry in Code::CATALOGUE {
        let (name, status, meaning) = (entry.name, entry.status, entry.meaning);
        // Writing into a text cannot fail.
        let _ =
            writeln!(rows, "<tr id=\"{name}\"><td>{status}</td><td><code>{name}</code></td><td>{meaning}</td></tr>");
    }
    let page = include_str!("../docs.html").replace("{{rows}}", &rows);
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page))
}

/// Rendered once: it never changes while the process runs.
static DESCRIPTION: LazyLock<String> = LazyLock::new(crate::document);

/// The interface description: OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", security(()),
    responses((status = 200, content_type = "application/json", body = Object))
)]
pub async fn openapi() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.as_str())
}

/// What a browser finds at `/`: there are no pages in this build.
pub async fn no_pages() -> Answer<()> {
    Err(Problem::new(Code::GuiAbsent, "this build carries no pages; the API is under /api/v1 and described at /docs"))
}
