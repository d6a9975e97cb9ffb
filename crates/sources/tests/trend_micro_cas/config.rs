//! What is refused at start, and what a configuration asks for.

use edgesiem_model::{PageLimits, Source, Timestamp};
use edgesiem_sources::trend_micro_cas::Config;
use serde_json::{Value, json};

use super::{NOW, TOKEN, config, page, resolve, source};

#[test]
fn every_problem_is_reported_with_its_key() {
    let many: Vec<String> = (0..51).map(|n| format!("s{n}")).collect();
    for (more, expected) in [
        (json!({}), &[][..]),
        (
            json!({"services": ["huntingplatform"], "events": ["intelligencealert"]}),
            &[],
        ),
        (
            json!({"limit": 1, "requests_per_minute": 20, "settle_s": 0, "start_from": 1}),
            &[],
        ),
        (
            json!({"initial_lookback_s": 259_200, "token_created": "2026-02-28"}),
            &[],
        ),
        (json!({"region": null}), &["region"]),
        (json!({"host": "api.tmcas.trendmicro.com"}), &["host"]),
        (
            json!({"region": null, "host": "http://h.example"}),
            &["host"],
        ),
        (json!({"token": {"secret": "NONE"}}), &["token"]),
        (json!({"token": {"secret": "BAD"}}), &["token"]),
        (json!({"token_created": "2026-02-30"}), &["token_created"]),
        (
            json!({"services": [], "events": []}),
            &["services", "events"],
        ),
        (
            json!({"services": ["a", "a", "", "a b", "x&y", "ä"], "events": ["z".repeat(41)]}),
            &[
                "services[1]",
                "services[2]",
                "services[3]",
                "services[4]",
                "services[5]",
                "events[0]",
            ],
        ),
        (json!({"services": many}), &["services"]),
        (
            json!({
                "limit": 501, "requests_per_minute": 21, "requests_per_day": 1439, "settle_s": 3601,
                "initial_lookback_s": 259_201, "start_from": 1,
            }),
            &[
                "limit",
                "requests_per_minute",
                "requests_per_day",
                "settle_s",
                "initial_lookback_s",
                "start_from",
            ],
        ),
    ] {
        let problems = resolve(&config(more.clone())).err().unwrap_or_default();
        let keys: Vec<&str> = problems
            .iter()
            .map(|problem| problem.context()[0].1.as_str())
            .collect();
        assert_eq!(keys, expected, "{more}");
    }
    for more in [
        json!({"region": "mars"}),
        json!({"path": "newest"}),
        json!({"tokn": 1}),
        json!({"token": TOKEN}),
    ] {
        let error = serde_json::from_value::<Config>(config(more)).unwrap_err();
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
}

#[test]
fn every_region_has_its_host() {
    for (region, host) in [
        ("us", "api.tmcas.trendmicro.com"),
        ("eu", "api-eu.tmcas.trendmicro.com"),
        ("jp", "api.tmcas.trendmicro.co.jp"),
        ("au", "api-au.tmcas.trendmicro.com"),
        ("uk", "api.tmcas.trendmicro.co.uk"),
        ("ca", "api-ca.tmcas.trendmicro.com"),
        ("sg", "api.tmcas.trendmicro.com.sg"),
        ("in", "api-in.tmcas.trendmicro.com"),
    ] {
        let source = source(json!({"region": region}));
        let request = source.request(&page(&source.start())).unwrap();
        assert_eq!(request.endpoint.to_string(), format!("https://{host}"));
    }
}

#[test]
fn the_interval_keeps_to_a_minute_and_to_a_day() {
    for (more, interval_ms) in [
        (json!({}), 6000),
        (json!({"requests_per_minute": 20}), 3000),
        (json!({"requests_per_minute": 1}), 60_000),
        (json!({"requests_per_minute": 7}), 8572),
        (json!({"requests_per_day": 28_800}), 6000),
        (
            json!({"requests_per_minute": 20, "requests_per_day": 14_400}),
            6000,
        ),
        (json!({"requests_per_day": 1440}), 60_000),
        (json!({"requests_per_day": 9999}), 8641),
    ] {
        assert_eq!(
            source(more.clone()).page_limits(),
            PageLimits {
                min: 1,
                configured: 500,
                min_interval_ms: 0,
                quota_interval_ms: interval_ms,
            },
            "{more}"
        );
    }
}

#[test]
fn the_configuration_decides_what_is_asked_for() {
    for (more, target) in [
        (
            json!({}),
            "/v1/siem/security_events?service=exchange&event=securityrisk\
             &start=2026-11-21T12:00:00.000Z&end=2026-11-22T11:59:00.000Z&limit=500",
        ),
        (
            json!({"path": "legacy", "services": ["gmail"], "events": ["dlp"], "settle_s": 0, "initial_lookback_s": 60}),
            "/siem/v1/security_events?service=gmail&event=dlp\
             &start=2026-11-22T11:55:00.000Z&end=2026-11-22T12:00:00.000Z&limit=500",
        ),
        (
            json!({"start_from": 1_795_300_000}),
            "/v1/siem/security_events?service=exchange&event=securityrisk\
             &start=2026-11-21T22:26:40.000Z&end=2026-11-22T11:59:00.000Z&limit=500",
        ),
        // As far back as events are to be had, and a little less: clocks differ.
        (
            json!({"initial_lookback_s": 259_200}),
            "/v1/siem/security_events?service=exchange&event=securityrisk\
             &start=2026-11-19T12:10:00.000Z&end=2026-11-22T11:59:00.000Z&limit=500",
        ),
        // A beginning after the end would be refused.
        (
            json!({"initial_lookback_s": 0}),
            "/v1/siem/security_events?service=exchange&event=securityrisk\
             &start=2026-11-22T12:00:00.000Z&end=2026-11-22T12:00:00.000Z&limit=500",
        ),
    ] {
        let source = source(more);
        let cursor = source.start();
        let request = source.request(&page(&cursor)).unwrap();
        assert_eq!(request.target, target);
        let headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_ref(), value.expose()))
            .collect();
        assert_eq!(headers[0], ("accept", "application/json"));
        assert_eq!(headers[2], ("authorization", "Bearer token-a1b2c3"));
        assert!(!format!("{request:?} {source:?}").contains(TOKEN));
    }
}

#[test]
fn a_token_that_is_about_to_end_is_told() {
    let day = |day: u64| Timestamp::from_secs(1_795_305_600 + day * 86_400);
    let source_of = |more: Value| source(more);
    // 2026-11-22 at midnight is day 0.
    let source = source_of(json!({"token_created": "2026-11-22"}));
    assert_eq!(source.advice(day(0)), None);
    assert_eq!(source.advice(day(335)), None);
    let advice = source.advice(day(336)).unwrap();
    assert!(
        advice.contains("ends on 2027-11-22, in 29 days"),
        "{advice}"
    );
    let advice = source.advice(day(365)).unwrap();
    assert!(advice.contains("ended on 2027-11-22"), "{advice}");
    assert_eq!(source_of(json!({})).advice(NOW), None);
}
