//! What a host answers for standard output.

use serde_json::json;

use super::{head, name, sink, verdict};

#[test]
fn a_reader_that_is_gone_stops_the_stream_and_what_passes_is_tried_again() {
    let sink = sink("stdout", &json!({}));
    let gone = "stop: nobody reads standard output any more";
    for (status, expected) in [
        (200, "accepted"),
        (410, gone),
        (404, gone),
        (500, "retry"),
        (503, "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), b"EPIPE");
        assert_eq!(name(&verdict), expected, "{status}");
    }
}
