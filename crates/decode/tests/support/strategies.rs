//! Events with everything that real and hostile ones have, and the pieces that they are made of.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::support::{FACETS, base64};

/// A JSON string of `text`; `style` chooses which characters are escaped without need.
pub fn quoted(text: &str, style: u32) -> String {
    let plain = serde_json::to_string(text).unwrap();
    if !style.is_multiple_of(4) {
        return plain;
    }
    let mut units = [0; 2];
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        if (index as u32 + style / 4).is_multiple_of(3) {
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
        } else {
            let one = serde_json::to_string(&character).unwrap();
            out.push_str(&one[1..one.len() - 1]);
        }
    }
    format!("\"{out}\"")
}

pub fn json_string(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, any::<u32>()).prop_map(|(text, style)| quoted(&text, style))
}

pub fn white() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => select(vec![" ", "\t", "\r", "\n", " \n\r\t "])]
}

pub fn object(members: Vec<(String, String)>, white: &str) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{white}{name}{white}:{white}{value}{white}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Text between the separators of a facet.
fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        6 => ".{0,40}".prop_map(|text| base64(text.as_bytes())),
        4 => "[ -~]{0,90}".prop_map(|text| base64(text.as_bytes())),
        3 => vec(any::<u8>(), 0..40).prop_map(|bytes| base64(&bytes)),
        2 => vec(any::<u8>(), 0..20).prop_map(|bytes| base64(&bytes).replace('+', "-").replace('/', "_")),
        2 => vec(any::<u8>(), 0..20).prop_map(|bytes| base64(&bytes).trim_end_matches('=').to_owned()),
        2 => "[A-Za-z0-9+/=_ -]{0,24}",
        1 => ".{0,12}",
        1 => "(%[0-9a-fA-F]?[0-9a-fA-F]?|[A-D]){0,8}",
    ]
}

/// Percent-encodes some of the text, as `choices` say.
fn percent(text: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    let mut choices = choices.iter().cycle();
    for character in text.chars() {
        let choice = *choices.next().unwrap_or(&0);
        let must = matches!(character, '\r' | '\n')
            || choice < 8
            || (choice < 200 && matches!(character, '=' | ';' | ':' | '/'));
        if must && character.is_ascii() {
            let code = u32::from(character);
            out.push_str(&if choice.is_multiple_of(2) {
                format!("%{code:02x}")
            } else {
                format!("%{code:02X}")
            });
        } else {
            out.push(character);
        }
    }
    out
}

pub fn facet() -> impl Strategy<Value = String> {
    (vec(item(), 0..7), vec(any::<u8>(), 1..40), 0..3_usize).prop_map(
        |(items, choices, trailing)| percent(&(items.join(";") + &";".repeat(trailing)), &choices),
    )
}

pub fn headers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => "[A-Za-z-]{0,12}: ?[ -~]{0,40}",
        // Longer than what is looked at together.
        1 => "[A-Za-z-]{0,12}: ?[ -~]{50,200}",
        1 => "[a-z]{50,130}[:\"\\\\\t\r\u{0}\u{e9}][ -~]{0,20}",
        1 => "[\t ]{0,3}[ -~]{0,20}",
        1 => "[\t ][ -~]{60,140}",
        1 => ".{0,12}",
        1 => Just(String::new()),
        1 => "[a-z:%\t\r 0-9a-f\"\\\\]{0,20}",
        1 => "(%[c-f][0-9a-f]|%[89ab][0-9a-f]|[a-c:]){0,12}",
    ];
    let end = select(vec!["\r\n", "\r\n", "\r\n", "\n", "\r\n\r\n", "\r"]);
    (
        vec((line, end), 0..8),
        vec(any::<u8>(), 1..40),
        any::<bool>(),
    )
        .prop_map(|(lines, choices, ended)| {
            let mut text: String = lines
                .iter()
                .map(|(line, end)| format!("{line}{end}"))
                .collect();
            if !ended {
                text.truncate(text.trim_end().len());
            }
            percent(&text, &choices)
        })
}

pub fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        json_string(".{0,20}".boxed()),
        json_string("[ -~]{0,80}".boxed()),
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0.5e+3",
            "1.0",
            "12345678901234567890",
            "[]",
            "{}",
            "[[[{}]]]"
        ])
        .prop_map(str::to_owned),
        (1..100_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
    ]
}

fn custom() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        ".{0,30}".prop_map(|text| base64(text.as_bytes())),
        "[ -~]{1,30}".prop_map(|text| base64(text.as_bytes()).replace('=', "%3d")),
        vec(any::<u8>(), 0..12).prop_map(|bytes| base64(&bytes)),
        "[A-Za-z0-9+/=_ -]{0,12}",
        "\\PC{0,12}",
    ];
    let value = prop_oneof![4 => json_string(text), 1 => leaf()];
    value.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (
                vec(
                    (
                        json_string(select(vec!["a", "b", "YWJj"]).prop_map(str::to_owned)),
                        inner.clone()
                    ),
                    0..4
                ),
                white()
            )
                .prop_map(|(members, white)| object(members, white)),
            vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
        ]
    })
}

/// Members of `attackData`: some facets, in any order, twice as well, and others between them.
fn attack_data() -> impl Strategy<Value = String> {
    let name = (0..FACETS.len()).prop_map(|index| FACETS[index].0.to_owned());
    let member = prop_oneof![
        6 => (json_string(name.clone()), json_string(facet())),
        2 => (json_string(select(vec!["clientIP", "ruleless", "rule", "x"]).prop_map(str::to_owned)), leaf()),
    ];
    let all_text =
        (vec(member, 0..12), white()).prop_map(|(members, white)| object(members, white));
    // A facet of another type; no name comes twice, because a tree shows only the last one.
    let mixed = (
        select((0..FACETS.len()).collect::<Vec<_>>()),
        facet(),
        leaf(),
        white(),
    )
        .prop_map(|(at, text, other, white)| {
            let members = FACETS.iter().enumerate();
            let members = members.map(|(index, (name, _))| {
                (
                    quoted(name, 1),
                    if index == at {
                        other.clone()
                    } else {
                        quoted(&text, 1)
                    },
                )
            });
            object(members.collect(), white)
        });
    prop_oneof![9 => all_text, 1 => mixed, 1 => leaf()]
}

fn http_message() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => (json_string(select(vec!["requestHeaders", "responseHeaders"]).prop_map(str::to_owned)), json_string(headers())),
        1 => (json_string(select(vec!["requestHeaders", "start", "query"]).prop_map(str::to_owned)), leaf()),
        1 => (Just("\"start\"".to_owned()), select(vec!["\"1491303422\"", "1470923133.026"]).prop_map(str::to_owned)),
    ];
    prop_oneof![9 => (vec(member, 0..6), white()).prop_map(|(members, white)| object(members, white)), 1 => leaf()]
}

pub fn event() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => (Just("\"attackData\"".to_owned()), attack_data()),
        3 => (Just("\"httpMessage\"".to_owned()), http_message()),
        2 => (Just("\"custom\"".to_owned()), custom()),
        1 => (json_string(select(vec!["attackData", "httpMessage", "custom", "geo", "é"]).prop_map(str::to_owned)), leaf()),
    ];
    let kind = ("\"type\"".to_owned(), "\"akamai_siem\"".to_owned());
    (vec(member, 0..6), white(), any::<prop::sample::Index>()).prop_map(
        move |(mut members, white, at)| {
            let at = at.index(members.len() + 1);
            members.insert(at, kind.clone());
            object(members, white)
        },
    )
}
