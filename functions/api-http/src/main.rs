//! `api-http` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve_http(api_http::NAME, api_http::router)
}
