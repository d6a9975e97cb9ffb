//! A configured stream from end to end: what its keys make of a run, a replay and dead letters.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

use edgesiem::{
    Budget, Config, DeadLetter, Secret, StreamConfig, Timestamp, Window, redeliver, run, run_replay,
};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const SOURCE: &str = "akab-x.luna.akamaiapis.net";

fn stream(emit_gaps: bool) -> StreamConfig {
    let secret = || json!({"secret": "S"});
    let sink = |name: &str| json!({"kind": "webhook", "url": format!("https://{name}.test/"), "unsigned": true});
    let mut optional = sink("optional");
    optional["required"] = json!(false);
    let config = Config::from_json(
        json!({
            "streams": [{
                "id": "prod-waf", "sinks": ["required", "optional"], "emit_gaps": emit_gaps,
                "limits": {"max_attempts": 1},
                "source": {
                    "kind": "akamai-siem", "host": SOURCE, "config_ids": [1],
                    "client_token": secret(), "client_secret": secret(), "access_token": secret(),
                },
            }],
            "sinks": {"required": sink("required"), "optional": optional},
        }),
        &|_| Some(Secret::new("s".to_owned())),
        &[],
    );
    let config = config.map_err(|errors| format!("{errors:?}")).unwrap();
    config.streams.into_iter().next().unwrap()
}

fn event(number: u64, secs: u64) -> String {
    json!({"attackData": {"configId": number.to_string()}, "httpMessage": {"start": secs.to_string()}})
        .to_string()
}

/// A page of two events, a minute apart, the second of them just now.
fn page() -> Reply {
    let [first, second] = [event(1, NOW.secs() - 60), event(2, NOW.secs())];
    Reply::new(
        200,
        format!(
            "{first}\n{second}\n{}\n",
            json!({"offset": "b", "total": 2})
        ),
    )
}

/// `optional_status` is what the optional sink answers.
fn world(source: impl FnMut() -> Reply + 'static, optional_status: u16) -> World {
    let world = World::new(NOW);
    let mut source = source;
    world.serve(SOURCE, move |_| source());
    world.serve("required.test", |_| Reply::new(200, ""));
    world.serve("optional.test", move |_| Reply::new(optional_status, ""));
    world
}

/// The messages that a sink was sent.
fn sent(world: &World, host: &str) -> Vec<Value> {
    let requests = world.requests.borrow();
    requests
        .iter()
        .filter(|request| request.endpoint.host() == host)
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect()
}

fn config_ids(message: &Value) -> Vec<&str> {
    let documents = message["data"].as_array().unwrap().iter();
    documents
        .filter_map(|document| document["attackData"]["configId"].as_str())
        .collect()
}

#[test]
fn a_stream_runs_as_configured_and_an_optional_sink_does_not_hold_it_back() {
    let (world, mut stream) = (world(page, 500), stream(false));
    let outcome = world
        .clock
        .run(run(&world, &world, Budget::default(), &mut stream));
    assert_eq!(outcome.result, Ok(()));
    assert_eq!((outcome.report.fetched, outcome.report.delivered), (2, 2));
    assert_eq!(world.checkpoint().unwrap().cursor.0, json!({"offset": "b"}));
    let messages = sent(&world, "required.test");
    assert_eq!(
        messages.iter().flat_map(config_ids).collect::<Vec<_>>(),
        ["1", "2"]
    );
    assert!(
        messages
            .iter()
            .all(|message| message.get("replay").is_none())
    );
    let letters = world.letters.borrow();
    let sinks: Vec<Option<&str>> = letters
        .values()
        .map(|letter| letter.sink.as_deref())
        .collect();
    assert_eq!(sinks, [Some("optional"); 2]);
}

#[test]
fn a_replay_asks_by_time_and_sends_what_lies_in_its_window_under_its_name() {
    let (world, mut stream) = (world(page, 200), stream(false));
    let (from, to) = (NOW.shifted(-120_000), NOW.shifted(-30_000));
    let start = stream.source.since(from, Some(to), NOW).unwrap();
    let window = Window {
        id: "r7".into(),
        from,
        to,
        start,
    };
    let replay = run_replay(&world, &world, Budget::default(), &mut stream, window);
    let outcome = world.clock.run(replay);
    assert_eq!(outcome.result, Ok(()));
    assert_eq!((outcome.report.delivered, outcome.report.outside), (1, 1));
    let asked = world.requests.borrow()[0].target.clone();
    let range = format!("?from={}&to={}&", from.secs(), to.secs());
    assert!(asked.contains(&range), "{asked}");
    for sink in ["required.test", "optional.test"] {
        let messages = sent(&world, sink);
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["replay"], "r7");
        assert_eq!(config_ids(&messages[0]), ["1"]);
    }
}

#[test]
fn sinks_are_told_of_a_gap_if_the_stream_says_so() {
    for emit_gaps in [false, true] {
        let mut is_first = true;
        let expired = move || {
            if std::mem::take(&mut is_first) {
                Reply::new(416, "")
            } else {
                page()
            }
        };
        let (world, mut stream) = (world(expired, 200), stream(emit_gaps));
        let outcome = world
            .clock
            .run(run(&world, &world, Budget::default(), &mut stream));
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.report.gaps, 1);
        let documents: Vec<Value> = sent(&world, "required.test")
            .iter()
            .flat_map(|message| message["data"].as_array().unwrap().clone())
            .filter(|document| document.get("attackData").is_none())
            .collect();
        assert_eq!(documents.len(), usize::from(emit_gaps), "{documents:?}");
    }
}

#[test]
fn a_dead_letter_is_sent_again_to_the_sink_that_did_not_take_it() {
    let (world, mut stream) = (world(page, 500), stream(false));
    world
        .clock
        .run(run(&world, &world, Budget::default(), &mut stream));
    let letters: Vec<DeadLetter> = world.letters.borrow().values().cloned().collect();
    world.serve("optional.test", |_| Reply::new(200, ""));
    world.requests.borrow_mut().clear();
    let again = redeliver(&world, &world, Budget::default(), &mut stream, &letters);
    let done = world.clock.run(again);
    assert_eq!((done.accepted, done.refused), (vec![0, 1], Vec::new()));
    assert_eq!(done.error, None);
    assert_eq!(sent(&world, "required.test"), Vec::<Value>::new());
    let messages = sent(&world, "optional.test");
    let mut ids: Vec<&str> = messages.iter().flat_map(config_ids).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2"]);
}
