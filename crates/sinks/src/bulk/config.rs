//! What a user writes about a cluster, checked once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{BatchLimits, Check, Embedding, Header, Secret, SecretRef};
use serde::Deserialize;

use super::{Auth, encode};
use crate::{Common, Size};

/// 5 MB is where Elastic's page "Tune for indexing speed" and its own senders begin; 100 MB is `http.max_content_length`.
pub(crate) const SIZE: Size = Size {
    default_events: 5000,
    ceiling_events: 100_000,
    default_bytes: 5_000_000,
    ceiling_bytes: 100_000_000,
    embedding: Embedding::Verbatim,
    ..Size::ANY
};

/// Bytes of an answer that are read for each event: one that was taken has 40 and its index's name, of 280 bytes at the
/// very most; one that was refused has a sentence or two besides. A longer answer is cut, and the batch halved.
const ANSWER_BYTES_PER_EVENT: usize = 400;
/// Most bytes of an answer that are read, however many events it is about.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Limits of a request, as the configuration has them.
pub(crate) fn limits(common: &Common, check: &mut Check<'_>) -> BatchLimits {
    let limits = common.limits(&SIZE, check);
    let answer = limits.max_events.saturating_mul(ANSWER_BYTES_PER_EVENT);
    BatchLimits {
        bytes_per_event: encode::BYTES_PER_EVENT,
        max_answer_bytes: answer
            .saturating_add(BatchLimits::ANSWER_BYTES)
            .min(MAX_ANSWER_BYTES),
        ..limits
    }
}

/// Names the parts of a data stream, `logs-DATASET-NAMESPACE`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DataStream {
    /// What the events are; `akamai.siem`, that of Elastic's Akamai integration, if it is not set.
    #[serde(default = "dataset")]
    pub dataset: String,
    /// Whose they are; `default` if it is not set.
    #[serde(default = "namespace")]
    pub namespace: String,
}

fn dataset() -> String {
    "akamai.siem".to_owned()
}

fn namespace() -> String {
    "default".to_owned()
}

impl Default for DataStream {
    fn default() -> Self {
        Self {
            dataset: dataset(),
            namespace: namespace(),
        }
    }
}

/// Where events go within the cluster, as a user writes it.
pub(crate) struct Place<'a> {
    pub(crate) index: Option<&'a String>,
    pub(crate) data_stream: Option<&'a DataStream>,
    pub(crate) pipeline: Option<&'a String>,
    /// What is written to if neither index nor data stream is named.
    pub(crate) default: Option<DataStream>,
}

/// Name of the index or data stream, and the pipeline.
pub(crate) fn place(place: &Place<'_>, check: &mut Check<'_>) -> Option<(String, Option<String>)> {
    if let Some(pipeline) = place.pipeline
        && !is_pipeline(pipeline)
    {
        check.problem(
            "pipeline",
            "this cannot name an ingest pipeline",
            "use 1 to 255 letters, digits, dots, hyphens and underscores",
        );
        return None;
    }
    let index = match (place.index, place.data_stream, &place.default) {
        (Some(_), Some(_), _) => {
            check.problem(
                "data_stream",
                "events go to an index or to a data stream, not to both",
                "remove one of index and data_stream",
            );
            None
        }
        (Some(index), None, _) => checked_index(index, check),
        (None, Some(stream), _) | (None, None, Some(stream)) => checked_stream(stream, check),
        (None, None, None) => {
            check.problem(
                "index",
                "neither an index nor a data stream is named",
                "set index = \"NAME\", or data_stream = { dataset = \"…\", namespace = \"…\" }",
            );
            None
        }
    };
    Some((index?, place.pipeline.cloned()))
}

fn checked_index(index: &str, check: &mut Check<'_>) -> Option<String> {
    // Elasticsearch's page "Create index", "Path parameters", without the characters that a path would have to encode.
    let good = (1..=255).contains(&index.len())
        && !index.starts_with(['-', '_', '.'])
        && index
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'));
    if !good {
        check.problem(
            "index",
            "this cannot name an index, a data stream or an alias",
            "use 1 to 255 lower-case letters, digits, dots, hyphens and underscores, and begin with a letter or digit",
        );
    }
    good.then(|| index.to_owned())
}

fn checked_stream(stream: &DataStream, check: &mut Check<'_>) -> Option<String> {
    let parts = [
        ("data_stream.dataset", &stream.dataset),
        ("data_stream.namespace", &stream.namespace),
    ];
    let mut good = true;
    for (key, part) in parts {
        // ECS, fields data_stream.dataset and data_stream.namespace: at most 100 bytes, no hyphen.
        let fits = (1..=100).contains(&part.len())
            && part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_'));
        if !fits {
            check.problem(
                key,
                "this cannot be a part of a data stream's name",
                "use 1 to 100 lower-case letters, digits, dots and underscores; hyphens separate the parts",
            );
            good = false;
        }
    }
    good.then(|| format!("logs-{}-{}", stream.dataset, stream.namespace))
}

fn is_pipeline(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// User and password as HTTP has them (RFC 7617).
pub(crate) fn basic(
    user: Option<&String>,
    password: Option<&SecretRef>,
    check: &mut Check<'_>,
) -> Option<Auth> {
    let (user, password) = match (user, password) {
        (Some(user), Some(password)) => (user, password),
        (Some(_), None) => {
            check.problem(
                "password",
                "a user without a password is nobody",
                "set password = { secret = \"NAME\" }",
            );
            return None;
        }
        (None, Some(_)) => {
            check.problem("user", "the password is nobody's", "set user");
            return None;
        }
        (None, None) => return None,
    };
    if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
        check.problem(
            "user",
            "a user's name has no colon and no control character",
            "check the name",
        );
        return None;
    }
    let password = check.secret("password", password)?;
    let encoded = STANDARD.encode(format!("{user}:{}", password.expose()));
    Some(authorization("Basic", encoded, vec![password]))
}

/// An `authorization` header of this scheme; `credential` is hidden too, beside `hidden`.
pub(crate) fn authorization(scheme: &str, credential: String, mut hidden: Vec<Secret>) -> Auth {
    let value = Secret::new(format!("{scheme} {credential}"));
    hidden.push(Secret::new(credential));
    Auth::Header { value, hidden }
}

/// What a user writes about credentials.
pub(crate) struct Given<'a> {
    /// The keys of those that are set.
    pub(crate) keys: &'a [&'static str],
    /// Whether the user says that there are none.
    pub(crate) unauthenticated: bool,
    /// Headers of the user's choosing.
    pub(crate) headers: &'a [Header],
    /// What could be set, for whoever has set nothing.
    pub(crate) ways: &'a str,
    /// The key that is at fault then.
    pub(crate) first: &'static str,
}

/// `auth`, if exactly one kind of credentials is given, or none and the user says so: a forgotten secret must not be
/// taken for a decision.
pub(crate) fn only(auth: Option<Auth>, given: &Given<'_>, check: &mut Check<'_>) -> Option<Auth> {
    let in_headers = given
        .headers
        .iter()
        .any(|(name, _)| name == "authorization");
    match given.keys {
        [] if given.unauthenticated || in_headers => Some(Auth::None),
        [] => {
            check.problem(
                given.first,
                "the sink has no credentials",
                &format!(
                    "set {}, or unauthenticated = true if the cluster asks for none",
                    given.ways
                ),
            );
            None
        }
        [_, second, ..] => {
            check.problem(
                second,
                "the sink has two kinds of credentials",
                "remove one of them",
            );
            None
        }
        [_] if given.unauthenticated => {
            check.problem(
                "unauthenticated",
                "unauthenticated = true contradicts the credentials",
                "remove one of them",
            );
            None
        }
        [_] if in_headers => {
            check.problem(
                "headers.authorization",
                "the sink has credentials already, and a request carries only one authorization",
                "remove one of them",
            );
            None
        }
        [_] => auth,
    }
}
