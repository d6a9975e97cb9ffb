//! What the Worker says of a put.

use edgesiem_model::{Answer, SinkVerdict};

use crate::answer::Told;

pub(super) fn verdict(answer: &Answer<'_>) -> SinkVerdict {
    let told = Told {
        answer,
        credentials: &[],
    };
    match answer.head.status {
        // 412: there already. The key says which events are in it.
        200 | 412 => SinkVerdict::Accepted,
        404 => told.stop(
            "the Worker has no R2 bucket under the sink's binding",
            "add it to wrangler.toml ([[r2_buckets]] with binding and bucket_name) and deploy, or correct the sink's binding",
        ),
        _ => told.later(),
    }
}
