//! The outermost layer: request ids, metrics, problem documents, response headers, the trail of refusals, and the check
//! that a browser's write comes from our own pages.

mod refusal;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use shared::clock::Clock;
use shared::ctx::Ctx;
use shared::error::Code;
use shared::id::Kind;
use tracing::Instrument;

use crate::problem::Problem;

use refusal::Asked;
pub use refusal::KnownKey;

/// The request's id, kept from the caller or made here.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

const HEADER: &str = "x-request-id";

/// Wraps every request.
pub async fn layer(State(ctx): State<Ctx>, mut request: Request, next: Next) -> Response {
    let stopwatch = Clock::stopwatch();
    let request_id = request_id(&ctx, request.headers());
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let known_key = KnownKey::default();
    request.extensions_mut().insert(known_key.clone());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    // The route, not the path: label values are bounded.
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id, route, %method);
    let foreign = is_write(&method) && !same_origin(request.headers());
    let response = if foreign {
        problem_of(Problem::new(Code::OriginDenied, "the write comes from another web origin"))
    } else {
        next.run(request).instrument(span).await
    };
    let code = response.extensions().get::<Problem>().map(|problem| problem.code);
    let mut response = as_problem(response, &path, &request_id);
    let status = response.status();
    finish_headers(response.headers_mut(), &request_id);
    let known_method = if KNOWN.contains(&method) { method.as_str() } else { "other" };
    if let Some(code) = code {
        let asked = Asked { method: known_method, route: &route, path: &path, request_id: &request_id };
        refusal::record(&ctx, &known_key, code, asked).await;
    }
    ctx.metrics.http_requests_total.with_label_values(&[&route, known_method, status.as_str()]).inc();
    ctx.metrics.http_request_duration_seconds.with_label_values(&[&route]).observe(stopwatch.elapsed().as_secs_f64());
    tracing::debug!(request_id, route, %method, status = status.as_u16(), "answered");
    response
}

const KNOWN: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];

fn request_id(ctx: &Ctx, headers: &HeaderMap) -> String {
    let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    given.filter(fits).map_or_else(|| ctx.ids.next(Kind::Request), str::to_owned)
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether `Origin`, if there is one, is this server's own.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
    origin.is_some() && origin == host
}

fn problem_of(problem: Problem) -> Response {
    axum::response::IntoResponse::into_response(problem)
}

/// Writes the document of a refusal, whoever refused: a handler, or the router itself.
fn as_problem(mut response: Response, path: &str, request_id: &str) -> Response {
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| match response.status() {
        StatusCode::NOT_FOUND if is_bare(&response) => Some(Problem::new(Code::NotFound, format!("nothing at {path}"))),
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(Problem::new(Code::MethodNotAllowed, "the path does not take that method"))
        }
        // What an extractor could not read; handlers refuse with problems of their own.
        StatusCode::BAD_REQUEST => Some(Problem::new(Code::InvalidRequest, "the path or the query cannot be read")),
        _ => None,
    });
    let Some(problem) = problem else { return response };
    let mut document = problem.write(path, request_id);
    // What the refusal's own response said besides, such as Allow, stays.
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            document.headers_mut().insert(name, value.clone());
        }
    }
    document
}

fn is_bare(response: &Response) -> bool {
    !response.headers().contains_key(header::CONTENT_TYPE)
}

fn finish_headers(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HEADER, id);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}
