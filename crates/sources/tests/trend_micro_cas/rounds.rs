//! Whole streams against the API in memory: nothing is missed, and nothing comes twice without a reason.

use std::collections::BTreeMap;

use edgesiem_model::{Cursor, Error, ErrorKind, PageRequest, Source, SourceVerdict, Timestamp};
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
    /// The server's time.
    now_ms: u64,
    /// How far ahead this host's clock is.
    fast_ms: i64,
    limit: u32,
    max_limit: u32,
    delivered: BTreeMap<String, u32>,
    gaps: u32,
    /// What the operator was told, most recent last.
    told: Vec<Error>,
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
        Self::of(&SERVICES, events, habits, max_limit)
    }

    fn of(services: &[&str], events: Vec<Event>, habits: Habits, max_limit: u32) -> Self {
        let source = source(json!({
            "services": services, "events": ["x"], "limit": max_limit, "initial_lookback_s": 7200,
        }));
        Self {
            cursor: source.start(),
            source,
            api: Api::new(events, habits),
            now_ms: NOW.millis(),
            fast_ms: 0,
            limit: max_limit,
            max_limit,
            delivered: BTreeMap::new(),
            gaps: 0,
            told: Vec::new(),
        }
    }

    fn host_now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms).shifted(self.fast_ms)
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
                now: self.host_now(),
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
                SourceVerdict::AskFrom { cursor, error } => {
                    self.cursor = cursor;
                    if !error.kind().retryable() {
                        // The run ends, and the next one goes on.
                        self.told.push(error);
                        return true;
                    }
                }
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
        ..Habits::default()
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
        let habits = Habits { whole_seconds, ..Habits::default() };
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn without_any_word_of_the_servers_time_nothing_is_missed_with_a_clock_that_is_ten_minutes_off(
        events in events(), fast_s in -600..=600_i64, waits in prop::collection::vec(0..600_u64, 1..10),
    ) {
        let habits = Habits { camel_case: true, ..Habits::default() };
        let mut stream = Stream::new(events.clone(), habits, LIMIT);
        stream.fast_ms = fast_s * 1000;
        for wait_s in waits {
            stream.round();
            stream.now_ms += wait_s * 1000;
        }
        stream.now_ms += HOUR_MS;
        stream.round();
        for event in &events {
            prop_assert_eq!(stream.delivered.get(&event.id), Some(&1), "{:?}", event);
        }
    }

    #[test]
    fn a_replay_ends_and_has_every_event_of_its_window_once(
        events in events(), habits in habits(), newest_first: bool, from_s in 0..1800_u64, lasts_s in 1..1800_u64, fates in fates(),
    ) {
        let habits = Habits { newest_first, ..habits };
        let mut stream = Stream::new(events.clone(), habits, LIMIT);
        // Also what was generated later than it is told to have been detected.
        stream.now_ms += HOUR_MS;
        let from = NOW.millis() - 1_800_000 + from_s * 1000;
        let to = from + lasts_s * 1000;
        let at = Timestamp::from_millis;
        stream.cursor = stream.source.since(at(from), Some(at(to)), stream.host_now()).unwrap();
        let is_disturbed = fates.iter().any(|fate| matches!(fate, Fate::Killed | Fate::Cut));
        // A window is asked for again from within only if its pages are in the order of their events.
        let may_be = |fate: &Fate| !newest_first || matches!(fate, Fate::Whole | Fate::Killed);
        for fate in fates.into_iter().filter(may_be) {
            if !stream.step(fate) {
                break;
            }
        }
        stream.round();
        for event in &events {
            let count = stream.delivered.get(&event.id).copied().unwrap_or(0);
            if (from..=to).contains(&event.generated_ms) {
                prop_assert!(count == 1 || (is_disturbed && count > 1), "{} {:?}", count, event);
            }
            prop_assert!(count == 0 || (from..=to + 900_000).contains(&event.generated_ms), "{:?}", event);
        }
    }
}

/// Asks on and on, with pauses, as runs do.
fn for_rounds(stream: &mut Stream, rounds: u32) {
    for _ in 0..rounds {
        for _ in 0..60 {
            if !stream.step(Fate::Whole) {
                break;
            }
        }
        stream.now_ms += 60_000;
    }
}

#[test]
fn links_that_are_always_dead_are_told_and_hold_nobody_else() {
    let at = NOW.millis() - 600_000;
    let of = |service, count: usize, step_ms: u64| {
        let numbers = 0..count;
        let events =
            numbers.map(move |number| event(service, number, at + number as u64 * step_ms, 0));
        events.collect::<Vec<_>>()
    };
    // More than a page, of one instant or without times: no window leads past its first page.
    for (habits, step_ms) in [
        (Habits::default(), 0),
        (
            Habits {
                camel_case: true,
                ..Habits::default()
            },
            1000,
        ),
        (
            Habits {
                whole_seconds: true,
                ..Habits::default()
            },
            1,
        ),
    ] {
        let habits = Habits {
            dead_links: true,
            ..habits
        };
        let mut stream = Stream::new(
            [of("a", 12, step_ms), of("b", 3, 1000), of("c", 5, 1000)].concat(),
            habits,
            LIMIT,
        );
        for_rounds(&mut stream, 10);
        let delivered = |service: char| {
            stream
                .delivered
                .keys()
                .filter(|id| id.starts_with(service))
                .count()
        };
        assert!(delivered('a') < 12, "{habits:?}");
        assert_eq!((delivered('b'), delivered('c')), (3, 5), "{habits:?}");
        let told = stream.told.last().unwrap();
        assert_eq!(told.kind(), ErrorKind::SourceRefused);
        let text = told.to_string();
        for word in ["a/x", "limit", "requests_per_minute", "clock"] {
            assert!(text.contains(word), "{word} is not in: {text}");
        }
        assert!(stream.told.len() > 3, "it stays told");
        // As long as somebody does something about it.
        stream.api.habits.dead_links = false;
        let told = stream.told.len();
        stream.round();
        for_rounds(&mut stream, 3);
        assert_eq!(stream.delivered.len(), 20, "{habits:?}");
        assert_eq!(stream.told.len(), told);
    }
}

#[test]
fn dead_links_are_nothing_to_tell_while_each_window_leads_further() {
    let begin = NOW.millis() - 3_600_000;
    let events: Vec<Event> = (0..100)
        .map(|number| event("a", number, begin + number as u64 * 1000, 0))
        .collect();
    let habits = Habits {
        dead_links: true,
        ..Habits::default()
    };
    let mut stream = Stream::new(events, habits, LIMIT);
    stream.round();
    assert_eq!(stream.delivered.len(), 100);
    assert!(stream.delivered.values().all(|count| *count == 1));
    assert!(stream.told.is_empty());
}

#[test]
fn a_flood_of_events_at_one_instant_in_every_combination_neither_loses_any_nor_makes_the_cursor_large()
 {
    const EACH: usize = 5000;
    let names: Vec<&'static str> = (0..48)
        .map(|number| &*Box::leak(format!("service_{number}_of_a_long_name_").into_boxed_str()))
        .collect();
    let at = NOW.millis() - 600_000;
    let events: Vec<Event> = names
        .iter()
        .flat_map(|name| (0..EACH).map(|number| event(name, number, at, 0)))
        .collect();
    let habits = Habits {
        long_links: true,
        ..Habits::default()
    };
    let mut stream = Stream::of(&names, events, habits, 500);
    let mut largest = 0;
    let mut more = true;
    let mut pages = 0;
    while more {
        more = stream.step(Fate::Whole);
        largest = largest.max(stream.cursor.0.to_string().len());
        pages += 1;
        assert!(pages < 2000);
    }
    assert_eq!(stream.delivered.len(), 48 * EACH);
    assert!(stream.delivered.values().all(|count| *count == 1));
    assert!((400_000..900_000).contains(&largest), "{largest} bytes");
    // What could not be remembered comes twice at most, and then no more.
    for _ in 0..2 {
        stream.now_ms += 600_000;
        stream.round();
    }
    let before = stream.delivered.clone();
    stream.round();
    assert_eq!(stream.delivered, before);
    assert!(stream.delivered.values().all(|count| *count <= 2));
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
            ..Habits::default()
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
