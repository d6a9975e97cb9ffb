use serde_json::json;

use super::{CLIENT_SECRET, config, resolve};
use edgesiem_sources::akamai_security_monitor::Config;

#[test]
fn every_problem_is_named_with_its_key_and_no_secret_is_shown() {
    for (more, expected) in [
        (json!({}), &[][..]),
        (json!({"host": "https://akab-h.luna.akamaiapis.net/"}), &[]),
        (json!({"host": "akab h"}), &["this host cannot be used"]),
        (
            json!({"host": "", "client_token": {"secret": "NONE"}, "access_token": {"secret": "BAD"}}),
            &[
                "this host cannot be used",
                "the secret NONE is not set",
                "the secret has a character that no token has",
            ],
        ),
    ] {
        let problems = resolve(config(more)).err().unwrap_or_default();
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.message().contains(expected), "{problem}");
            assert!(
                problem.context().iter().any(|(name, _)| *name == "key"),
                "{problem}"
            );
        }
    }
    let unknown = serde_json::from_value::<Config>(config(json!({"limit": 5})));
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("unknown field `limit`")
    );
    let monitor = resolve(config(json!({}))).unwrap();
    assert!(!format!("{monitor:?}").contains(CLIENT_SECRET));
}
