//! Whether a delivery comes from somebody who knows the secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `signature`, as `X-Hub-Signature-256` has it, is that of these very bytes. How long the answer takes says nothing
/// about how much of a wrong signature is right.
#[must_use]
pub fn holds(signature: &str, secret: &str, body: &[u8]) -> bool {
    let Some(code) = signature.strip_prefix("sha256=").and_then(bytes_of) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&code).is_ok()
}

/// The bytes behind hexadecimal digits; `None` when there are others, or an odd number of them.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    // A pair may not begin with a sign, which the conversion would take.
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte_at = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte_at).collect()
}

#[cfg(test)]
mod tests {
    use super::holds;

    // PR-11: the example that GitHub documents
    #[test]
    fn a_signature_holds_for_its_bytes_and_its_secret_alone() {
        let secret = "It's a Secret to Everybody";
        let code = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let body: &[u8] = b"Hello, World!";
        assert!(holds(&format!("sha256={code}"), secret, body));
        assert!(holds(&format!("sha256={}", code.to_uppercase()), secret, body));
        let odd = &code[1..];
        let short = &code[2..];
        let signed = code.replacen("75", "+5", 1);
        for (signature, secret, body) in [
            (format!("sha256={code}"), "it's a secret to everybody", body),
            (format!("sha256={code}"), "", body),
            (format!("sha256={code}"), secret, b"Hello, World".as_slice()),
            (format!("sha256={}", code.replacen('7', "8", 1)), secret, body),
            (format!("sha256={odd}"), secret, body),
            (format!("sha256={short}"), secret, body),
            (format!("sha256={code}00"), secret, body),
            (format!("sha256={signed}"), secret, body),
            (format!("sha1={code}"), secret, body),
            (code.to_owned(), secret, body),
            ("sha256=".to_owned(), secret, body),
            ("sha256=é".to_owned(), secret, body),
            (String::new(), secret, body),
        ] {
            assert!(!holds(&signature, secret, body), "{signature}");
        }
    }
}
