//! URLs put together again.

use edgesiem_decode::{Value, Writer};

use crate::json;

/// Path and query, as the inside of a JSON string.
pub(crate) fn target(w: &mut Writer<'_>, path: Option<Value<'_>>, query: Option<Value<'_>>) {
    if let Some(path) = path {
        path.write(w);
    }
    if let Some(query) = query {
        w.byte(b'?');
        query.write(w);
    }
}

/// Scheme, host and, unless it is the scheme's own, port, as the inside of a JSON string.
pub(crate) fn origin(w: &mut Writer<'_>, scheme: &str, host: Value<'_>, port: Option<u64>) {
    w.short(scheme.as_bytes());
    w.short(b"://");
    host.write(w);
    let usual = if scheme == "http" { 80 } else { 443 };
    if let Some(port) = port.filter(|port| *port != usual) {
        w.byte(b':');
        json::digits(w, port);
    }
}
