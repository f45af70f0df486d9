//! HTTP through a Function URL, whose responses are streamed, or through a gateway, which buffers them.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use ::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::Router;
use axum::body::Body;
use lambda_runtime::tower::ServiceExt;
use tokio::sync::OnceCell;

use super::{Lazy, emf, end, start};
use crate::config::streams_responses;
use crate::ctx::Ctx;
use crate::function::publish;

/// Serves an HTTP function until the platform ends the process.
#[must_use]
pub fn serve_http(name: &'static str, router: fn(&Ctx) -> Router) -> ExitCode {
    end(start(name, |ctx| async move {
        let api = Arc::new(Api { name, lazy: ctx, router, built: OnceCell::new() });
        let service = lambda_http::service_fn(move |request: lambda_http::Request| {
            let api = Arc::clone(&api);
            async move { Ok::<_, Infallible>(api.answer(request).await) }
        });
        if streams_responses() {
            lambda_http::run_with_streaming_response(service).await
        } else {
            lambda_http::run(service).await
        }
    }))
}

/// The router, built when the first request needs it.
struct Api {
    name: &'static str,
    lazy: Arc<Lazy>,
    router: fn(&Ctx) -> Router,
    built: OnceCell<(Ctx, Router)>,
}

impl Api {
    async fn answer(&self, request: lambda_http::Request) -> Response<Body> {
        let built = self.built.get_or_try_init(|| async {
            let ctx = self.lazy.get().await?.clone();
            // Live streams follow the log while a request is served; between requests the platform stops everything.
            let tail = ctx.tail.clone();
            tokio::spawn(async move { tail.run().await });
            let router = (self.router)(&ctx);
            Ok::<_, super::NoCtx>((ctx, router))
        });
        let (ctx, router) = match built.await {
            Ok(built) => built,
            Err(error) => {
                tracing::error!(%error, "the function cannot serve");
                return unavailable();
            }
        };
        let Ok(response) = router.clone().oneshot(received(request)).await;
        // What the request committed and did not wait for.
        publish::own(ctx, self.name).await;
        emf::flush(ctx, self.name, &self.lazy.deployed_as);
        response
    }
}

fn received(request: lambda_http::Request) -> Request<Body> {
    let (parts, body) = request.into_parts();
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    Request::from_parts(parts, body)
}

/// A problem document: the function's own needs are not met. The log says which.
fn unavailable() -> Response<Body> {
    const DOCUMENT: &str = r#"{"type":"/docs#store_busy","title":"The database does not answer","status":503,"detail":"the function cannot reach what it needs","code":"store_busy","errors":[]}"#;
    let mut response = Response::new(Body::from(DOCUMENT));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
