//! What holds for every input.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use edgesiem_edgegrid::{
    Credentials, Fields, Nonce, Request, SigningTime, from_env, parse_edgerc, sign, split_url,
};
use proptest::prelude::*;

/// Lines that are nearly an `.edgerc`, so that every branch of the parser is met.
fn edgerc() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(?s).{0,20}",
        "\\[(a|b|a:b)?\\]?( ?[;#]x)?",
        "(host|client[-_]token|CLIENT_SECRET|access_token|max-body|headers)",
        "(host|client_token|client_secret|access_token|max_body) ?[=:] ?[\"']?[a-z0-9\\\\\"' #;=]{0,8}",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_edgerc_is_read_or_refused_in_printable_words(text in edgerc(), section in "(a|b|a:b|(?s).{0,5})") {
        if let Err(error) = parse_edgerc(&text, &section) {
            prop_assert!(!error.to_string().chars().any(char::is_control), "{error}");
            prop_assert!(error.to_string().len() < 20_000);
        }
    }

    #[test]
    fn any_environment_is_read_or_refused(value in "(?s).{0,9}", section in "(?s).{0,9}") {
        let found = from_env(|name| (name.len() % 2 == 0).then(|| value.clone()), &section);
        if let Err(error) = found {
            prop_assert!(!error.to_string().chars().any(char::is_control), "{error}");
        }
    }

    #[test]
    fn any_request_is_signed_into_one_header_line(
        strings in proptest::collection::vec("(?s).{0,12}", 8),
        body in proptest::collection::vec(any::<u8>(), 0..40),
        max_body in any::<Option<usize>>(),
        random in any::<[u8; 16]>(),
        millis in any::<u64>(),
    ) {
        let [method, scheme, host, target, name, value, secret, token] = <[String; 8]>::try_from(strings).unwrap();
        let fields = Fields {
            host: "h",
            client_token: &token,
            client_secret: &secret,
            access_token: "at",
            max_body,
            headers_to_sign: &["x-a", "X-B"],
            account_key: Some(&value),
        };
        let request = Request {
            method: &method,
            scheme: &scheme,
            host: &host,
            target: &target,
            headers: &[(&name, &value), ("X-a", &value)],
            body: &body,
        };
        if let Ok(credentials) = Credentials::new(&fields) {
            let nonce = Nonce::from_random(random);
            let time = SigningTime::from_epoch_ms(millis);
            let signature = sign(&request, &credentials, &time, &nonce);
            prop_assert!(signature.authorization.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            prop_assert_eq!(signature.signature.len(), 44);
            prop_assert_eq!(SigningTime::new(time.as_str()), Ok(time.clone()));
            prop_assert_eq!(Nonce::new(nonce.as_str()), Ok(nonce));
        }
    }

    #[test]
    fn another_nonce_or_another_byte_of_the_target_gives_another_signature(
        random in any::<[u8; 16]>(), at in 0_usize..16, target in "/[a-z;%=&]{1,40}", extra in "[ -~]",
    ) {
        let credentials = Credentials::new(&Fields {
            host: "h", client_token: "ct", client_secret: "cs", access_token: "at", ..Fields::default()
        }).unwrap();
        let time = SigningTime::from_epoch_ms(0);
        let sign = |target: &str, random| {
            let request = Request { method: "GET", scheme: "https", host: "h", target, headers: &[], body: &[] };
            sign(&request, &credentials, &time, &Nonce::from_random(random)).signature
        };
        let one = sign(&target, random);
        prop_assert_ne!(&one, &sign(&format!("{target}{extra}"), random));
        let mut other = random;
        // The low bits of every byte are part of the nonce; some high ones give way to version and variant.
        *other.get_mut(at).unwrap() ^= 1;
        prop_assert_ne!(&one, &sign(&target, other));
    }

    #[test]
    fn a_url_that_is_split_can_be_put_together_again(text in "(https?://)?[ -~é\t]{0,30}") {
        if let Ok(parts) = split_url(&text) {
            let whole = format!("{}://{}{}", parts.scheme, parts.host, parts.target);
            let sent = text.split('#').next().unwrap();
            let with_root = format!("{sent}/");
            prop_assert!(whole == sent || whole == with_root, "{whole}");
        }
    }
}
