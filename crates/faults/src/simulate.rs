//! Runs one schedule until everything has come to rest, and then looks at the books.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem_model::Timestamp;

use crate::case::{Blow, Case, Profile, Written};
use crate::executor::{Act, End, Order, Run, drive};
use crate::profiles::{Platform, TickEnd, durable_object, kv};
use crate::world::events::Events;
use crate::world::trend_micro::TrendMicro;
use crate::world::{BEGINNING, World};

/// From one trigger to the next.
const TICK_MS: u64 = 60_000;
/// Things go wrong for so many ticks at most.
const FAULTY_TICKS: u32 = 40;
/// Then so many must be enough for everything to come to rest.
const CALM_TICKS: u32 = 40;
/// No schedule with Akamai's server has more events.
pub const MOST_EVENTS: u32 = 64;

/// What became of a schedule.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Events of the source.
    pub events: u64,
    /// Events that are neither in the care of every required sink nor a dead letter.
    pub lost: u64,
    /// Deliveries of an event to a sink beyond the first, over all sinks.
    pub sent_twice: u64,
    /// The most of them that the faults of the schedule excuse; `None` if nothing is promised.
    pub bound: Option<u64>,
    /// Points that each run has passed.
    pub points: Vec<u32>,
    /// Ticks until everything had come to rest.
    pub ticks: u32,
    /// What is not as promised.
    pub problems: Vec<String>,
}

/// A schedule that has come to rest.
pub struct Simulated {
    /// What became of it.
    pub verdict: Verdict,
    /// The servers and their books.
    pub world: Rc<World>,
    /// What survived.
    pub platform: Rc<dyn Platform>,
    /// What happened, line by line, if that was wanted.
    pub trace: Vec<String>,
}

thread_local! {
    static EVENTS: RefCell<BTreeMap<Written, Rc<Events>>> = const { RefCell::new(BTreeMap::new()) };
}

fn events(case: &Case) -> Rc<Events> {
    let schema = || crate::plan::schema(case);
    if let Some(setting) = &case.trend_micro {
        let kinds = TrendMicro::kinds(setting, BEGINNING);
        return Events::trend_micro(kinds, schema().as_mut());
    }
    EVENTS.with_borrow_mut(|all| {
        let made = || Events::akamai(MOST_EVENTS, schema().as_mut());
        Rc::clone(all.entry(case.written).or_insert_with(made))
    })
}

/// Runs `case` to its end.
pub fn simulate(case: &Case, trace: bool) -> Simulated {
    let case = Rc::new(case.clone());
    let world = World::new(&case, &events(&case), trace);
    let platform: Rc<dyn Platform> = match case.profile {
        Profile::DurableObject => durable_object::Object::new(&case, &world),
        Profile::Kv | Profile::Folder => kv::Namespace::new(&case, &world),
    };
    let mut schedule = Schedule {
        case: &case,
        world: &world,
        platform: &platform,
        order: case.order.clone(),
        first_run: 0,
        last_error: String::from("no run came to its end"),
        problems: Vec::new(),
    };
    let ticks = schedule.run();
    let mut problems = schedule.problems;
    let runs = schedule.first_run;
    let verdict = judge(&case, &world, &platform, &mut problems);
    let points = (0..runs).map(|run| world.executor.passed(run)).collect();
    Simulated {
        verdict: Verdict {
            points,
            ticks,
            problems,
            ..verdict
        },
        trace: world.executor.trace(),
        world,
        platform,
    }
}

struct Schedule<'a> {
    case: &'a Case,
    world: &'a Rc<World>,
    platform: &'a Rc<dyn Platform>,
    order: Order,
    first_run: Run,
    last_error: String,
    problems: Vec<String>,
}

impl Schedule<'_> {
    fn run(&mut self) -> u32 {
        let (faulty_ticks, most_calm_ticks) = self.patience();
        let mut calm_ticks = 0;
        for tick in 0..faulty_ticks + most_calm_ticks {
            if tick == faulty_ticks {
                self.calm_down();
            }
            let calm = self.world.calm.get();
            let (is_done, resume_at) = self.tick(tick as usize);
            if is_done && calm {
                return tick + 1;
            }
            if is_done && self.world.is_quiet() {
                self.calm_down();
            }
            calm_ticks += u32::from(calm);
            if calm_ticks > most_calm_ticks {
                break;
            }
            let executor = &self.world.executor;
            let next = executor.now().shifted(TICK_MS as i64);
            executor.advance_to(resume_at.map_or(next, |resume_at| resume_at.max(next)));
            if let Some(returns_at) = self.world.returns_at() {
                executor.advance_to(returns_at);
            }
        }
        let problem = format!("never came to rest: {}", self.last_error);
        self.problems.push(problem);
        faulty_ticks + most_calm_ticks
    }

    /// For how many ticks things may go wrong, and how many must be enough after that. Trend Micro's source goes on
    /// generating events, by its own clock, and may be asked for one page in a tick.
    fn patience(&self) -> (u32, u32) {
        let Some(setting) = &self.case.trend_micro else {
            return (FAULTY_TICKS, CALM_TICKS);
        };
        let off_ms = self.case.host_clock_off_s.unsigned_abs() * 1000;
        let ticks = (setting.lasts_ms() + off_ms).div_ceil(TICK_MS) as u32;
        let pages = (setting.logs.len() + setting.combinations()) as u32;
        (FAULTY_TICKS + ticks, CALM_TICKS + 2 * pages)
    }

    fn calm_down(&mut self) {
        self.world.calm_down();
        self.order = Order::Fifo;
    }

    /// Whether a run of this tick found everything done, and how long nobody else may run.
    fn tick(&mut self, tick: usize) -> (bool, Option<Timestamp>) {
        let (case, world, platform) = (self.case, self.world, self.platform);
        let calm = world.calm.get();
        let at_once = case.at_once.get(tick).copied().unwrap_or(1);
        let count = if calm { 1 } else { at_once.max(1) };
        let mut begin = |_: Run| platform.tick();
        let mut act = |run: Run, passed: u32| {
            let is_it = |(of, point, _): &&(Run, u32, Blow)| (*of, *point) == (run, passed);
            let blow = case.blows.iter().find(is_it).filter(|_| !world.calm.get());
            let Some((_, _, blow)) = blow else {
                return Act::Pass;
            };
            world.allow_batch_for_all();
            match blow {
                Blow::Kill => Act::Kill,
                Blow::Beside => {
                    platform.begin_anew();
                    Act::Beside
                }
            }
        };
        world.executor.note(|| format!("tick {tick}"));
        let ends = drive(
            &world.executor,
            self.first_run,
            count,
            &mut self.order,
            &mut begin,
            &mut act,
        );
        self.first_run += ends.len();
        if case.emptied_after.contains(&(tick as u32)) {
            self.empty();
        }
        let (mut is_done, mut resume_at) = (false, None);
        for end in ends {
            match end {
                End::Returned(TickEnd::Ran { error, caught_up }) => {
                    world
                        .executor
                        .note(|| format!("ended, caught up: {caught_up}, error: {error:?}"));
                    is_done |= error.is_none() && caught_up;
                    self.last_error = error.unwrap_or_else(|| "not caught up".to_owned());
                }
                End::Returned(TickEnd::Busy { until }) => resume_at = until,
                End::Killed => {}
                End::Stuck => self
                    .problems
                    .push("a run waits for something that never happens".to_owned()),
            }
        }
        (is_done, resume_at)
    }

    fn empty(&self) {
        let letters = self.platform.dead_letters();
        let mut ledger = self.world.ledger.borrow_mut();
        for letter in &letters {
            ledger.keep(letter);
        }
        self.platform.delete_dead_letters();
        let count = letters.len();
        let note = || format!("the operator takes {count} dead letters out");
        self.world.executor.note(note);
    }
}

fn judge(
    case: &Case,
    world: &World,
    platform: &Rc<dyn Platform>,
    problems: &mut Vec<String>,
) -> Verdict {
    let mut ledger = world.ledger.borrow_mut();
    for letter in platform.dead_letters() {
        ledger.keep(&letter);
    }
    // A damaged line may look like another event: then only what it is counts, byte for byte.
    let remembered = |sink: usize| case.sinks[sink].script.remember;
    let required: Vec<usize> = (0..case.sinks.len())
        .filter(|sink| case.sinks[*sink].required)
        .collect();
    let is_lost = |number: &u32| {
        let is_safe = |sink: &usize| {
            ledger.is_safe(*sink, *number)
                || (remembered(*sink) && world.is_safe_damaged(&ledger, *sink, *number))
        };
        !required.iter().all(is_safe) && !is_excused(world, *number)
    };
    let lost: Vec<u32> = (0..case.events).filter(is_lost).collect();
    if !lost.is_empty() {
        problems.push(format!("events are lost: {lost:?}"));
    }
    if let Some(server) = &world.trend_micro {
        problems.extend(server.borrow().problems.iter().cloned());
    }
    let strays = world.strays.borrow();
    problems.extend(strays.iter().map(|url| format!("a request went to {url}")));
    let changed = world.changed();
    let (mut sent_twice, mut bound) = (0, 0);
    for (sink, received) in ledger.sinks.iter().enumerate() {
        let (repeated, allowed) = (received.repeated(), received.allowed + changed);
        sent_twice += repeated;
        bound += allowed;
        if case.profile.is_exact() && repeated > allowed {
            problems.push(format!(
                "sink {sink} got {repeated} events twice, and the faults excuse {allowed}"
            ));
        }
        if received.altered > 0 && !remembered(sink) {
            let altered = received.altered;
            problems.push(format!("sink {sink} got {altered} events altered"));
        }
    }
    if case.profile.is_exact()
        && let Some(position) = platform.status().position
    {
        let counters = position.counters;
        if counters.fetched != counters.delivered + counters.dead_lettered + counters.outside {
            problems.push(format!("the books do not balance: {counters:?}"));
        }
    }
    Verdict {
        events: u64::from(case.events),
        lost: lost.len() as u64,
        sent_twice,
        bound: case.profile.is_exact().then_some(bound),
        ..Verdict::default()
    }
}

/// Whether the server no longer had an event when it could be asked for: only after an outage that outlasts what it keeps.
fn is_excused(world: &World, number: u32) -> bool {
    let server = world.trend_micro.as_ref();
    server.is_some_and(|server| server.borrow().is_out_of_reach(number))
}
