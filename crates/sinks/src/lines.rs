//! A batch as lines of text, for receivers that take a document a line.

use edgesiem_model::{BatchLimits, BatchView};

use crate::members::Members;
use crate::ndjson;

/// What the lines of a batch carry besides documents.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// Members of ours in JSON objects; nothing if documents go out as they are.
    members: Option<Members>,
}

impl Lines {
    /// Documents as they are.
    pub(crate) const VERBATIM: Self = Self { members: None };

    /// JSON objects with the event's id, and the name of the replay if there is one; text as it is.
    pub(crate) fn with_ids() -> Self {
        Self {
            members: Some(Members::with_time(None)),
        }
    }

    /// `size` with what a line adds.
    pub(crate) fn with_envelope(&self, size: BatchLimits) -> BatchLimits {
        match &self.members {
            Some(members) => members.limits_of_lines(size),
            None => BatchLimits {
                bytes_per_event: ndjson::LINE_FEED_BYTES,
                ..size
            },
        }
    }

    /// A line for each event. `limits` are those with what a line adds.
    pub(crate) fn body(&self, batch: &BatchView<'_>, limits: &BatchLimits) -> Vec<u8> {
        match &self.members {
            Some(members) if batch.form().is_json() => members.lines(batch),
            _ => {
                let added = batch.len().saturating_mul(limits.bytes_per_event);
                let mut out = Vec::with_capacity(batch.document_bytes().saturating_add(added));
                for event in batch.events() {
                    ndjson::push_line(&mut out, event.document);
                }
                out
            }
        }
    }
}

/// What the lines of a batch are, for the header `content-type`.
pub(crate) fn content_type(batch: &BatchView<'_>) -> &'static str {
    if batch.form().is_json() {
        "application/x-ndjson"
    } else {
        "text/plain; charset=utf-8"
    }
}
