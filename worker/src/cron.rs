//! Each minute: every stream gets its turn.

use edgesiem::{Error, Parsed, Store, StreamConfig};
use futures_util::future::join_all;
use worker::Env;

use crate::kv::Namespace;
use crate::objects::Objects;
use crate::{kv_streams, log, settings};

/// Lets every stream run; one that fails stops no other. `Err` names those that failed.
pub(crate) async fn run_all(env: &Env) -> Result<(), String> {
    let Parsed {
        streams,
        store,
        budget,
        problems,
        ..
    } = settings::parse(env).map_err(|problems| {
        report(None, &problems);
        let first = problems.first().map(ToString::to_string);
        format!(
            "the configuration has {} problem(s), nothing was run: {}",
            problems.len(),
            first.unwrap_or_default()
        )
    })?;
    report(None, &problems);
    let mut failed = Vec::new();
    let mut usable: Vec<StreamConfig> = Vec::new();
    for stream in streams {
        match stream.result {
            Ok(config) => usable.push(config),
            Err(problems) => {
                report(Some(&stream.id), &problems);
                failed.push(format!(
                    "{}: its configuration has {} problem(s)",
                    stream.id,
                    problems.len()
                ));
            }
        }
    }
    let not_bound = |error: Error| {
        report(None, std::slice::from_ref(&error));
        error.to_string()
    };
    match store {
        Store::Kv => {
            let kv = Namespace::new(env).map_err(not_bound)?;
            failed.extend(kv_streams::run_all(&kv, usable, budget).await);
        }
        Store::DurableObject => {
            let objects = Objects::new(env).map_err(not_bound)?;
            let turns = usable
                .iter()
                .map(|stream| turn(&objects, stream.id.as_str()));
            failed.extend(join_all(turns).await.into_iter().flatten());
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

fn report(stream: Option<&str>, problems: &[Error]) {
    for problem in problems {
        log::problem("configuration", stream, &problem.to_string());
    }
}

/// Wakes the stream's object and waits for its turn to end; returns what failed.
async fn turn(objects: &Objects, stream: &str) -> Option<String> {
    match objects.tick(stream).await {
        Ok(ticked) => {
            if ticked.running {
                log::skipped(stream, "a run is under way");
            } else if ticked.later {
                log::skipped(
                    stream,
                    "there is no room in memory; it comes back by itself",
                );
            }
            ticked.failed
        }
        Err(reason) => {
            let problem = format!("{stream}: {reason}");
            log::problem("object", Some(stream), &reason);
            Some(problem)
        }
    }
}
