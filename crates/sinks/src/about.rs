//! What documentation says of a sink. Its page and its row of the table of sinks are made from this, so that they say what
//! the code beside it does.

/// A kind of sink, in words.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// `kind` in the configuration.
    pub kind: &'static str,
    /// Whether it is a place of the machine that the host runs on, which the Worker does not have.
    pub local: bool,
    /// Name of the product or protocol.
    pub product: &'static str,
    /// What it sends and to what, in a sentence or two.
    pub summary: &'static str,
    /// What checks it in the project's tests: the name and version of software of others, or "strict fake".
    pub checked_by: &'static str,
    /// What happens if the receiver takes some events of a batch and refuses others.
    pub partial: &'static str,
    /// What becomes of a batch that is delivered twice.
    pub repeats: &'static str,
    /// The receiver's limits, with units, and how they are kept.
    pub limits: &'static str,
    /// What the receiver answers, and what that does to the stream.
    pub failures: &'static [(&'static str, &'static str)],
    /// A table of the configuration that works, as TOML, beginning with `[sinks.NAME]`.
    pub example: &'static str,
    /// How to try it: what to set up at the receiver, and how to see the events there.
    pub try_it: &'static str,
    /// The vendor's documents that the above follows: title and address.
    pub sources: &'static [(&'static str, &'static str)],
}
