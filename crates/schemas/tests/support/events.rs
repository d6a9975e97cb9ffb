//! Events made up, with everything that real and hostile ones have.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::support::slow::base64;

/// Text that something may trip over.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "\u{1b}[2J\u{1b}[31mred",
    "a\nb\r\nc",
    "\0",
    "\u{7f}\u{80}\u{9f}\u{2028}\u{2029}\u{feff}\u{202e}",
    "CEF:0|a|b|c|d|e|1|act=allow src=9.9.9.9 cs1Label=x",
    "\\ \\\\ \\n \\= = == |",
    "\"},\"event\":{\"kind\":\"x\"",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "田中さんにあげて下さい",
    "👩‍👩‍👧‍👦",
    "ÅÍÎÏ˝ÓÔ\u{f8ff}ÒÚÆ☃",
    "NULL",
    "1e309",
    "-0",
    "0x0",
    "%00%0a%25%zz%",
    "akey=",
    " = ",
];

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => select(HOSTILE).prop_map(str::to_owned),
        3 => "[ -~]{0,40}",
        2 => ".{0,20}",
        1 => "\\PC{0,80}",
    ]
    .boxed()
}

/// Of a member that should be `usual`.
fn like(usual: &'static [&'static str]) -> BoxedStrategy<Value> {
    let usual = select(usual).prop_map(|text| json!(text));
    prop_oneof![
        6 => usual,
        2 => text().prop_map(Value::from),
        1 => select(vec![Value::Null, json!(true), json!([]), json!({"a": 1}), json!("")]),
        1 => any::<u64>().prop_map(Value::from),
    ]
    .boxed()
}

fn facet() -> impl Strategy<Value = Value> {
    let item = prop_oneof![
        2 => Just(String::new()),
        3 => select(vec!["alert", "deny", "monitor", "950002", "tarpit", "none"]).prop_map(|text| base64(text.as_bytes())),
        4 => text().prop_map(|text| base64(text.as_bytes())),
        2 => vec(any::<u8>(), 0..30).prop_map(|bytes| base64(&bytes)),
        1 => "[A-Za-z0-9+/=_ -]{0,24}",
    ];
    (vec(item, 0..6), 0..3_usize, any::<bool>()).prop_map(|(items, trailing, encoded)| {
        let list = items.join(";") + &";".repeat(trailing);
        let percent = |list: String| list.replace('=', "%3d").replace(';', "%3B");
        json!(if encoded { percent(list) } else { list })
    })
}

fn headers() -> impl Strategy<Value = Value> {
    let name = select(vec![
        "User-Agent",
        "Referer",
        "Set-Cookie",
        "set-cookie",
        "X",
        "",
        "\0",
        "Accept",
    ]);
    let line = prop_oneof![
        6 => (name, text()).prop_map(|(name, value)| format!("{name}: {value}")),
        1 => text(),
        1 => Just("\tfolded".to_owned()),
        1 => Just("%ff%c3%28: %e9".to_owned()),
    ];
    (vec(line, 0..40), select(vec!["\r\n", "\n"]), any::<bool>()).prop_map(
        |(lines, end, encoded)| {
            let all = lines.join(end);
            if !encoded {
                return json!(all);
            }
            let escape = |c: char| match c {
                '\r' | '\n' | ':' | ' ' | '"' | '\\' | '\0' => format!("%{:02x}", u32::from(c)),
                other => other.to_string(),
            };
            json!(all.chars().map(escape).collect::<String>())
        },
    )
}

fn members(of: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let count = of.len();
    let object = subsequence(of, 0..=count).prop_flat_map(|chosen| {
        let (names, values): (Vec<_>, Vec<_>) = chosen.into_iter().unzip();
        values.prop_map(move |values| {
            let pairs = names.iter().map(|name| (*name).to_owned()).zip(values);
            Value::Object(pairs.collect::<Map<_, _>>())
        })
    });
    prop_oneof![20 => object, 1 => text().prop_map(Value::from), 1 => Just(Value::Null)].boxed()
}

/// An event without repeated members, as JSON text.
pub fn event() -> impl Strategy<Value = String> {
    let attack = members(vec![
        ("rules", facet().boxed()),
        ("ruleVersions", facet().boxed()),
        ("ruleMessages", facet().boxed()),
        ("ruleTags", facet().boxed()),
        ("ruleData", facet().boxed()),
        ("ruleSelectors", facet().boxed()),
        ("ruleActions", facet().boxed()),
        ("apiId", like(&["API_1"])),
        ("apiKey", like(&["key"])),
        (
            "appliedAction",
            like(&["deny", "alert", "abort", "none", "deny_custom_7", "slow"]),
        ),
        (
            "clientIP",
            like(&["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]),
        ),
        ("clientReputation", like(&["ID=192.0.2.1;WEBATCK=9"])),
        ("configId", like(&["14227"])),
        ("policyId", like(&["qik1_26545"])),
        ("slowPostAction", like(&["A", "W"])),
        ("slowPostRate", like(&["10"])),
        ("unknown", like(&["x"])),
    ]);
    let message = members(vec![
        ("bytes", like(&["266"])),
        (
            "host",
            like(&[
                "a.example",
                "a.example:8443",
                "[2001:db8::1]:443",
                "192.0.2.9",
            ]),
        ),
        ("method", like(&["GET"])),
        ("path", like(&["/", "/a%20b+c/%ff"])),
        ("port", like(&["80", "443", "8443"])),
        ("protocol", like(&["HTTP/1.1", "h2", "HTTP/3", "http/2"])),
        ("query", like(&["a=b%2Bc+d", ""])),
        ("requestHeaders", headers().boxed()),
        ("requestId", like(&["1158db17"])),
        ("responseHeaders", headers().boxed()),
        ("start", like(&["1491303422", "1470923133.026"])),
        ("status", like(&["200", "403"])),
        ("tls", like(&["tls1.3", "TLSv1.2"])),
        ("akTlsFpV2", like(&["x"])),
    ]);
    let geo = members(vec![
        ("asn", like(&["14618", "14618 7018"])),
        ("city", like(&["ASHBURN"])),
        ("continent", like(&["NA", "288"])),
        ("country", like(&["US", "reserved"])),
        ("regionCode", like(&["VA"])),
    ]);
    let user = members(vec![
        ("allow", like(&["0"])),
        ("emailDomain", like(&["example.com"])),
        ("general", like(&["duc_1h:10|duc_1d:30|duc_1h:11", "plain"])),
        ("originUserId", like(&["jsmith007"])),
        ("risk", like(&["udfp:13/M|unp:74256/H", ":", "|"])),
        ("score", like(&["75"])),
        ("status", like(&["0"])),
        ("username", like(&["jsmith"])),
        ("uuid", like(&["964d54b7-0821-413a-a4d6-8131770ec8d5"])),
    ]);
    let bot = members(vec![
        ("botScore", like(&["100"])),
        ("responseSegment", like(&["3"])),
    ]);
    let client = members(vec![
        ("appBundleId", like(&["a"])),
        ("telemetryType", like(&["2"])),
    ]);
    let identity = members(vec![
        ("ja4", like(&["t13d"])),
        ("tlsFingerprintV2", like(&["a"])),
    ]);
    let custom = prop_oneof![
        2 => text().prop_map(|text| json!(base64(text.as_bytes()))),
        2 => text().prop_map(|text| json!({"NAME": base64(text.as_bytes()), "list": [text, 1, null, {"x": true}]})),
        1 => text().prop_map(Value::from),
    ];
    let all = (
        attack,
        message,
        geo,
        user,
        bot,
        client,
        identity,
        proptest::option::of(custom),
        text(),
    );
    all.prop_map(
        |(attack, message, geo, user, bot, client, identity, custom, name)| {
            let mut event = Map::new();
            event.insert("type".to_owned(), json!("akamai_siem"));
            event.insert("attackData".to_owned(), attack);
            event.insert("httpMessage".to_owned(), message);
            event.insert("geo".to_owned(), geo);
            event.insert("userRiskData".to_owned(), user);
            event.insert("botData".to_owned(), bot);
            event.insert("clientData".to_owned(), client);
            event.insert("identity".to_owned(), identity);
            event.extend(custom.map(|custom| ("custom".to_owned(), custom)));
            event.entry(name).or_insert(json!([{"un": "known"}]));
            Value::Object(event).to_string()
        },
    )
}
