//! A bucket of Cloudflare R2 that is bound to the Worker (<https://developers.cloudflare.com/r2/api/workers/>): no address, no
//! credentials. From elsewhere, a bucket of R2 is reached by the sink `s3`.
//!
//! Objects and keys are those of [`crate::s3`]; see [`crate::object`]. The Worker puts each only if there is none of its key
//! (`onlyIf`), and answers as R2's S3 interface would.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{Answer, Attempt, BatchLimits, BatchView, HttpRequest, Sink, SinkVerdict};

use crate::About;
use crate::object::Prefix;
use crate::wire::Wire;
pub use config::Config;

const ABOUT: About = About {
    kind: "r2",
    local: false,
    product: "Cloudflare R2, bound to the Worker",
    summary: "Stores each batch as one object of newline-delimited documents in a bucket that is bound to the Worker, without \
              credentials and without leaving Cloudflare.",
    checked_by: "workerd (R2 of miniflare)",
    partial: "none: an object is stored or it is not",
    repeats: "the same object: its key follows from its events, and what is there is left alone. A replay makes objects of its \
              own, whose keys end with its name",
    limits: "8 MB and 100,000 events an object unless configured; the stream's own limits (900 kB, 1000 events) come first",
    failures: &[
        ("stored, or there already", "delivered"),
        (
            "R2 throws (it is busy, or a key is written more than once a second)",
            "tried again, with growing pauses",
        ),
        (
            "no bucket is bound under this name",
            "the stream stops and says so",
        ),
    ],
    example: r#"[sinks.bucket]
kind = "r2"
binding = "LOGS"
prefix = "akamai/%Y/%m/%d/"
gzip = true
"#,
    try_it: "`wrangler r2 bucket create waf-logs`, then in wrangler.toml: `[[r2_buckets]]`, `binding = \"LOGS\"`, `bucket_name = \
             \"waf-logs\"`, and deploy. Objects show up in the dashboard under R2.",
    sources: &[
        (
            "Workers API of R2",
            "https://developers.cloudflare.com/r2/api/workers/workers-api-reference/",
        ),
        (
            "Limits of R2",
            "https://developers.cloudflare.com/r2/platform/limits/",
        ),
    ],
};

/// A bound bucket, ready to use.
#[derive(Debug)]
struct R2 {
    name: String,
    wire: Wire,
    prefix: Prefix,
    limits: BatchLimits,
}

impl Sink for R2 {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(answer)
    }
}
