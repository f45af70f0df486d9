//! What the server answered, as it was served.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::{ClientError, ProblemDocument};

/// An answer, good unless its reader wanted any. The text is kept as served, so that `--json` shows exactly that.
#[derive(Clone, Debug)]
pub struct Document {
    /// HTTP status; 200 to 299 of a good answer.
    pub status: u16,
    /// Where to look for what is not finished yet.
    pub location: Option<String>,
    /// The body.
    pub text: String,
}

impl Document {
    /// The body as a value.
    ///
    /// # Errors
    /// When the body is not what the caller expects of this server.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_str(&self.text).map_err(|source| ClientError::ReadDocument { source })
    }

    /// The whole answer, good or not.
    pub(super) async fn taken_from(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let status = response.status().as_u16();
        Ok(Self { status, location: None, text: response.text().await? })
    }

    /// The whole answer, or the problem that it is.
    pub(super) async fn read_from(
        response: reqwest::Response,
        failed: impl Fn(reqwest::Error) -> ClientError,
    ) -> Result<Self, ClientError> {
        let status = response.status();
        let location = header(response.headers(), LOCATION.as_str()).map(str::to_owned);
        let retry_after = retry_after(response.headers());
        let text = response.text().await.map_err(failed)?;
        if status.is_success() {
            return Ok(Self { status: status.as_u16(), location, text });
        }
        Err(refusal(status, &text, retry_after))
    }
}

/// The error that an answer other than 2xx amounts to.
pub(super) fn refusal(status: StatusCode, text: &str, retry_after: Option<Duration>) -> ClientError {
    match serde_json::from_str::<ProblemDocument>(text) {
        Ok(mut problem) => {
            problem.status = status.as_u16();
            ClientError::Problem { problem: Box::new(problem), retry_after }
        }
        Err(_) => ClientError::Protocol { status: status.as_u16() },
    }
}

/// `Retry-After` in seconds; the form with a date is not used by our servers.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    header(headers, RETRY_AFTER.as_str())?.trim().parse().ok().map(Duration::from_secs)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // HTTP-1
    #[test]
    fn a_refusal_is_its_problem_document_with_what_it_says_beyond_the_standard() {
        let text = r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"closed","code":"thread_closed",
            "request_id":"req_1","errors":[{"pointer":"/body","detail":"is required"}],"from":"closed"}"#;
        let ClientError::Problem { problem, .. } = refusal(StatusCode::CONFLICT, text, None) else {
            panic!("not a problem document")
        };
        assert_eq!((problem.status, problem.code.as_str()), (409, "thread_closed"));
        assert_eq!(problem.errors[0].pointer, "/body");
        assert_eq!(problem.extra.get("from").and_then(|from| from.as_str()), Some("closed"));
    }

    // HTTP-1
    #[test]
    fn an_answer_that_is_no_problem_document_is_not_taken_for_one() {
        let error = refusal(StatusCode::BAD_GATEWAY, "<html>", None);
        assert!(matches!(error, ClientError::Protocol { status: 502 }), "{error}");
    }

    // HTTP-8
    #[test]
    fn a_wait_is_read_in_seconds_and_anything_else_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "1".parse().expect("a header value"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(1)));
        headers.insert(RETRY_AFTER, "Wed, 21 Oct 2015 07:28:00 GMT".parse().expect("a header value"));
        assert_eq!(retry_after(&headers), None);
    }
}
