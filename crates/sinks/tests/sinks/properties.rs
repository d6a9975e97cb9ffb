//! What holds for any batch and any answer.

use edgesiem_model::{
    Answer, Attempt, Batch, DocumentForm, Event, EventId, ResponseHead, Secret, Sink, SinkVerdict,
    Timestamp,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{sink, splunk, webhook};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A document of a JSON schema, compact or not, and what it means.
fn object() -> impl Strategy<Value = (String, Value)> {
    let members = prop::collection::btree_map(any::<String>(), json_value(), 0..5);
    (members, any::<bool>()).prop_map(|(members, pretty)| {
        let value = Value::Object(members.into_iter().collect::<Map<_, _>>());
        let text = if pretty {
            format!(" {value:#}\n")
        } else {
            value.to_string()
        };
        (text, value)
    })
}

/// A document of a text schema.
fn text() -> impl Strategy<Value = (String, Value)> {
    any::<String>()
        .prop_filter("an object", |text| {
            !text.trim_ascii_start().starts_with('{')
        })
        .prop_map(|text| (text.clone(), Value::from(text)))
}

type Documents = Vec<(String, Value, [u8; 16], Option<u64>)>;

fn documents(one: impl Strategy<Value = (String, Value)>) -> impl Strategy<Value = Documents> {
    let event = (one, any::<[u8; 16]>(), any::<Option<u64>>());
    prop::collection::vec(
        event.prop_map(|((text, value), id, time)| (text, value, id, time)),
        0..20,
    )
}

/// The longest name included, because room for it is promised.
fn replay() -> impl Strategy<Value = Option<String>> {
    let letters = prop::collection::vec(prop::char::range('a', 'z'), 1..=Batch::MAX_REPLAY_BYTES);
    prop::option::of(letters.prop_map(String::from_iter))
}

fn batch(documents: &Documents, form: DocumentForm, replay: Option<&str>) -> Batch {
    let mut batch = Batch::default();
    batch.set_form(form);
    batch.set_replay(replay.map(Into::into));
    for (line, (document, _, id, time)) in (0_u64..).zip(documents) {
        batch.push(&Event {
            id: EventId::from_bytes(*id),
            line_id: EventId::from_bytes(*id),
            line,
            time: time.map(Timestamp::from_millis),
            raw: b"raw",
            document: document.as_bytes(),
        });
    }
    batch
}

fn splunk_with_everything() -> Box<dyn Sink> {
    sink(
        "splunk-hec",
        &json!({
            "url": "https://splunk.example:8088", "token": {"secret": "TOKEN"}, "ack": true,
            "index": "i\"", "source": "s", "sourcetype": "é", "host": "h", "fields": {"a": "b", "c": "\\"},
        }),
    )
}

/// The body parses back to exactly the documents, their ids and times, and says of which replay they are.
fn check_body(sink: &dyn Sink, documents: &Documents, replay: Option<&str>, body: &[u8]) {
    let expected: Vec<&Value> = documents.iter().map(|(_, value, ..)| value).collect();
    let ids: Vec<String> = documents
        .iter()
        .map(|(_, _, id, _)| EventId::from_bytes(*id).to_string())
        .collect();
    if sink.name() == "webhook" {
        let message: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(message["type"], "edgesiem.events");
        assert_eq!(
            message["data"]
                .as_array()
                .unwrap()
                .iter()
                .collect::<Vec<_>>(),
            expected
        );
        assert_eq!(message["event_ids"], Value::from(ids));
        assert_eq!(message.get("replay"), replay.map(Value::from).as_ref());
        let first_time = documents.iter().find_map(|(.., time)| *time);
        let first_time = first_time.map(|ms| Timestamp::from_millis(ms).to_rfc3339());
        assert_eq!(message["timestamp"], Value::from(first_time));
    } else {
        let objects: Vec<Value> = serde_json::Deserializer::from_slice(body)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap();
        let events: Vec<&Value> = objects.iter().map(|object| &object["event"]).collect();
        assert_eq!(events, expected);
        let seen: Vec<_> = objects
            .iter()
            .map(|object| &object["fields"]["edgesiem_id"])
            .collect();
        assert_eq!(seen, ids.iter().collect::<Vec<_>>());
        for (object, (.., time)) in objects.iter().zip(documents) {
            assert_eq!(object.get("time").is_some(), time.is_some());
            let named = object["fields"].get("edgesiem_replay");
            assert_eq!(named, replay.map(Value::from).as_ref());
        }
    }
}

/// What may differ between two attempts at one batch, because it says when they were made.
fn tells_the_time(header: &str) -> bool {
    header.contains("timestamp")
        || header.contains("signature")
        || header.contains("date")
        || header.contains("pending-since")
        || header == "authorization"
}

/// Nothing is sent compressed here: what is compared are the documents.
fn plain_sinks() -> Vec<Box<dyn Sink>> {
    let attempt = Attempt::at(Timestamp::default());
    let documents = super::batch(&["{}"]);
    super::vectors::sinks()
        .into_iter()
        .filter(|sink| {
            let request = sink.request(&documents.view(), &attempt);
            !request
                .headers
                .iter()
                .any(|(name, _)| name == "content-encoding")
        })
        .collect()
}

proptest! {
    #[test]
    fn a_body_is_exactly_the_documents(documents in documents(object()), replay in replay()) {
        let batch = batch(&documents, DocumentForm::Json, replay.as_deref());
        for sink in [webhook(), splunk(false), splunk_with_everything()] {
            let body = sink.request(&batch.view(), &Attempt::at(Timestamp::from_secs(1))).body;
            check_body(sink.as_ref(), &documents, replay.as_deref(), &body);
        }
    }

    #[test]
    fn text_documents_come_back_as_strings(documents in documents(text()), replay in replay()) {
        let batch = batch(&documents, DocumentForm::Text, replay.as_deref());
        for sink in [webhook(), splunk(false), splunk_with_everything()] {
            let body = sink.request(&batch.view(), &Attempt::at(Timestamp::from_secs(1))).body;
            check_body(sink.as_ref(), &documents, replay.as_deref(), &body);
        }
    }

    #[test]
    fn a_request_is_never_longer_than_its_limits_say(
        objects in documents(object()), texts in documents(text()), replay in replay(),
    ) {
        for (documents, form) in [(&objects, DocumentForm::Json), (&texts, DocumentForm::Text)] {
            let batch = batch(documents, form, replay.as_deref());
            if batch.is_empty() {
                continue;
            }
            for sink in plain_sinks().iter().filter(|sink| sink.takes(form)) {
                let token = Secret::new("token".to_owned());
                let attempt = Attempt { now: Timestamp::from_secs(1), token: Some(&token) };
                let body = sink.request(&batch.view(), &attempt).body;
                let limits = sink.limits();
                let events: usize = documents
                    .iter()
                    .map(|(text, ..)| limits.event_bytes(form, text.as_bytes()))
                    .sum();
                let promised = events + limits.bytes_per_batch;
                assert!(body.len() <= promised, "{sink:?}: {} > {promised}", body.len());
            }
        }
    }

    #[test]
    fn a_repeated_delivery_differs_only_in_time_and_signature(
        documents in documents(object()), replay in replay(),
        first in any::<u64>(), second in any::<u64>(),
    ) {
        let batch = batch(&documents, DocumentForm::Json, replay.as_deref());
        if batch.is_empty() {
            return Ok(());
        }
        for sink in super::vectors::sinks() {
            let token = Secret::new("token".to_owned());
            let [a, b] = [first, second].map(|ms| {
                let attempt = Attempt { now: Timestamp::from_millis(ms), token: Some(&token) };
                sink.request(&batch.view(), &attempt)
            });
            assert_eq!(a.body, b.body, "{sink:?}");
            assert_eq!(a.target, b.target, "{sink:?}");
            for ((name, a), (_, b)) in a.headers.iter().zip(&b.headers) {
                if !tells_the_time(name) {
                    assert_eq!(a.expose(), b.expose(), "{sink:?} {name}");
                }
            }
        }
    }

    #[test]
    fn no_answer_panics_and_every_text_is_printable(
        status in prop_oneof![any::<u16>(), prop::sample::select(vec![200_u16, 201, 202, 204, 207, 400, 401, 403, 404, 409, 412, 413, 429, 500, 503])],
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            json_value().prop_map(|value| value.to_string().into_bytes()),
            (0_u64..20, any::<Option<i64>>()).prop_map(|(code, ack)| {
                json!({"text": "x", "code": code, "ackId": ack, "acks": {"0": true}}).to_string().into_bytes()
            }),
        ],
        retry_after in any::<Option<String>>(),
        now in any::<u64>(),
    ) {
        let headers = retry_after.map(|value| ("retry-after".to_owned(), value));
        let head = ResponseHead { status, headers: headers.into_iter().collect() };
        let answer = Answer { head: &head, body: &body, now: Timestamp::from_millis(now) };
        let batch = super::batch(&["{}"]);
        for sink in super::vectors::sinks() {
            let request = sink.request(&batch.view(), &Attempt::at(Timestamp::from_millis(now)));
            let mut texts = Vec::new();
            let token = sink.token_verdict(&answer);
            for verdict in [
                sink.verdict(&batch.view(), &answer),
                sink.poll_verdict(&request, &answer),
            ].into_iter().chain(token.err()) {
                match verdict {
                    SinkVerdict::Stop(error) => texts.push(error.to_string()),
                    SinkVerdict::Retry { reason, .. } | SinkVerdict::Rejected { reason } => texts.push(reason),
                    SinkVerdict::Partial { refused, reason, again, .. } => {
                        // Numbers of events that were sent, none of them in both lists.
                        assert!(again.iter().chain(refused.iter().map(|(number, _)| number)).all(|number| *number == 0));
                        assert!(again.len() + refused.len() <= 1);
                        texts.push(reason);
                        texts.extend(refused.into_iter().map(|(_, reason)| reason));
                    }
                    SinkVerdict::Accepted | SinkVerdict::TooLarge | SinkVerdict::Pending { .. } => {}
                }
            }
            texts.extend(sink.health_verdict(&answer).err().map(|error| error.to_string()));
            for text in texts {
                assert!(!text.chars().any(char::is_control), "{sink:?}: {text:?}");
                assert!(text.len() < 10_000, "{sink:?}: {} bytes", text.len());
            }
        }
    }
}
