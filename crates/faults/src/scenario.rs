//! The scenarios of `tests/scenarios`, run by the native pipeline. `tests/e2e/scenarios.test.ts` runs the same files
//! on the built Worker; the README beside them says what their members mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize;

use crate::case::{Case, Profile, SinkCase};
use crate::executor::{Act, End, Order, drive};
use crate::profiles::{Platform, TickEnd, durable_object, kv};
use crate::simulate::MOST_EVENTS;
use crate::world::World;
use crate::world::events::Events;
use crate::world::fault::SourceFault;
use crate::world::receiver::{Kind, SinkFault};
use crate::world::reply::Ending;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/scenarios");
/// What the Worker waits for in one read of a body, unless the body ends (`AT_LEAST_BYTES` in worker/src/body.rs).
const WORKER_READ_BYTES: usize = 128 * 1024;
/// From one tick to the next.
const TICK_MS: i64 = 60_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    why: String,
    events: u32,
    limit: u32,
    batch_events: usize,
    max_attempts: u32,
    max_requests: Option<u64>,
    #[serde(default)]
    host_clock_off_s: i64,
    #[serde(default)]
    source: BTreeMap<u32, PageFault>,
    #[serde(default)]
    sink: BTreeMap<u32, PostFault>,
    #[serde(default)]
    sink_poison: Vec<u32>,
    sink_most_events: Option<usize>,
    #[serde(default)]
    sink_down_in_ticks: Vec<usize>,
    #[serde(default)]
    expire_before_ticks: Vec<usize>,
    #[serde(default)]
    append_before_ticks: BTreeMap<usize, u32>,
    ticks: Vec<String>,
    expect: Observed,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum PageFault {
    Status {
        code: u16,
        retry_after_s: Option<u32>,
    },
    Cut {
        lines: usize,
    },
    Broken {
        lines: usize,
    },
    Unreadable {
        line: usize,
    },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum PostFault {
    Status {
        code: u16,
        retry_after_s: Option<u32>,
    },
    AnswerLost {},
}

/// What the servers and the operator have seen in the end.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Observed {
    unique: u64,
    sent_twice: u64,
    dead_letters: u64,
    gaps: u64,
    posts: u64,
    limits: Vec<u32>,
}

impl Scenario {
    fn case(&self, profile: Profile, line_bytes: usize) -> Case {
        let appended: u32 = self.append_before_ticks.values().sum();
        let mut case = Case::new(profile).events(self.events + appended);
        case.available = self.events;
        case.limit = self.limit;
        case.batch_events = self.batch_events;
        case.max_attempts = self.max_attempts;
        case.host_clock_off_s = self.host_clock_off_s;
        if let Some(max_requests) = self.max_requests {
            case.budget.max_requests = max_requests;
        }
        for (request, fault) in &self.source {
            case = case.source_fault(*request, fault.simulated(line_bytes));
        }
        let mut sink = SinkCase::new(Kind::Webhook);
        let faults = self.sink.iter();
        sink.script.faults = faults
            .map(|(post, fault)| (*post, fault.simulated()))
            .collect();
        sink.script.poison = self.sink_poison.iter().copied().collect();
        sink.script.most_events = self.sink_most_events;
        case.sinks = vec![sink];
        case
    }
}

impl PageFault {
    /// Every line has `line_bytes`, its line break included.
    fn simulated(self, line_bytes: usize) -> SourceFault {
        match self {
            Self::Status {
                code: 429,
                retry_after_s,
            } => SourceFault::TooMany(retry_after_s),
            Self::Status {
                code: 503,
                retry_after_s: None,
            } => SourceFault::Unavailable,
            Self::Status { code, .. } => panic!("the simulated source cannot answer {code} so"),
            Self::Cut { lines } => SourceFault::Cut(lines * line_bytes, Ending::Clean),
            // A read that fails hands out nothing, and the Worker's reads are longer than these pages: of what came
            // before the break nothing is left.
            Self::Broken { lines } => {
                assert!(
                    lines * line_bytes < WORKER_READ_BYTES,
                    "one read of the Worker's"
                );
                SourceFault::Cut(0, Ending::Broken)
            }
            // The opening brace becomes a letter.
            Self::Unreadable { line } => SourceFault::Flip {
                byte: line * line_bytes,
                bit: 0,
            },
        }
    }
}

impl PostFault {
    fn simulated(self) -> SinkFault {
        match self {
            Self::Status {
                code,
                retry_after_s,
            } => SinkFault::Status(code, retry_after_s),
            Self::AnswerLost {} => SinkFault::AppliedThenReset,
        }
    }
}

/// The servers' world and the platform, tick by tick.
struct Player<'a> {
    scenario: &'a Scenario,
    world: Rc<World>,
    platform: Rc<dyn Platform>,
    /// Page requests whose signature was accepted.
    signed: u32,
    observed: Observed,
}

impl<'a> Player<'a> {
    fn new(scenario: &'a Scenario, profile: Profile) -> Self {
        let plain = Case::new(profile);
        let events = Events::akamai(MOST_EVENTS, crate::plan::schema(&plain).as_mut());
        let line_bytes = events.line(0).len() + 1;
        let case = Rc::new(scenario.case(profile, line_bytes));
        let world = World::new(&case, &events, true);
        let platform: Rc<dyn Platform> = match profile {
            Profile::DurableObject => durable_object::Object::new(&case, &world),
            Profile::Kv | Profile::Folder => kv::Namespace::new(&case, &world),
        };
        Self {
            scenario,
            world,
            platform,
            signed: 0,
            observed: Observed::default(),
        }
    }

    /// What the tick ends with.
    fn tick(&mut self, tick: usize) -> String {
        self.prepare(tick);
        let ends = drive(
            &self.world.executor,
            tick,
            1,
            &mut Order::Fifo,
            &mut |_| self.platform.tick(),
            &mut |_, _| Act::Pass,
        );
        self.read_trace(tick);
        let next = self.world.executor.now().shifted(TICK_MS);
        self.world.executor.advance_to(next);
        match &ends[..] {
            [End::Returned(TickEnd::Ran { error: None, .. })] => "ok".to_owned(),
            [End::Returned(TickEnd::Ran { .. })] => {
                let error = self.platform.status().runs.error;
                error.map_or_else(String::new, |error| error.code)
            }
            other => format!("{other:?}"),
        }
    }

    fn prepare(&self, tick: usize) {
        let Scenario {
            append_before_ticks,
            expire_before_ticks,
            sink_down_in_ticks,
            ..
        } = self.scenario;
        let mut siem = self.world.siem.borrow_mut();
        siem.available += append_before_ticks.get(&tick).copied().unwrap_or(0);
        if expire_before_ticks.contains(&tick) {
            let faults = siem.faults.entry(self.signed).or_default();
            faults.insert(0, SourceFault::Expired);
        }
        let mut receivers = self.world.receivers.borrow_mut();
        receivers[0].script.down_for_ever = sink_down_in_ticks.contains(&tick);
    }

    /// Notes what requests came. A sink that is down answers 503 in this world; in the real one nothing reaches it.
    fn read_trace(&mut self, tick: usize) {
        let is_down = self.scenario.sink_down_in_ticks.contains(&tick);
        for line in self.world.executor.trace() {
            if line.contains(" POST sink ") {
                self.observed.posts += u64::from(!is_down);
            }
            let Some((_, get)) = line.split_once(" GET ") else {
                continue;
            };
            let (target, answer) = get.split_once(" -> ").unwrap();
            let (_, limit) = target.split_once("limit=").unwrap();
            self.observed.limits.push(limit.parse().unwrap());
            self.signed += u32::from(!answer.starts_with("Answered 400,"));
        }
    }

    fn observed(self) -> Observed {
        let ledger = self.world.ledger.borrow();
        let received = &ledger.sinks[0];
        assert_eq!(received.altered, 0, "events came altered");
        let status = self.platform.status();
        Observed {
            unique: received.times.iter().filter(|times| **times > 0).count() as u64,
            sent_twice: received.repeated(),
            dead_letters: self.platform.dead_letters().len() as u64,
            gaps: status.gaps.len() as u64,
            ..self.observed
        }
    }

    fn unmet_faults(&self) -> usize {
        let receivers = self.world.receivers.borrow();
        self.world.siem.borrow().faults.len() + receivers[0].script.faults.len()
    }
}

fn files() -> Vec<PathBuf> {
    let entries = Path::new(FOLDER).read_dir().unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    files
}

/// What is not as the file says.
fn differences(file: &Path, profile: Profile) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let scenario: Scenario =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut player = Player::new(&scenario, profile);
    let ticks: Vec<String> = (0..scenario.ticks.len())
        .map(|tick| player.tick(tick))
        .collect();
    let unmet = player.unmet_faults();
    let observed = player.observed();
    let mut differences = Vec::new();
    if ticks != scenario.ticks {
        differences.push(format!("ticks: {ticks:?}, not {:?}", scenario.ticks));
    }
    if observed != scenario.expect {
        differences.push(format!("{observed:?}, not {:?}", scenario.expect));
    }
    if unmet > 0 {
        differences.push(format!("{unmet} faults never happened"));
    }
    if !scenario.sink.is_empty() && !scenario.sink_down_in_ticks.is_empty() {
        differences.push("a sink that is down leaves requests without a number".to_owned());
    }
    if scenario.why.is_empty() {
        differences.push("it does not say why".to_owned());
    }
    let (name, profile) = (&scenario.name, profile.name());
    let named = differences.into_iter();
    named
        .map(|difference| format!("{name} ({profile}): {difference}"))
        .collect()
}

#[test]
fn every_scenario_ends_as_its_file_says_in_both_profiles() {
    let files = files();
    assert!(!files.is_empty(), "{FOLDER} has no scenarios");
    let runs = files
        .iter()
        .flat_map(|file| Profile::ALL.map(|profile| (file, profile)));
    let differences: Vec<String> = runs
        .flat_map(|(file, profile)| differences(file, profile))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
