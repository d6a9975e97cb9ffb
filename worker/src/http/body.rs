//! The body of an administrator's request.

use edgesiem::Body;
use serde_json::Value;
use web_sys::Request;

use super::answer::Refusal;
use crate::body::StreamBody;

/// Longest body.
const MAX_BYTES: usize = 64 * 1024;

/// Reads a body as JSON; `null` if there is none.
///
/// # Errors
/// 413, 415, and 400 if it is not JSON.
pub(super) async fn read(request: &Request) -> Result<Value, Refusal> {
    let mut bytes = Vec::new();
    let mut body = StreamBody::new(request.body())
        .map_err(|_| Refusal::bad_request("the body cannot be read", "send it again"))?;
    loop {
        let read = body.read(&mut bytes).await.map_err(|error| {
            Refusal::bad_request(format!("the body broke off: {error}"), "send it again")
        })?;
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::new(
                413,
                "too_large",
                format!("the body is longer than {MAX_BYTES} bytes"),
                "ask for less at once",
            ));
        }
        if read == 0 {
            break;
        }
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let content_type = request.headers().get("content-type").ok().flatten();
    let essence = content_type
        .as_deref()
        .and_then(|value| value.split(';').next())
        .map_or("", str::trim);
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(
            415,
            "unsupported_media_type",
            "the body is not said to be JSON",
            "send the header `content-type: application/json`",
        ));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::bad_request(
            format!("the body is not JSON: {error}"),
            "send a JSON object",
        )
    })
}
