//! Standard output, one document a line.
//!
//! Lines are as those of the sink [`file`](crate::file), `ids = true` included.
//!
//! # What a host does
//!
//! The request is a POST to the scheme `stdout`; its target is empty, and its headers mean nothing. The host writes the body,
//! and nothing else, to standard output, one request after the other, and answers 200 when the last byte is written; it waits for
//! a reader that is slower than us. If the reader is gone (EPIPE, with the signal ignored) it answers 410, which stops the
//! stream, because nobody will come back to read. Any other error is 503 with a word on the cause in the body.
//!
//! A pipe promises nothing: what the reader does with a line after it has it, nobody tells us.

mod config;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, HttpRequest, Sink, SinkVerdict, plain,
};

use crate::About;
use crate::lines::{Lines, content_type};
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "stdout",
    local: true,
    product: "standard output (command only)",
    summary: "Writes events to standard output, one a line, for pipes and for a first look. In the command, not in a Worker.",
    checked_by: "a pipe of the machine that runs the tests",
    partial: "none: a batch is written as a whole",
    repeats: "written again; with `ids = true`, `edgesiem_id` tells",
    limits: "1000 events and 900,000 bytes a write unless configured",
    failures: &[
        ("written", "delivered"),
        ("the reader is gone (EPIPE)", "the stream stops"),
        ("any other error", "tried again with growing pauses"),
    ],
    example: r#"[sinks.out]
kind = "stdout"
"#,
    try_it: "`edgesiem pull --once | head -n 3`",
    sources: &[],
};

/// Standard output, ready to use.
#[derive(Debug)]
struct Stdout {
    name: String,
    wire: Wire,
    lines: Lines,
    /// Whether lines have ids, which text has no place for.
    ids: bool,
    limits: BatchLimits,
}

impl Sink for Stdout {
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
        let headers = vec![plain("content-type", content_type(batch))];
        let body = self.lines.body(batch, &self.limits);
        self.wire.post(String::new(), headers, body)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        crate::file::verdict(
            answer,
            "nobody reads standard output any more",
            "start the command again with a reader that stays, or write to a file",
        )
    }
}
