//! A stream of the scripted world, and what its sinks received.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem_model::{Budget, ErrorKind, Limits, Schema, StreamId, Timestamp};
use edgesiem_pipeline::{Destination, Outcome, Stream, Window, run};
use edgesiem_testkit::{PlainSchema, Reply, ScriptedSink, ScriptedSource, World};

pub const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub struct Case {
    pub world: World,
    pub source: ScriptedSource,
    pub sinks: Vec<Destination>,
    pub limits: Limits,
    pub budget: Budget,
    pub emit_gaps: bool,
    pub replay: Option<Window>,
    pub received: Received,
}

/// Deliveries by sink: how often each document came.
#[derive(Clone, Default)]
pub struct Received(Rc<RefCell<BTreeMap<String, BTreeMap<String, u32>>>>);

impl Received {
    pub fn add(&self, sink: &str, body: &[u8]) {
        for document in String::from_utf8_lossy(body).split('\n') {
            *self
                .0
                .borrow_mut()
                .entry(sink.to_owned())
                .or_default()
                .entry(document.to_owned())
                .or_default() += 1;
        }
    }

    pub fn unique(&self, sink: &str) -> usize {
        self.0.borrow().get(sink).map_or(0, BTreeMap::len)
    }

    pub fn most_often(&self, sink: &str) -> u32 {
        self.0
            .borrow()
            .get(sink)
            .and_then(|documents| documents.values().max().copied())
            .unwrap_or(0)
    }
}

impl Case {
    pub fn new() -> Self {
        Self {
            world: World::new(NOW),
            source: ScriptedSource {
                limit: 1000,
                min_interval_ms: 0,
                quota_interval_ms: 0,
                in_order: true,
            },
            sinks: Vec::new(),
            limits: Limits::default(),
            budget: Budget::default(),
            emit_gaps: false,
            replay: None,
            received: Received::default(),
        }
    }

    /// A sink that answers its n-th request (from 0) as `answer` says; `None` accepts.
    pub fn sink(
        mut self,
        name: &'static str,
        max_events: usize,
        answer: impl Fn(usize, &str) -> Option<Reply> + 'static,
    ) -> Self {
        let sink = ScriptedSink::new(name, max_events);
        self.sinks.push(Destination::new(Box::new(sink), true));
        let (received, count) = (self.received.clone(), Cell::new(0));
        self.world.serve(&format!("{name}.test"), move |request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let reply = answer(count.replace(count.get() + 1), &body)
                .unwrap_or_else(|| Reply::new(200, ""));
            let header = |name: &str| reply.head.header(name).unwrap_or("").to_owned();
            let left_out: Vec<usize> = [header("again"), header("refused")]
                .iter()
                .flat_map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>())
                .filter_map(|place| place.parse().ok())
                .collect();
            if matches!(reply.head.status, 200 | 207) && request.target == "/" && !reply.lost {
                let taken: Vec<_> = body
                    .split('\n')
                    .enumerate()
                    .filter(|(place, _)| !left_out.contains(place))
                    .map(|(_, document)| document)
                    .collect();
                if !taken.is_empty() {
                    received.add(name, taken.join("\n").as_bytes());
                }
            }
            reply
        });
        self
    }

    /// The source answers its n-th request for `target` (from 0) as `answer` says.
    pub fn source(self, answer: impl Fn(usize, &str) -> Reply + 'static) -> Self {
        let count = Cell::new(0);
        self.world.serve("source.test", move |request| {
            answer(count.replace(count.get() + 1), &request.target)
        });
        self
    }

    pub fn run(&self) -> Outcome {
        self.run_with(&mut PlainSchema)
    }

    /// The sink that was added last need not take anything.
    pub fn optional(mut self) -> Self {
        self.sinks.last_mut().unwrap().required = false;
        self
    }

    pub fn stream(&self) -> Stream<'_> {
        Stream {
            id: StreamId::new("s").unwrap(),
            source: &self.source,
            sinks: &self.sinks,
            limits: self.limits,
            emit_gaps: self.emit_gaps,
            replay: self.replay.clone(),
        }
    }

    /// A run that is dropped where it is after so long.
    pub fn run_killed_after(&self, millis: u64) {
        let stream = self.stream();
        let mut schema = PlainSchema;
        let run = run(&self.world, &self.world, &stream, &mut schema, self.budget);
        let run = std::pin::pin!(run);
        let until = std::pin::pin!(self.world.clock.sleep(millis));
        self.world
            .clock
            .run(futures_util::future::select(run, until));
    }

    /// A run that somebody asks to end after so long.
    pub fn run_asked_to_end_after(&self, millis: u64) -> Outcome {
        let stream = self.stream();
        let mut schema = PlainSchema;
        let world = &self.world;
        let run = run(world, world, &stream, &mut schema, self.budget);
        let ask = async {
            world.clock.sleep(millis).await;
            world.must_end.set(Some("the run was asked to end"));
            world.asked_to_end.set(true);
        };
        let (outcome, ()) = world.clock.run(futures_util::future::join(run, ask));
        world.must_end.set(None);
        world.asked_to_end.set(false);
        outcome
    }

    pub fn run_with(&self, schema: &mut dyn Schema) -> Outcome {
        let stream = self.stream();
        let run = run(&self.world, &self.world, &stream, schema, self.budget);
        self.world.clock.run(run)
    }

    pub fn cursor(&self) -> Option<String> {
        self.world
            .checkpoint()
            .map(|checkpoint| checkpoint.cursor.0.as_str().unwrap().to_owned())
    }

    pub fn asked(&self) -> Vec<String> {
        let requests = self.world.requests.borrow();
        requests
            .iter()
            .filter(|request| request.endpoint.host() == "source.test")
            .map(|request| request.target.clone())
            .collect()
    }
}

pub fn lines(range: std::ops::Range<u32>) -> Vec<String> {
    range
        .map(|n| format!("@{} event {n}", 1_699_990_000 + n))
        .collect()
}

pub fn kind(outcome: &Outcome) -> Option<ErrorKind> {
    outcome
        .result
        .as_ref()
        .err()
        .map(edgesiem_model::Error::kind)
}
