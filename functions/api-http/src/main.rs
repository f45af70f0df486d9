//! `api-http` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve_http(api_http::NAME, api_http::router)
}
