//! What a user writes about a bucket, checked once.

use base64::Engine as _;
use edgesiem_model::{BatchLimits, Check, Embedding, Endpoint, Header, SecretRef, Sink, plain};
use serde::Deserialize;

use super::{ABOUT, S3};
use crate::aws::{Keys, Signer};
use crate::check::SinkCheck as _;
use crate::config::PlainOrSecret;
use crate::ndjson::LINE_FEED_BYTES;
use crate::object::Prefix;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "s3"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The bucket.
    pub bucket: String,
    /// The bucket's region, such as `eu-west-1`. With `endpoint` it may be left out, and is `us-east-1` then, which R2 and
    /// MinIO take.
    #[serde(default)]
    pub region: Option<String>,
    /// The server, if it is not Amazon's, such as `https://ACCOUNT.r2.cloudflarestorage.com`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Where the bucket's name stands; in the host's name at Amazon's servers, in the path at others, unless it is set.
    #[serde(default)]
    pub addressing: Option<Addressing>,
    /// The beginning of every key, in which `%Y`, `%m`, `%d` and `%H` are the UTC time of the batch's first event;
    /// `edgesiem/%Y/%m/%d/` if it is not set.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The access key's id.
    pub access_key_id: PlainOrSecret,
    /// The access key.
    pub secret_access_key: SecretRef,
    /// The token that belongs to temporary credentials.
    #[serde(default)]
    pub session_token: Option<SecretRef>,
    /// Whether an object that is there is left alone (`If-None-Match: *`). `false` is for servers that do not know the
    /// condition; a repeated delivery then writes the same object once more.
    #[serde(default = "yes")]
    pub if_none_match: bool,
    /// Storage class, such as `STANDARD_IA`; the bucket's default if it is not set.
    #[serde(default)]
    pub storage_class: Option<String>,
    /// Encryption by the server: `AES256`, `aws:kms` or `aws:kms:dsse`; the bucket's default if it is not set.
    #[serde(default)]
    pub server_side_encryption: Option<Encryption>,
    /// The key of `aws:kms` and `aws:kms:dsse`, by id or ARN; the account's own if it is not set.
    #[serde(default)]
    pub kms_key_id: Option<String>,
    /// Send the SHA-256 of each object along for good (`x-amz-checksum-sha256`). Buckets with Object Lock want it; some
    /// servers other than Amazon's refuse it.
    #[serde(default)]
    pub checksum: bool,
}

/// Where the bucket's name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Addressing {
    /// In the host's name: `https://BUCKET.SERVER/KEY`.
    VirtualHosted,
    /// In the path: `https://SERVER/BUCKET/KEY`.
    Path,
}

/// Encryption by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub enum Encryption {
    /// With a key of S3's.
    #[serde(rename = "AES256")]
    Aes256,
    /// With a key of the Key Management Service.
    #[serde(rename = "aws:kms")]
    Kms,
    /// The same, twice.
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}

impl Encryption {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "aws:kms",
            Self::KmsDsse => "aws:kms:dsse",
        }
    }
}

const fn yes() -> bool {
    true
}

/// What an object holds unless the configuration says otherwise. A single PUT may have 5 GB; memory is the bound, and the
/// stream's limits come first.
pub(crate) const SIZE: Size = Size {
    default_events: 100_000,
    ceiling_events: 1_000_000,
    default_bytes: 8_000_000,
    ceiling_bytes: 100_000_000,
    embedding: Embedding::Verbatim,
    ..Size::ANY
};

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = SIZE;

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let place = self.place(check);
        let prefix = Prefix::checked(self.prefix.as_ref(), check);
        let region = self.region(check);
        let signer = Signer::checked(
            "s3",
            &Keys {
                region: ("region", region.unwrap_or("us-east-1")),
                access_key_id: ("access_key_id", &self.access_key_id),
                secret_access_key: ("secret_access_key", &self.secret_access_key),
                session_token: self
                    .session_token
                    .as_ref()
                    .map(|token| ("session_token", token)),
            },
            check,
        );
        let headers = self.headers(check);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&SIZE, check);
        let (endpoint, base) = place?;
        Some(Box::new(S3 {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            base,
            prefix: prefix?,
            signer: signer?,
            if_none_match: self.if_none_match,
            checksum: self.checksum,
            headers,
            limits: BatchLimits {
                bytes_per_event: LINE_FEED_BYTES,
                ..limits
            },
        }))
    }
}

impl Config {
    fn region<'a>(&'a self, check: &mut Check<'_>) -> Option<&'a str> {
        if self.region.is_none() && self.endpoint.is_none() {
            check.problem(
                "region",
                "the bucket's region is missing",
                "set region, such as \"eu-west-1\", or endpoint if the bucket is not Amazon's",
            );
        }
        self.region.as_deref()
    }

    /// The server, and the path before a key: `/` or `/BUCKET/`.
    fn place(&self, check: &mut Check<'_>) -> Option<(Endpoint, String)> {
        let bucket = &self.bucket;
        if !is_bucket(bucket) {
            check.problem(
                "bucket",
                "this cannot name a bucket",
                "use 3 to 63 lower-case letters, digits, dots and hyphens, without the bucket's address",
            );
            return None;
        }
        let own = self.endpoint.as_deref();
        // A name with dots is not covered by the server's certificate.
        let hosted = match self.addressing {
            Some(addressing) => addressing == Addressing::VirtualHosted,
            None => own.is_none() && !bucket.contains('.'),
        };
        let url = match own {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => amazon(self.region.as_deref().unwrap_or("us-east-1")),
        };
        // With the bucket in front of the host.
        let placed = match url.split_once("://") {
            Some((scheme, host)) if hosted => format!("{scheme}://{bucket}.{host}"),
            _ => url,
        };
        let (endpoint, target) = check.address("endpoint", &placed)?;
        if target != "/" {
            check.problem(
                "endpoint",
                "a bucket's server has no path",
                "write the server's address alone; the bucket has a key of its own",
            );
            return None;
        }
        let base = if hosted {
            "/".to_owned()
        } else {
            format!("/{bucket}/")
        };
        Some((endpoint, base))
    }

    /// What every object is stored with.
    fn headers(&self, check: &mut Check<'_>) -> Vec<Header> {
        let mut headers = Vec::new();
        if let Some(class) = &self.storage_class {
            let good = (1..=64).contains(&class.len())
                && class
                    .bytes()
                    .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
            if good {
                headers.push(plain("x-amz-storage-class", class));
            } else {
                check.problem(
                    "storage_class",
                    "this is not the name of a storage class",
                    "write it as S3 does, such as STANDARD_IA",
                );
            }
        }
        if let Some(encryption) = self.server_side_encryption {
            headers.push(plain("x-amz-server-side-encryption", encryption.as_str()));
        }
        if let Some(key) = &self.kms_key_id {
            if matches!(self.server_side_encryption, None | Some(Encryption::Aes256)) {
                check.problem(
                    "kms_key_id",
                    "this means nothing without encryption by the Key Management Service",
                    "set server_side_encryption = \"aws:kms\", or remove it",
                );
            }
            if let Some(key) = check.header_text("kms_key_id", key) {
                headers.push(plain("x-amz-server-side-encryption-aws-kms-key-id", key));
            }
        }
        headers
    }
}

/// Amazon's server of a region (AWS General Reference, "Amazon S3 endpoints and quotas"; China has a domain of its own).
fn amazon(region: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://s3.{region}.{domain}")
}

/// Amazon S3, "General purpose bucket naming rules".
fn is_bucket(text: &str) -> bool {
    let is_end = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (3..=63).contains(&text.len())
        && is_end(text.bytes().next())
        && is_end(text.bytes().next_back())
        && !text.contains("..")
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

/// Base64 of a hash.
pub(super) fn base64(hash: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(hash)
}
