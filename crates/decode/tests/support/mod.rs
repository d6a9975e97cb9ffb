//! The `decoded` schema again, slowly: over a value tree, one obvious step after the other.

use serde_json::{Map, Value};

pub const FACETS: [(&str, &str); 7] = [
    ("rules", "rule"),
    ("ruleVersions", "ruleVersion"),
    ("ruleMessages", "ruleMessage"),
    ("ruleTags", "ruleTag"),
    ("ruleData", "ruleData"),
    ("ruleSelectors", "ruleSelector"),
    ("ruleActions", "ruleAction"),
];

/// The document of an event, and how many pieces of it stayed encoded.
pub fn decode(line: &str) -> (Value, u32) {
    let mut event: Value = serde_json::from_str(line).unwrap();
    let mut undecoded = 0;
    if let Some(attack_data) = event.get_mut("attackData").and_then(Value::as_object_mut) {
        rules(attack_data, &mut undecoded);
    }
    for name in ["requestHeaders", "responseHeaders"] {
        if let Some(value) = event
            .get_mut("httpMessage")
            .and_then(|message| message.get_mut(name))
            && let Some(text) = value.as_str()
        {
            *value = headers(text, &mut undecoded);
        }
    }
    if let Some(value) = event.get_mut("custom") {
        custom(value);
    }
    (event, undecoded)
}

fn rules(attack_data: &mut Map<String, Value>, undecoded: &mut u32) {
    let present: Vec<&(&str, &str)> = FACETS
        .iter()
        .filter(|(facet, _)| attack_data.contains_key(*facet))
        .collect();
    if present.is_empty()
        || present
            .iter()
            .any(|(facet, _)| !attack_data[*facet].is_string())
    {
        return;
    }
    let mut list: Vec<Map<String, Value>> = Vec::new();
    for (facet, key) in present {
        let text = attack_data[*facet].as_str().unwrap();
        if text.is_empty() {
            continue;
        }
        for (index, item) in percent_decode(text).split(|byte| *byte == b';').enumerate() {
            if list.len() == index {
                list.push(Map::new());
            }
            let bytes = lenient_base64(item).unwrap_or_else(|| {
                *undecoded += 1;
                item.to_vec()
            });
            put(&mut list[index], key, &bytes);
        }
    }
    while list
        .last()
        .is_some_and(|rule| rule.values().all(|value| value == ""))
    {
        list.pop();
    }
    let mut list = Some(Value::from_iter(list));
    let mut result = Map::new();
    for (name, value) in std::mem::take(attack_data) {
        if !FACETS.iter().any(|(facet, _)| *facet == name) {
            result.insert(name, value);
        } else if let Some(list) = list.take() {
            result.insert("rules".to_owned(), list);
        }
    }
    *attack_data = result;
}

fn put(object: &mut Map<String, Value>, key: &str, bytes: &[u8]) {
    object.insert(
        key.to_owned(),
        String::from_utf8_lossy(bytes).into_owned().into(),
    );
    if std::str::from_utf8(bytes).is_err() {
        object.insert(format!("{key}Base64"), base64(bytes).into());
    }
}

pub fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, n| {
            number << 8 | u32::from(*group.get(n).unwrap_or(&0))
        });
        for n in 0..4 {
            let value = number >> (18 - 6 * n) & 0x3f;
            out.push(if n > group.len() {
                '='
            } else {
                char::from(ALPHABET[value as usize])
            });
        }
    }
    out
}

fn lenient_base64(item: &[u8]) -> Option<Vec<u8>> {
    let item: Vec<u8> = item
        .iter()
        .filter(|byte| !matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' '))
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let characters = item.iter().take_while(|byte| **byte != b'=').count();
    let padding = item.len() - characters;
    let most = [0, 0, 2, 1][characters % 4];
    if item[characters..].iter().any(|byte| *byte != b'=') || padding > most || characters % 4 == 1
    {
        return None;
    }
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for byte in &item[..characters] {
        let value = ALPHABET.iter().position(|known| known == byte)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

fn headers(text: &str, undecoded: &mut u32) -> Value {
    let bytes = percent_decode(text);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let pieces: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    for (index, piece) in pieces.iter().enumerate() {
        let mut line = *piece;
        if index + 1 < pieces.len() && line.ends_with(b"\r") {
            line = &line[..line.len() - 1];
        }
        if line.is_empty() {
            continue;
        }
        match lines.last_mut() {
            Some(before) if line[0] == b' ' || line[0] == b'\t' => {
                before.push(b'\n');
                before.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    let entry = |line: &Vec<u8>| {
        let mut object = Map::new();
        match line.iter().position(|byte| *byte == b':') {
            None => {
                *undecoded += 1;
                put(&mut object, "raw", line);
            }
            Some(colon) => {
                let value = &line[colon + 1..];
                let blanks = value
                    .iter()
                    .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n'))
                    .count();
                put(&mut object, "name", &line[..colon]);
                put(&mut object, "value", &value[blanks..]);
            }
        }
        Value::Object(object)
    };
    lines.iter().map(entry).collect()
}

fn custom(value: &mut Value) {
    match value {
        Value::String(text) => {
            let encoded = percent_decode(text);
            if let Some(bytes) = lenient_base64(&encoded)
                && let Ok(decoded) = String::from_utf8(bytes)
                && base64(decoded.as_bytes()).as_bytes() == encoded
                && !decoded.is_empty()
                && !decoded
                    .chars()
                    .any(|char| char.is_control() && !"\t\r\n".contains(char))
            {
                *text = decoded;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(custom),
        Value::Object(object) => object.values_mut().for_each(custom),
        _ => {}
    }
}
