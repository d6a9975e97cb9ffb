//! A parser of CEF that accepts nothing but the format, and what the mapping should give, worked out slowly over a tree.

use serde_json::Value;

use super::slow;

/// The seven fields before the extension, and the pairs of it in their order.
pub struct Cef {
    pub header: Vec<String>,
    pub extension: Vec<(String, String)>,
}

/// Reads one line. ArcSight Common Event Format, version 25: `|` and `\` are escaped in the header, `=`, `\` and line breaks in
/// values; a value ends before the space before the next key.
pub fn parse(line: &[u8]) -> Result<Cef, String> {
    let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let breaks = |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    if let Some(character) = line.chars().find(|c| breaks(*c)) {
        return Err(format!("{character:?} in the line"));
    }
    let mut header = Vec::new();
    let mut field = String::new();
    let mut characters = line.char_indices();
    let mut extension = None;
    while let Some((at, character)) = characters.next() {
        match character {
            '|' => header.push(std::mem::take(&mut field)),
            '\\' => match characters.next() {
                Some((_, escaped @ ('|' | '\\'))) => field.push(escaped),
                other => return Err(format!("{other:?} after a backslash in the header")),
            },
            other => field.push(other),
        }
        if header.len() == 7 {
            extension = line.get(at + 1..);
            break;
        }
    }
    let extension = extension.ok_or("a header of fewer than seven fields")?;
    Ok(Cef {
        header,
        extension: pairs(extension)?,
    })
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let bytes = text.as_bytes();
    // Where each key begins, and where its equals sign is.
    let mut keys = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'=' => {
                let key = text[..at]
                    .bytes()
                    .rev()
                    .take_while(u8::is_ascii_alphanumeric)
                    .count();
                let start = at - key;
                if key == 0 || (start > 0 && bytes[start - 1] != b' ') {
                    return Err(format!("an equals sign without a key at {at}: {text}"));
                }
                keys.push((start, at));
            }
            _ => {}
        }
        at += 1;
    }
    if keys.first().is_some_and(|(start, _)| *start != 0) {
        return Err("text before the first key".to_owned());
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (index, (start, equals)) in keys.iter().enumerate() {
        let end = keys.get(index + 1).map_or(text.len(), |(next, _)| next - 1);
        let key = text[*start..*equals].to_owned();
        if pairs.iter().any(|(known, _)| *known == key) {
            return Err(format!("{key} comes twice"));
        }
        let value = text.get(equals + 1..end).ok_or("a key runs into another")?;
        if value.is_empty() {
            return Err(format!("{key} has no value"));
        }
        pairs.push((key, unescape(value)?));
    }
    Ok(pairs)
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('=') => '=',
                Some('n') => '\n',
                Some('r') => '\r',
                other => return Err(format!("{other:?} after a backslash in a value")),
            },
            '=' => return Err("an equals sign that is not escaped".to_owned()),
            other => other,
        });
    }
    Ok(out)
}

/// The header fields and pairs that `line`, an event without repeated members, should give.
pub fn expected(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let event: Value = serde_json::from_str(line).unwrap();
    let (decoded, _) = slow::decode(line);
    let member = |section: &str, name: &str| match &event[section][name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    };
    let attack = |name: &str| member("attackData", name);
    let http = |name: &str| member("httpMessage", name);
    let geo = |name: &str| member("geo", name);

    let rules = decoded["attackData"]["rules"].as_array();
    let rules = rules.cloned().unwrap_or_default();
    let items = |key: &str| -> Vec<String> {
        let item = |rule: &Value| rule[key].as_str().unwrap_or("").to_owned();
        rules.iter().map(item).collect()
    };
    let list = |key: &str| {
        let items = items(key);
        if items.iter().all(String::is_empty) {
            String::new()
        } else {
            items.join(",")
        }
    };
    let action = action(
        &attack("appliedAction"),
        &items("ruleAction"),
        &attack("slowPostAction"),
    );
    let lower = action.to_ascii_lowercase();
    let passing = [
        "", "alert", "monitor", "none", "allow", "ignore", "skip", "log",
    ];
    let header = if passing.contains(&lower.as_str()) {
        ["detect", "Activity detected", "5"]
    } else {
        ["mitigate", "Activity mitigated", "10"]
    };
    let client = attack("clientIP");
    let ipv6 = client.parse::<std::net::Ipv6Addr>().is_ok();
    let mut request = String::new();
    if !http("host").is_empty() {
        let plain = http("tls").is_empty() && ["80", "8080"].contains(&http("port").as_str());
        let scheme = if plain { "http" } else { "https" };
        request = format!("{scheme}://{}", http("host"));
    }
    request.push_str(&http("path"));
    if !http("query").is_empty() {
        request = format!("{request}?{}", http("query"));
    }
    let headers = |name: &str| -> String {
        let list = decoded["httpMessage"][name].as_array();
        let lines = list
            .into_iter()
            .flatten()
            .map(|header| match &header["raw"] {
                Value::String(raw) => raw.clone(),
                _ => format!(
                    "{}: {}",
                    header["name"].as_str().unwrap(),
                    header["value"].as_str().unwrap()
                ),
            });
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut custom = Vec::new();
    leaves(&decoded["custom"], &mut custom);
    custom.retain(|value| !value.is_empty());

    let pairs = [
        ("act", action),
        ("app", http("protocol")),
        ("c6a2", if ipv6 { client.clone() } else { String::new() }),
        ("c6a2Label", "Source IPv6 Address".to_owned()),
        ("cs1", list("rule")),
        ("cs1Label", "Rules".to_owned()),
        ("cs2", list("ruleMessage")),
        ("cs2Label", "Rule Messages".to_owned()),
        ("cs3", list("ruleData")),
        ("cs3Label", "Rule Data".to_owned()),
        ("cs4", list("ruleSelector")),
        ("cs4Label", "Rule Selectors".to_owned()),
        ("cs5", attack("clientReputation")),
        ("cs5Label", "Client Reputation".to_owned()),
        ("cs6", attack("apiId")),
        ("cs6Label", "API ID".to_owned()),
        ("devicePayloadId", http("requestId")),
        ("dhost", http("host")),
        ("dpt", http("port")),
        ("flexString1", attack("configId")),
        ("flexString1Label", "Security Config Id".to_owned()),
        ("flexString2", attack("policyId")),
        ("flexString2Label", "Firewall Policy Id".to_owned()),
        ("out", http("bytes")),
        ("request", request),
        ("requestMethod", http("method")),
        ("src", client),
        ("start", http("start")),
        ("AkamaiSiemSlowPostAction", attack("slowPostAction")),
        ("AkamaiSiemSlowPostRate", attack("slowPostRate")),
        ("AkamaiSiemRuleVersions", list("ruleVersion")),
        ("AkamaiSiemRuleTags", list("ruleTag")),
        ("AkamaiSiemRuleActions", list("ruleAction")),
        ("AkamaiSiemApiKey", attack("apiKey")),
        ("AkamaiSiemTLSVersion", http("tls")),
        ("AkamaiSiemJA4", member("identity", "ja4")),
        ("AkamaiSiemRequestHeaders", headers("requestHeaders")),
        ("AkamaiSiemResponseHeaders", headers("responseHeaders")),
        ("AkamaiSiemResponseStatus", http("status")),
        ("AkamaiSiemContinent", geo("continent")),
        ("AkamaiSiemCountry", geo("country")),
        ("AkamaiSiemCity", geo("city")),
        ("AkamaiSiemRegion", geo("regionCode")),
        ("AkamaiSiemASN", geo("asn")),
        ("AkamaiSiemCustomData", custom.join(",")),
    ];
    let fixed = ["CEF:0", "Akamai", "akamai_siem", "1.0"];
    (
        fixed.into_iter().chain(header).map(str::to_owned).collect(),
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_owned(), visible(&value)))
            .collect(),
    )
}

fn action(applied: &str, actions: &[String], slow_post: &str) -> String {
    if !applied.is_empty() {
        return applied.to_owned();
    }
    let first = |wanted: &dyn Fn(&str) -> bool| {
        let found = actions
            .iter()
            .find(|action| wanted(&action.to_ascii_lowercase()));
        found.cloned()
    };
    let weak = [
        "", "alert", "deny", "monitor", "none", "allow", "ignore", "skip", "log",
    ];
    first(&|action| !weak.contains(&action))
        .or_else(|| first(&|action| action == "deny"))
        .or_else(|| (slow_post == "A").then(|| "abort".to_owned()))
        .or_else(|| first(&|action| action == "alert"))
        .or_else(|| first(&|action| action == "monitor"))
        .or_else(|| first(&|action| !action.is_empty()))
        .or_else(|| (slow_post == "W").then(|| "alert".to_owned()))
        .unwrap_or_default()
}

fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => out.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, out)),
        Value::Object(object) => object.values().for_each(|value| leaves(value, out)),
        other => out.push(other.to_string()),
    }
}

/// Control characters as text, which CEF has no escapes for.
fn visible(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        let separator = matches!(character, '\u{2028}' | '\u{2029}');
        if separator || (character.is_control() && !matches!(character, '\t' | '\n' | '\r')) {
            out.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out
}
