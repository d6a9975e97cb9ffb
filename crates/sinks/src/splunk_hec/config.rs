//! What a user writes about an event collector, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{BatchLimits, Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{ABOUT, Ack, Raw, Route, SplunkHec, encode};
use crate::check::SinkCheck as _;
use crate::ndjson::LINE_FEED_BYTES;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "splunk-hec"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The collector, such as `https://http-inputs-acme.splunkcloud.com` or `https://splunk.example:8088`.
    /// `/services/collector/event` or `/services/collector/raw` is added unless it is there.
    pub url: String,
    /// `event` if it is not set and the url does not end in `/raw`. `raw` sends lines as they are, such as CEF, and Splunk makes
    /// events of them by the source type; then there is no place for ids, times and fields.
    #[serde(default)]
    pub endpoint: Option<Route>,
    /// The HEC token.
    pub token: SecretRef,
    /// Index; the token's default if it is not set.
    #[serde(default)]
    pub index: Option<String>,
    /// Source; the token's default if it is not set.
    #[serde(default)]
    pub source: Option<String>,
    /// Source type; the token's default if it is not set, because what it should be depends on the
    /// stream's source and schema, and the person who made the token for this feed has chosen one.
    /// Akamai's app for Splunk searches `akamaisiem`.
    #[serde(default)]
    pub sourcetype: Option<String>,
    /// Host; the token's default if it is not set.
    #[serde(default)]
    pub host: Option<String>,
    /// More indexed fields, the same for every event. `edgesiem_id` and `edgesiem_replay` are ours.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Wait for indexer acknowledgement; the token must have it enabled.
    #[serde(default)]
    pub ack: bool,
    /// Seconds to wait for it before the batch is sent again; 300 if it is not set.
    #[serde(default)]
    pub ack_timeout_s: Option<u64>,
    /// Channel of the acknowledgements and of raw lines, a GUID; derived from the sink's name and url if it is not set.
    #[serde(default)]
    pub channel: Option<String>,
}

const COLLECTOR_PATH: &str = "/services/collector";

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        default_events: 10_000,
        default_bytes: 1_000_000,
        // max_content_length of HEC's input (limits.conf).
        ceiling_bytes: 838_860_800,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.url(&self.url);
        let token = check.header_secret("token", &self.token);
        self.check_fields(check);
        let ack_timeout_s = check.number("ack_timeout_s", self.ack_timeout_s, 300, 1..=3600);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target) = url?;
        let (route, collector) = route(&target, self.endpoint).or_else(|| {
            check.problem(
                "url",
                "this is not the address of an event collector's event or raw endpoint",
                "write the collector's base address without a query, such as https://splunk.example:8088",
            );
            None
        })?;
        self.check_channel(route, check);
        let channel = || {
            let channel = self.channel.clone();
            let channel = channel.unwrap_or_else(|| derived_channel(name, &endpoint.to_string()));
            channel.to_ascii_lowercase()
        };
        let ack = self.ack.then(|| Ack {
            channel: channel(),
            timeout_ms: ack_timeout_s.saturating_mul(1000),
        });
        let raw = (route == Route::Raw).then(|| Raw {
            query: encode::raw_query(self, &channel()),
            source: self.source.clone(),
        });
        let (before, after, end) = encode::envelope(self);
        let limits = match route {
            Route::Event => encode::with_envelope(limits, &[&before, &after, &end]),
            Route::Raw => BatchLimits {
                bytes_per_event: LINE_FEED_BYTES,
                embedding: Embedding::Verbatim,
                ..limits
            },
        };
        let token = token?;
        Some(Box::new(SplunkHec {
            name: name.to_owned(),
            limits,
            authorization: Secret::new(format!("Splunk {}", token.expose())),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            collector,
            token,
            before,
            after,
            end,
            raw,
            ack,
        }))
    }
}

impl Config {
    fn check_fields(&self, check: &mut Check<'_>) {
        for (name, value) in &self.fields {
            let key = format!("fields.{name}");
            let is_name = (1..=64).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
                && !name.starts_with('_');
            if !is_name {
                check.problem(
                    &key,
                    "this cannot name an indexed field",
                    "use 1 to 64 letters, digits, dots and underscores, not beginning with an underscore",
                );
            } else if [encode::ID_FIELD, encode::REPLAY_FIELD].contains(&name.as_str()) {
                check.problem(&key, "this field is EdgeSIEM's own", "choose another name");
            }
            check_text(check, &key, Some(value));
        }
        check_text(check, "index", self.index.as_ref());
        check_text(check, "source", self.source.as_ref());
        check_text(check, "sourcetype", self.sourcetype.as_ref());
        check_text(check, "host", self.host.as_ref());
    }

    fn check_channel(&self, route: Route, check: &mut Check<'_>) {
        if let Some(channel) = &self.channel
            && !is_guid(channel)
        {
            check.problem(
                "channel",
                "a channel is a GUID",
                "use a form such as 0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba, or leave it out",
            );
        }
        let unused = [
            ("channel", self.channel.is_some() && route == Route::Event),
            ("ack_timeout_s", self.ack_timeout_s.is_some()),
        ];
        for (key, set) in unused {
            if set && !self.ack {
                check.problem(
                    key,
                    "this means nothing without acknowledgement",
                    "set ack = true, or remove it",
                );
            }
        }
        if route == Route::Raw && !self.fields.is_empty() {
            check.problem(
                "fields",
                "raw lines have no indexed fields",
                "remove them, or set endpoint = \"event\"",
            );
        }
    }
}

fn check_text(check: &mut Check<'_>, key: &str, text: Option<&String>) {
    if let Some(text) = text
        && (text.is_empty() || text.len() > 256 || text.chars().any(char::is_control))
    {
        check.problem(
            key,
            "this must be 1 to 256 bytes without control characters",
            "change the value, or leave it out",
        );
    }
}

/// Which endpoint, and the collector's path, for the path that a user wrote: the server's root, a prefix of a proxy, or a
/// path of the collector itself. `None` for its other endpoints, for a query, and for an endpoint that contradicts `wanted`.
fn route(target: &str, wanted: Option<Route>) -> Option<(Route, String)> {
    if target.contains('?') {
        return None;
    }
    let path = target.trim_end_matches('/');
    let (written, base) = [Route::Event, Route::Raw]
        .into_iter()
        .find_map(|route| {
            let base = path.strip_suffix(route.path())?;
            base.ends_with(COLLECTOR_PATH)
                .then_some((Some(route), base))
        })
        .unwrap_or((None, path));
    let route = match (wanted, written) {
        (Some(wanted), Some(written)) if wanted != written => return None,
        (wanted, written) => wanted.or(written).unwrap_or_default(),
    };
    let prefix = base.strip_suffix(COLLECTOR_PATH).unwrap_or(base);
    (!prefix.contains(COLLECTOR_PATH)).then(|| (route, format!("{prefix}{COLLECTOR_PATH}")))
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The same sink has the same channel in every run, so that acknowledgements survive a restart. A version 8
/// UUID (RFC 9562 section 5.8), because it is derived and not random.
fn derived_channel(name: &str, endpoint: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["edgesiem splunk-hec channel v1", name, endpoint] {
        // Lengths first: no two names and endpoints run into each other.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let bits = digest
        .iter()
        .take(16)
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let group = |shift: u32, mask: u128| bits >> shift & mask;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        group(96, 0xffff_ffff),
        group(80, 0xffff),
        group(64, 0xffff),
        group(48, 0xffff),
        group(0, 0xffff_ffff_ffff),
    )
}

#[cfg(test)]
mod tests {
    use super::Route::{self, Event, Raw};
    use super::{derived_channel, is_guid, route};

    #[test]
    fn the_endpoint_is_found_from_what_users_write() {
        let at = |route: Route, prefix: &str| Some((route, format!("{prefix}/services/collector")));
        for (target, wanted, expected) in [
            ("/", None, at(Event, "")),
            ("/", Some(Raw), at(Raw, "")),
            ("/services/collector", None, at(Event, "")),
            ("/services/collector/", Some(Raw), at(Raw, "")),
            ("/services/collector/event", None, at(Event, "")),
            ("/services/collector/event/", Some(Event), at(Event, "")),
            ("/services/collector/event", Some(Raw), None),
            ("/services/collector/raw", None, at(Raw, "")),
            ("/services/collector/raw/", Some(Raw), at(Raw, "")),
            ("/services/collector/raw", Some(Event), None),
            ("/splunk/", None, at(Event, "/splunk")),
            ("/raw", None, at(Event, "/raw")),
            ("/services/collector/ack", None, None),
            ("/services/collector/event/1.0", None, None),
            ("/services/collector/event?channel=x", None, None),
            ("/services/collector/raw?channel=x", None, None),
            ("/?token=x", None, None),
        ] {
            assert_eq!(route(target, wanted), expected, "{target} {wanted:?}");
        }
    }

    #[test]
    fn a_derived_channel_is_a_version_8_uuid_that_belongs_to_one_sink() {
        let channel = derived_channel("splunk", "https://splunk.example:8088");
        assert!(is_guid(&channel), "{channel}");
        let nibble = |at: usize| channel.as_bytes()[at];
        assert_eq!(nibble(14), b'8');
        assert!(b"89ab".contains(&nibble(19)), "{channel}");
        assert_eq!(
            channel,
            derived_channel("splunk", "https://splunk.example:8088")
        );
        assert_ne!(
            channel,
            derived_channel("splunkh", "ttps://splunk.example:8088")
        );
    }
}
