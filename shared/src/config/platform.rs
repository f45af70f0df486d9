//! What a deployed function must know of its platform before it reads its settings.

/// The name of the deployed function that this process is; none where AWS Lambda did not start it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the one that reads the environment")]
pub fn lambda_name() -> Option<String> {
    std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok()
}

/// `live.streaming`, read alone: a deployed function must know it before its first request, and reads the rest with that. What
/// is no word for it is refused then.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the one that reads the environment")]
pub fn streams_responses() -> bool {
    std::env::var("AGENTFORUM_LIVE_STREAMING").map_or(true, |text| !text.trim().eq_ignore_ascii_case("false"))
}
