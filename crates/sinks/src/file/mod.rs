//! A file of this machine, to which documents are appended, one a line.
//!
//! Lines are documents as they are. With `ids = true` each object begins with the event's id, and for events of a replay
//! with the replay's name:
//!
//! ```json
//! {"edgesiem_id":"9f…","edgesiem_replay":"r7","attackData":{…}}
//! ```
//!
//! There is nothing in a file that recognises a line that is already there: after a crash some lines may be there twice, and
//! the last one may be cut. With `gzip = true` every batch is a gzip file of its own; files of this kind that follow each other
//! are one such file (RFC 1952 section 2.2), so that `zcat` reads all of them.
//!
//! # What a host does
//!
//! The request is a POST to the scheme `file`; its target is the path, byte for byte and not percent-encoded, and its headers
//! mean nothing to a file. The host
//!
//! - opens the file for appending (`O_APPEND`), makes it if it is not there, with permissions for its owner only (0600), and
//!   makes no folders;
//! - appends the body with a single write, and goes on until all is written if that wrote only a part. If the file is not empty and
//!   its last byte is not LF, and the body is not gzip, it writes LF first: the end of a line that a killed process left. If
//!   something fails in between it cuts the file to the length that it had, but only if nobody else has appended since; otherwise
//!   it ends the torn line with LF;
//! - makes it durable (`fsync`, and after making the file also of its folder), and only then answers 200;
//! - answers 404 if a folder of the path does not exist (ENOENT, ENOTDIR), 403 if it may not write (EACCES, EPERM, EROFS, EISDIR,
//!   ELOOP), and 503 for what passes or is mended outside (ENOSPC, EDQUOT, EIO, EMFILE, EINTR and everything else), each with
//!   a word on the cause in the body;
//! - never has two requests to the same file under way at once, whatever names it has (links, relative paths).
//!
//! A host without files, such as a Worker, says so by its places, and the configuration refuses the sink.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, HttpRequest, Sink, SinkVerdict,
};

use crate::About;
use crate::lines::Lines;
use crate::wire::Wire;

pub use config::Config;
pub(crate) use verdict::verdict;

const ABOUT: About = About {
    kind: "file",
    local: true,
    product: "file (command only)",
    summary: "Appends events to a file, one a line, and counts them as delivered when the file is safe on disk. In the command, not in a Worker.",
    checked_by: "the file system of the machine that runs the tests",
    partial: "none: a batch is appended as a whole",
    repeats: "appended again; with `ids = true`, `edgesiem_id` tells",
    limits: "1000 events and 900,000 bytes a write unless configured",
    failures: &[
        ("written and synced", "delivered"),
        (
            "no space, input or output error",
            "tried again with growing pauses",
        ),
        (
            "no such folder, no permission",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.archive]
kind = "file"
path = "/var/log/edgesiem/events.ndjson"
"#,
    try_it: "`edgesiem pull`, then `tail -n 3 /var/log/edgesiem/events.ndjson`. To rotate, move the file: the next batch makes a new one.",
    sources: &[(
        "RFC 1952 (gzip), section 2.2: files of several members",
        "https://www.rfc-editor.org/rfc/rfc1952#section-2.2",
    )],
};

/// A file, ready to use.
#[derive(Debug)]
struct File {
    name: String,
    wire: Wire,
    path: String,
    lines: Lines,
    /// Whether lines have ids, which text has no place for.
    ids: bool,
    limits: BatchLimits,
}

impl Sink for File {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn takes(&self, form: DocumentForm) -> bool {
        form.is_json() || !self.ids
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict(
            answer,
            "the file cannot be written",
            "check the sink's path: its folder must exist, and we must be allowed to write there",
        )
    }
}
