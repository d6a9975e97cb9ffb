//! A checker of ECS documents: every field outside of `akamai`, `trend_micro` and `edgesiem` must be known and of its type.

use serde_json::Value;

/// The fields that documents have, and their types in ECS 9.4.0 (npm `@elastic/ecs` 9.4.0, `EcsFlat`); `[]` marks those that
/// must be arrays, and a list after a colon what is allowed. The whole schema is checked against that package elsewhere.
const FIELDS: &[(&str, &str)] = &[
    ("@timestamp", "date"),
    ("event.kind", "keyword:alert event"),
    (
        "event.category",
        "keyword[]:web intrusion_detection email file malware",
    ),
    ("event.type", "keyword[]:allowed denied info"),
    ("event.outcome", "keyword:failure success unknown"),
    ("event.module", "keyword"),
    ("event.dataset", "keyword"),
    ("event.action", "keyword"),
    ("event.id", "keyword"),
    ("event.severity", "long"),
    ("event.sequence", "long"),
    ("event.start", "date"),
    ("event.end", "date"),
    ("event.reason", "keyword"),
    ("event.original", "keyword"),
    ("message", "text"),
    ("rule.id", "keyword"),
    ("rule.name", "keyword"),
    ("rule.category", "keyword"),
    ("rule.version", "keyword"),
    ("rule.ruleset", "keyword"),
    ("source.address", "keyword"),
    ("source.ip", "ip"),
    ("source.geo.city_name", "keyword"),
    ("source.geo.continent_code", "keyword"),
    ("source.geo.country_iso_code", "keyword"),
    ("source.geo.region_iso_code", "keyword"),
    ("source.as.number", "long"),
    ("client.address", "keyword"),
    ("client.ip", "ip"),
    ("client.geo.city_name", "keyword"),
    ("client.geo.continent_code", "keyword"),
    ("client.geo.country_iso_code", "keyword"),
    ("client.geo.region_iso_code", "keyword"),
    ("client.as.number", "long"),
    ("destination.address", "keyword"),
    ("destination.ip", "ip"),
    ("destination.domain", "keyword"),
    ("destination.port", "long"),
    ("network.protocol", "keyword"),
    ("network.transport", "keyword"),
    ("network.type", "keyword"),
    ("tls.version", "keyword"),
    ("tls.version_protocol", "keyword"),
    ("related.ip", "ip[]"),
    ("related.hosts", "keyword[]"),
    ("related.user", "keyword[]"),
    ("url.original", "wildcard"),
    ("url.full", "wildcard"),
    ("url.scheme", "keyword"),
    ("url.domain", "keyword"),
    ("url.port", "long"),
    ("url.path", "wildcard"),
    ("url.query", "keyword"),
    ("http.version", "keyword"),
    ("http.request.id", "keyword"),
    ("http.request.method", "keyword"),
    ("http.request.referrer", "keyword"),
    ("http.response.status_code", "long"),
    ("http.response.bytes", "long"),
    ("user_agent.original", "keyword"),
    ("user.id", "keyword"),
    ("user.name", "keyword"),
    ("email.from.address", "keyword[]"),
    ("email.to.address", "keyword[]"),
    ("email.subject", "keyword"),
    ("email.message_id", "wildcard"),
    ("email.origination_timestamp", "date"),
    ("email.delivery_timestamp", "date"),
    ("email.attachments", "nested[]"),
    ("file.name", "keyword"),
    ("file.path", "keyword"),
    ("file.hash.sha1", "keyword"),
    ("file.hash.sha256", "keyword"),
    ("threat.indicator.name", "keyword"),
    ("threat.software.name", "keyword"),
    ("threat.software.type", "keyword:Malware"),
    ("user.email", "keyword"),
    ("related.hash", "keyword[]"),
    ("observer.product", "keyword"),
    ("observer.vendor", "keyword"),
    ("observer.type", "keyword"),
    ("ecs.version", "keyword:9.4.0"),
];

/// What is wrong with a document; nothing if it is valid.
pub fn problems(document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    walk(document, "", &mut problems);
    problems
}

fn walk(value: &Value, path: &str, problems: &mut Vec<String>) {
    if let Some((_, expected)) = FIELDS.iter().find(|(name, _)| *name == path) {
        let (kind, allowed) = expected.split_once(':').unwrap_or((expected, ""));
        let (kind, is_array) = kind
            .strip_suffix("[]")
            .map_or((kind, false), |kind| (kind, true));
        let items = match value.as_array() {
            Some(items) if is_array && !items.is_empty() => items.as_slice(),
            None if !is_array => std::slice::from_ref(value),
            _ => return problems.push(format!("{path} is {value}")),
        };
        for item in items {
            let text = item.as_str();
            let fits = match kind {
                "long" => item
                    .as_u64()
                    .is_some_and(|number| i64::try_from(number).is_ok()),
                "ip" => text.is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
                "nested" => item.is_object(),
                "date" => text.is_some_and(is_date),
                _ => text.is_some(),
            };
            let listed = allowed.is_empty() || allowed.split(' ').any(|one| Some(one) == text);
            if !fits || !listed {
                problems.push(format!("{path} is {item}"));
            }
        }
        return;
    }
    match value {
        Value::Object(_) if matches!(path, "akamai" | "edgesiem" | "trend_micro") => {}
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let inner = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                walk(value, &inner, problems);
            }
        }
        _ => problems.push(format!("{path} is no field: {value}")),
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 24
        && text
            .bytes()
            .zip(*b"0000-00-00T00:00:00.000Z")
            .all(|(found, form)| {
                if form == b'0' {
                    found.is_ascii_digit()
                } else {
                    found == form
                }
            })
}
