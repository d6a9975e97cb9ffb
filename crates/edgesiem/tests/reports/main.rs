//! Reports on demand, in a scripted world: what is sent and when, what comes back, and why nothing does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod asking;
mod failing;
mod requests;

use std::cell::RefCell;
use std::rc::Rc;

use edgesiem::reports::{Bounds, ReportError, ReportRequest, Reports, configured};
use edgesiem::{Secret, Timestamp};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
/// [`NOW`], two minutes later, as a `Date` header has it.
const TWO_MINUTES_LATER: &str = "Tue, 14 Nov 2023 22:15:20 GMT";
const HOST: &str = "akab-x.luna.akamaiapis.net";
const SECRET: &str = "hunter2hunter2hunter2hunter2hunter2";
const PACKS: &str = "/security-monitor/v1/report-packs";

fn secret(name: &str) -> Option<Secret> {
    (name != "NONE").then(|| Secret::new(SECRET.to_owned()))
}

fn table() -> Value {
    let secret = json!({"secret": "S"});
    json!({"host": HOST, "client_token": secret, "client_secret": secret, "access_token": secret})
}

fn reports(bounds: Bounds) -> Reports {
    let monitor = configured(&json!({"security_monitor": table()}), &secret);
    Reports::new(monitor.unwrap().unwrap(), bounds)
}

/// A server that keeps a log of when it was asked for what.
struct Server {
    world: World,
    log: Rc<RefCell<Vec<(u64, String)>>>,
}

impl Server {
    fn new(mut answer: impl FnMut(&str) -> Reply + 'static) -> Self {
        let world = World::new(NOW);
        let log = Rc::new(RefCell::new(Vec::new()));
        let (kept, clock) = (Rc::clone(&log), world.clock.clone());
        world.serve(HOST, move |request| {
            let at_ms = clock.now().since_ms(NOW);
            kept.borrow_mut().push((at_ms, request.target.clone()));
            answer(
                request
                    .target
                    .strip_prefix(PACKS)
                    .expect("a path of the API"),
            )
        });
        Self { world, log }
    }

    /// Gives these answers, one after the other.
    fn giving(answers: Vec<Reply>) -> Self {
        let mut answers = answers.into_iter();
        Self::new(move |_| answers.next().expect("an answer that was expected"))
    }

    fn perform(&self, reports: &Reports, request: Value) -> Result<Value, ReportError> {
        let request = ReportRequest::from_json(request)?;
        let reported = self.world.clock.run(reports.perform(&self.world, request));
        let reported = reported.map(|reported| serde_json::to_string(&reported).unwrap());
        if let Err(error) = &reported {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown}");
        }
        Ok(serde_json::from_str(&reported?).unwrap())
    }

    /// When requests were sent, in milliseconds from the beginning.
    fn times_ms(&self) -> Vec<u64> {
        self.log.borrow().iter().map(|(at_ms, _)| *at_ms).collect()
    }

    fn targets(&self) -> Vec<String> {
        let log = self.log.borrow();
        let targets = log
            .iter()
            .map(|(_, target)| target.strip_prefix(PACKS).unwrap().to_owned());
        targets.collect()
    }
}

fn stores() -> Value {
    json!([{
        "id": 939, "name": "sample data store",
        "dimensions": [{"id": 43, "name": "Time"}, {"id": 957, "name": "Country"}],
        "metrics": [{"id": 544, "name": "Requests Denied"}],
        "aggregationInSeconds": 60, "maxQueryDurationInMinutes": 1440,
    }])
}

fn ok(body: &Value) -> Reply {
    Reply::new(200, body.to_string())
}

fn packs() -> Reply {
    ok(
        &json!([{"id": 12332, "name": "Sample 1"}, {"id": 5, "name": "Twice"}, {"id": 6, "name": "twice"}]),
    )
}

fn problem(status: u16, detail: &str) -> Reply {
    Reply::new(
        status,
        json!({"httpStatus": status, "title": "Oh", "detail": detail}).to_string(),
    )
}

/// `count` rows, the first of which is number `first`.
fn rows(first: u64, count: u64, has_more: bool) -> Reply {
    let rows: Vec<Value> = (first..first + count)
        .map(|number| json!([number.to_string(), "US", "7"]))
        .collect();
    ok(&json!({
        "columns": [{"type": "dimension", "name": "Time", "index": 0}, {"type": "metric", "name": "Requests Denied", "aggregate": "418"}],
        "rows": rows,
        "metaData": {"aggregation": 60, "hasMoreData": has_more, "timeZone": "GMT", "reportPack": "P"},
    }))
}

fn report(more: Value) -> Value {
    let mut query = json!({
        "pack": 12332, "start": "2014-11-13T00:00", "end": "2014-11-13T00:05", "dimensions": ["Time"], "metrics": ["Requests Denied"],
    });
    query
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"operation": "report", "query": query})
}
