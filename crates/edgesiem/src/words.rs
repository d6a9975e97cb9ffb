//! Errors in one line, for answers that have no room for their parts.

use edgesiem_model::Error;

/// What happened and where, without what to do.
pub(crate) fn with_context(error: &Error) -> String {
    let mut text = error.message().to_owned();
    for (name, value) in error.context() {
        text.push_str("; ");
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
    }
    text
}
