//! Signing, and reading credentials.

use std::collections::BTreeMap;

use edgesiem_edgegrid as eg;
use js_sys::{Date, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{credentials_error, invalid_argument, thrown, to_js};

/// What is signed of a request. It must be what is sent.
#[derive(Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct SigningRequest {
    /// `GET` if left out.
    #[tsify(optional, type = "string | undefined")]
    method: Option<String>,
    /// Absolute URL, or path and query on the credentials' host. It is signed as it is written, while
    /// `fetch` sends `new URL(url).href`: if the two differ, sign the latter.
    url: String,
    /// Only those that the credentials name in `headersToSign` are signed.
    #[tsify(
        optional,
        type = "Record<string, string> | [name: string, value: string][] | undefined"
    )]
    headers: Option<HeadersDto>,
    /// Signed for POST only.
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    #[tsify(optional, type = "string | Uint8Array | undefined")]
    body: JsValue,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected `headers` to be an object of strings or an array of [name, value]"
)]
enum HeadersDto {
    Pairs(Vec<(String, String)>),
    Record(BTreeMap<String, String>),
}

// `Debug` is left out on purpose: it holds the secret.
/// An Akamai API client's credentials. `clientSecret` is the secret itself: do not log this object.
#[derive(Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    /// Host name of the API, such as `akab-….luna.akamaiapis.net`.
    host: String,
    /// Token of the API client.
    client_token: String,
    /// Its secret.
    client_secret: String,
    /// Token of its access.
    access_token: String,
    /// How much of a POST body is signed, in bytes; 131072 if left out.
    #[tsify(optional, type = "number | undefined")]
    max_body: Option<u32>,
    /// Names of headers to sign, in signing order; none if left out.
    #[tsify(optional, type = "string[] | undefined")]
    headers_to_sign: Option<Vec<String>>,
    /// Account switch key. Signing ignores it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "string | undefined")]
    account_key: Option<String>,
}

/// Time and nonce, if they are not to be of now and random.
#[derive(Default, Deserialize, Tsify)]
struct SigningOptions {
    /// `20140321T19:34:21+0000`, or milliseconds since 1970.
    #[tsify(optional, type = "string | number | undefined")]
    timestamp: Option<TimestampDto>,
    /// A text that no other request has; a random UUID if left out.
    #[tsify(optional, type = "string | undefined")]
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected `timestamp` to be a string or a number of milliseconds"
)]
enum TimestampDto {
    Text(String),
    Millis(f64),
}

/// A signature, and what a reader of it needs to check it.
#[derive(Serialize, Tsify)]
struct SignedRequest<'a> {
    /// Value of the `Authorization` header, good for one attempt.
    #[tsify(type = "string")]
    authorization: &'a str,
    /// The time that was signed, `20140321T19:34:21+0000`.
    #[tsify(type = "string")]
    timestamp: &'a str,
    /// The nonce that was signed.
    #[tsify(type = "string")]
    nonce: &'a str,
}

/// Every stage of a signature, to compare with another implementation's.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct ExplainedSignature<'a> {
    /// Value of the `Authorization` header, good for one attempt.
    #[tsify(type = "string")]
    authorization: &'a str,
    /// The time that was signed, `20140321T19:34:21+0000`.
    #[tsify(type = "string")]
    timestamp: &'a str,
    /// The nonce that was signed.
    #[tsify(type = "string")]
    nonce: &'a str,
    /// The headers that are signed, in canonical form.
    #[tsify(type = "string")]
    canonical_headers: &'a str,
    /// SHA-256 of what is signed of a POST body, in base64; empty for other methods.
    #[tsify(type = "string")]
    content_hash: &'a str,
    /// What the signature is over, its parts separated by tabs.
    #[tsify(type = "string")]
    data_to_sign: &'a str,
    /// Signs any request with this timestamp: as secret as the client secret until that time is past.
    #[tsify(type = "string")]
    signing_key: &'a str,
    /// HMAC-SHA256 of `dataToSign` under `signingKey`, in base64.
    #[tsify(type = "string")]
    signature: &'a str,
}

/// Signs one attempt at a request (EG1-HMAC-SHA256).
#[wasm_bindgen(unchecked_return_type = "SignedRequest")]
pub fn sign(
    #[wasm_bindgen(unchecked_param_type = "SigningRequest")] request: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Credentials")] credentials: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "SigningOptions")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let (signature, time, nonce) = signed(request, credentials, options)?;
    to_js(&SignedRequest {
        authorization: &signature.authorization,
        timestamp: time.as_str(),
        nonce: nonce.as_str(),
    })
}

/// Signs like `sign` and shows every stage of it.
#[wasm_bindgen(js_name = explainSignature, unchecked_return_type = "ExplainedSignature")]
pub fn explain_signature(
    #[wasm_bindgen(unchecked_param_type = "SigningRequest")] request: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Credentials")] credentials: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "SigningOptions")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let (signature, time, nonce) = signed(request, credentials, options)?;
    to_js(&ExplainedSignature {
        authorization: &signature.authorization,
        timestamp: time.as_str(),
        nonce: nonce.as_str(),
        canonical_headers: &signature.canonical_headers,
        content_hash: &signature.content_hash,
        data_to_sign: &signature.data_to_sign,
        signing_key: signature.signing_key.reveal(),
        signature: &signature.signature,
    })
}

/// Credentials in a section (`default` if left out) of the text of an `.edgerc` file.
#[wasm_bindgen(js_name = parseEdgerc, unchecked_return_type = "Credentials")]
pub fn parse_edgerc(text: &str, section: Option<String>) -> Result<JsValue, JsValue> {
    let section = section.as_deref().unwrap_or("default");
    let credentials = eg::parse_edgerc(text, section).map_err(|error| credentials_error(&error))?;
    credentials_to_js(&credentials)
}

/// Credentials in `AKAMAI_*` variables (`process.env`), or `undefined` if none of them is set.
#[wasm_bindgen(js_name = credentialsFromEnv, unchecked_return_type = "Credentials | undefined")]
pub fn credentials_from_env(
    #[wasm_bindgen(unchecked_param_type = "Record<string, string | undefined>")] variables: JsValue,
    section: Option<String>,
) -> Result<JsValue, JsValue> {
    let section = section.as_deref().unwrap_or("default");
    let lookup = |name: &str| Reflect::get(&variables, &name.into()).ok()?.as_string();
    match eg::from_env(lookup, section).map_err(|error| credentials_error(&error))? {
        Some(credentials) => credentials_to_js(&credentials),
        None => Ok(JsValue::UNDEFINED),
    }
}

fn signed(
    request: JsValue,
    credentials: JsValue,
    options: JsValue,
) -> Result<(eg::Signature, eg::SigningTime, eg::Nonce), JsValue> {
    let request: SigningRequest = from_js("request", request)?;
    let credentials = credentials_from_js(credentials)?;
    let options: Option<SigningOptions> = from_js("options", options)?;
    let options = options.unwrap_or_default();
    let time = signing_time(options.timestamp)?;
    let nonce = match options.nonce {
        Some(text) => eg::Nonce::new(&text)
            .map_err(|error| invalid_argument("options.nonce", &error.to_string()))?,
        None => random_nonce()?,
    };
    let body = body_bytes(&request.body)?;
    let headers = match &request.headers {
        None => Vec::new(),
        Some(HeadersDto::Pairs(pairs)) => pairs
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect(),
        Some(HeadersDto::Record(record)) => record
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect(),
    };
    let url = if request.url.starts_with('/') {
        format!("https://{}{}", credentials.host(), request.url)
    } else {
        request.url
    };
    let parts =
        eg::split_url(&url).map_err(|error| invalid_argument("request.url", &error.to_string()))?;
    let request = eg::Request {
        method: request.method.as_deref().unwrap_or("GET"),
        scheme: parts.scheme,
        host: parts.host,
        target: parts.target,
        headers: &headers,
        body: &body,
    };
    Ok((eg::sign(&request, &credentials, &time, &nonce), time, nonce))
}

fn signing_time(timestamp: Option<TimestampDto>) -> Result<eg::SigningTime, JsValue> {
    let millis = match timestamp {
        Some(TimestampDto::Text(text)) => {
            return eg::SigningTime::new(&text)
                .map_err(|error| invalid_argument("options.timestamp", &error.to_string()));
        }
        Some(TimestampDto::Millis(millis)) if millis.is_finite() && millis >= 0.0 => millis,
        Some(TimestampDto::Millis(_)) => {
            let reason = "milliseconds since 1970 cannot be negative or infinite";
            return Err(invalid_argument("options.timestamp", reason));
        }
        None => Date::now(),
    };
    // `as` stops at the ends of the range.
    Ok(eg::SigningTime::from_epoch_ms(millis as u64))
}

#[expect(
    clippy::disallowed_methods,
    reason = "JavaScript is the host here, and this is its source of chance"
)]
fn random_nonce() -> Result<eg::Nonce, JsValue> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        thrown(
            "no_entropy",
            &format!("no random nonce: {error}"),
            "pass options.nonce, new for every request",
        )
    })?;
    Ok(eg::Nonce::from_random(bytes))
}

fn body_bytes(body: &JsValue) -> Result<Vec<u8>, JsValue> {
    if body.is_undefined() || body.is_null() {
        Ok(Vec::new())
    } else if let Some(text) = body.as_string() {
        Ok(text.into_bytes())
    } else if let Some(bytes) = body.dyn_ref::<Uint8Array>() {
        Ok(bytes.to_vec())
    } else {
        Err(invalid_argument(
            "request.body",
            "needs a string or a Uint8Array",
        ))
    }
}

fn credentials_from_js(value: JsValue) -> Result<eg::Credentials, JsValue> {
    let dto: Credentials = from_js("credentials", value)?;
    let headers_to_sign: Vec<_> = dto
        .headers_to_sign
        .iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let fields = eg::Fields {
        host: &dto.host,
        client_token: &dto.client_token,
        client_secret: &dto.client_secret,
        access_token: &dto.access_token,
        max_body: dto
            .max_body
            .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        headers_to_sign: &headers_to_sign,
        account_key: dto.account_key.as_deref(),
    };
    eg::Credentials::new(&fields).map_err(|error| credentials_error(&error))
}

fn credentials_to_js(credentials: &eg::Credentials) -> Result<JsValue, JsValue> {
    to_js(&Credentials {
        host: credentials.host().to_owned(),
        client_token: credentials.client_token().to_owned(),
        client_secret: credentials.client_secret().expose().to_owned(),
        access_token: credentials.access_token().to_owned(),
        max_body: Some(u32::try_from(credentials.max_body()).unwrap_or(u32::MAX)),
        headers_to_sign: Some(credentials.headers_to_sign().to_vec()),
        account_key: credentials.account_key().map(str::to_owned),
    })
}

/// serde's reasons can quote a value (`invalid type: string "…", expected …`), which may be a secret in the
/// wrong place: only what was expected is passed on, and the names of missing members.
fn from_js<T: DeserializeOwned>(name: &str, value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| {
        let reason = error.to_string();
        let (_, known) = reason
            .rsplit_once("expected ")
            .or_else(|| reason.rsplit_once("missing field "))
            .unwrap_or(("", "another type"));
        invalid_argument(name, &format!("needs {known}"))
    })
}
