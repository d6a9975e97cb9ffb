//! Whole streams against the API in memory: nothing is missed, and nothing comes twice without a reason.

use std::collections::BTreeMap;

use edgesiem_model::{Cursor, PageRequest, Source, SourceVerdict, Timestamp};
use edgesiem_sources::trend_micro_cas::TrendMicroCas;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::api::{Api, Event, Habits};
use super::{HOUR_MS, NOW, head, page, read, source};

const SERVICES: [&str; 3] = ["a", "b", "c"];
const LIMIT: u32 = 5;

/// A stream that is asked step by step, as the pipeline does it.
struct Stream {
    source: TrendMicroCas,
    api: Api,
    cursor: Cursor,
    now_ms: u64,
    limit: u32,
    max_limit: u32,
    delivered: BTreeMap<String, u32>,
    gaps: u32,
}

/// What happens to one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Whole,
    /// Delivered, but the run is killed before the cursor is saved.
    Killed,
    /// The body breaks off; what came of it is delivered.
    Cut,
    /// Links that were given before are unknown.
    Forgotten,
}

impl Stream {
    fn new(events: Vec<Event>, habits: Habits, max_limit: u32) -> Self {
        let source = source(json!({
            "services": SERVICES, "events": ["x"], "limit": max_limit, "initial_lookback_s": 7200,
        }));
        Self {
            cursor: source.start(),
            source,
            api: Api::new(events, habits),
            now_ms: NOW.millis(),
            limit: max_limit,
            max_limit,
            delivered: BTreeMap::new(),
            gaps: 0,
        }
    }

    /// One page; says whether there is more.
    fn step(&mut self, fate: Fate) -> bool {
        if fate == Fate::Forgotten {
            self.api.forget();
        }
        for _ in 0..4 {
            self.now_ms += 6000;
            let cursor = self.cursor.clone();
            let asked = PageRequest {
                now: Timestamp::from_millis(self.now_ms),
                limit: self.limit,
                ..page(&cursor)
            };
            let target = self.source.request(&asked).unwrap().target;
            let (status, mut body) = self.api.answer(&target, self.now_ms);
            match self
                .source
                .verdict(&asked, &head(status, &[]), body.as_bytes())
            {
                SourceVerdict::Page => {
                    if fate == Fate::Cut {
                        body.truncate(body.len() - 1);
                    }
                    let (events, end) = read(&self.source, &asked, body.as_bytes(), 50, 9999);
                    for event in events {
                        let event: Value = serde_json::from_str(&event).unwrap();
                        *self
                            .delivered
                            .entry(event["log_item_id"].as_str().unwrap().to_owned())
                            .or_default() += 1;
                    }
                    return match (fate, end) {
                        (Fate::Killed, _) => true,
                        (Fate::Cut, end) => {
                            end.unwrap_err();
                            self.limit = (self.limit / 2).max(1);
                            true
                        }
                        (_, end) => {
                            let end = end.unwrap();
                            self.cursor = end.next;
                            self.limit = (self.limit * 2).min(self.max_limit);
                            end.more
                        }
                    };
                }
                SourceVerdict::AskFrom { cursor, .. } => self.cursor = cursor,
                SourceVerdict::Recover { .. } => {
                    let recovery = self.source.recover(&self.cursor, None, asked.now);
                    self.gaps += 1;
                    self.cursor = recovery.cursor;
                }
                other => panic!("{other:?} for {target}"),
            }
        }
        panic!("no page")
    }

    fn round(&mut self) {
        for _ in 0..1000 {
            if !self.step(Fate::Whole) {
                return;
            }
        }
        panic!("a round without end")
    }
}

fn event(service: &'static str, number: usize, generated_ms: u64, delay_ms: u64) -> Event {
    Event {
        service,
        id: format!("{service}{number}"),
        generated_ms,
        listed_ms: generated_ms + delay_ms,
    }
}

/// Events around NOW, many at the same instants, each listed within the minute that is waited for.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let instant = prop_oneof![0..20_u64, (0..3_600_u64).prop_map(|second| second * 1000)];
    prop::collection::vec(
        (prop::sample::select(&SERVICES[..]), instant, 0..60_000_u64),
        0..80,
    )
    .prop_map(|events| {
        let begin = NOW.millis() - 1_800_000;
        let numbered = events.into_iter().enumerate();
        numbered
            .map(|(number, (service, at_ms, delay_ms))| {
                event(service, number, begin + at_ms, delay_ms)
            })
            .collect()
    })
}

fn habits() -> impl Strategy<Value = Habits> {
    (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(whole_seconds, camel_case)| Habits {
        whole_seconds,
        camel_case,
    })
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        6 => Just(Fate::Whole),
        1 => Just(Fate::Killed),
        1 => Just(Fate::Cut),
        1 => Just(Fate::Forgotten),
    ];
    prop::collection::vec(fate, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_event_comes_exactly_once(events in events(), habits in habits(), waits in prop::collection::vec(0..600_u64, 1..10)) {
        let mut stream = Stream::new(events.clone(), habits, LIMIT);
        for wait_s in waits {
            stream.round();
            stream.now_ms += wait_s * 1000;
        }
        stream.now_ms += HOUR_MS;
        stream.round();
        for event in &events {
            prop_assert_eq!(stream.delivered.get(&event.id), Some(&1), "{:?}", event);
        }
        prop_assert_eq!(stream.gaps, 0);
    }

    #[test]
    fn no_event_is_missed_whatever_happens_to_pages_and_links(events in events(), whole_seconds: bool, fates in fates()) {
        let habits = Habits { whole_seconds, camel_case: false };
        let mut stream = Stream::new(events.clone(), habits, LIMIT);
        for fate in fates {
            stream.step(fate);
        }
        stream.now_ms += HOUR_MS;
        // The one that was begun, and another.
        stream.round();
        stream.round();
        for event in &events {
            prop_assert!(stream.delivered.contains_key(&event.id), "{:?}", event);
        }
        prop_assert_eq!(stream.gaps, 0);
    }
}

#[test]
fn what_is_listed_late_comes_as_long_as_nothing_newer_came_before() {
    let at = NOW.millis();
    let events = vec![
        event("a", 1, at, 1000),
        event("a", 2, at, 4 * HOUR_MS),
        event("a", 3, at + 1000, 5 * HOUR_MS),
        event("b", 1, at + 1000, 1000),
        // Something newer was there when this one was listed.
        event("b", 2, at, 4 * HOUR_MS),
    ];
    let mut stream = Stream::new(events, Habits::default(), LIMIT);
    for _ in 0..20 {
        stream.now_ms += HOUR_MS / 2;
        stream.round();
    }
    let delivered: Vec<(&str, u32)> = stream
        .delivered
        .iter()
        .map(|(id, count)| (id.as_str(), *count))
        .collect();
    assert_eq!(delivered, [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 1)]);
}

#[test]
fn more_events_at_one_instant_than_are_remembered_come_once_and_are_then_left_alone() {
    for habits in [
        Habits::default(),
        Habits {
            whole_seconds: true,
            camel_case: false,
        },
    ] {
        let at = NOW.millis() - 600_000 + 7;
        let events: Vec<Event> = (0..3000).map(|number| event("a", number, at, 0)).collect();
        let mut stream = Stream::new(events, habits, 500);
        stream.now_ms -= 600_000;
        for _ in 0..4 {
            stream.now_ms += 300_000;
            stream.round();
        }
        assert_eq!(stream.delivered.len(), 3000);
        let before = stream.delivered.clone();
        // What could not be remembered came twice at most, and comes no more.
        for _ in 0..10 {
            stream.now_ms += 600_000;
            stream.round();
        }
        assert_eq!(stream.delivered, before);
        assert!(
            stream.cursor.0.to_string().len() < 1000,
            "{}",
            stream.cursor.0
        );
    }
}

#[test]
fn eighty_hours_without_a_run_are_one_gap_and_nothing_else_is_lost() {
    let begin = NOW.millis();
    let events: Vec<Event> = (0..960)
        .map(|number| {
            event(
                SERVICES[number % 3],
                number,
                begin + number as u64 * 300_000,
                5000,
            )
        })
        .collect();
    let mut stream = Stream::new(events.clone(), Habits::default(), LIMIT);
    stream.round();
    stream.now_ms += 80 * HOUR_MS;
    let back_ms = stream.now_ms;
    stream.round();
    assert_eq!(stream.gaps, 1);
    for event in &events {
        let is_kept =
            event.generated_ms > back_ms - 71 * HOUR_MS && event.listed_ms < back_ms - 60_000;
        if is_kept {
            assert_eq!(stream.delivered.get(&event.id), Some(&1), "{event:?}");
        }
    }
    assert!(stream.delivered.values().all(|count| *count == 1));
}
