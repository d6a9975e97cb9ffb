//! What a user writes about a file, checked once.

use edgesiem_model::{Check, Endpoint, Scheme, Sink};
use serde::Deserialize;

use super::{ABOUT, File};
use crate::lines::Lines;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "file"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file, from the root on. Its folder must exist.
    pub path: String,
    /// Begin each object with the event's id, and the replay's name if it is part of one. Only for JSON.
    #[serde(default)]
    pub ids: bool,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size::ANY;

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        if !check.has_place(Scheme::File) {
            check.problem(
                "kind",
                "there are no files here",
                "run the `edgesiem` command for this sink, or choose a sink that is reached over the network",
            );
        }
        if !is_absolute(&self.path) {
            check.problem(
                "path",
                "the path does not begin at the root, so that the file would depend on where the command is started",
                "write the whole path, such as /var/log/edgesiem/events.ndjson",
            );
        } else if self.path.chars().any(char::is_control) {
            check.problem(
                "path",
                "the path has a control character",
                "choose another name",
            );
        } else if self.path.ends_with(['/', '\\']) {
            check.problem(
                "path",
                "this is a folder",
                "add the file's name, such as events.ndjson",
            );
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let lines = if self.ids {
            Lines::with_ids()
        } else {
            Lines::VERBATIM
        };
        Some(Box::new(File {
            name: name.to_owned(),
            wire: Wire {
                endpoint: Endpoint::local(Scheme::File, ""),
                timeout_ms,
                gzip: common.gzip,
            },
            path: self.path.clone(),
            limits: lines.with_envelope(limits),
            lines,
            ids: self.ids,
        }))
    }
}

/// From the root of the one tree, or of a drive.
fn is_absolute(path: &str) -> bool {
    matches!(
        path.as_bytes(),
        [b'/', ..] | [b'a'..=b'z' | b'A'..=b'Z', b':', b'/' | b'\\', ..]
    )
}
