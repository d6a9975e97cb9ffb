//! What a user writes about standard output, checked once.

use edgesiem_model::{Check, Endpoint, Scheme, Sink};
use serde::Deserialize;

use super::{ABOUT, Stdout};
use crate::lines::Lines;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "stdout"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Begin each object with the event's id, and the replay's name if it is part of one. Only for JSON.
    #[serde(default)]
    pub ids: bool,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size::ANY;

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        if !check.has_place(Scheme::Stdout) {
            check.problem(
                "kind",
                "there is no standard output here",
                "run the `edgesiem` command for this sink, or choose a sink that is reached over the network",
            );
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let lines = if self.ids {
            Lines::with_ids()
        } else {
            Lines::VERBATIM
        };
        Some(Box::new(Stdout {
            name: name.to_owned(),
            wire: Wire {
                endpoint: Endpoint::local(Scheme::Stdout, ""),
                timeout_ms,
                gzip: common.gzip,
            },
            limits: lines.with_envelope(limits),
            lines,
            ids: self.ids,
        }))
    }
}
