//! Asks the source for a page of one event, as the first run of a stream would.

use edgesiem_model::{
    Body, Error, ErrorKind, Host, PageReader, PageRequest, ResponseHead, SourceVerdict, Timestamp,
};

use super::{Finding, Verdict, read_up_to, reason};
use crate::StreamConfig;
use crate::words::with_context;

/// A refusal is read no further than this.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// What a page of one event may hold besides that event: the line that ends it, and a few events more.
const MAX_REST_BYTES: usize = 1024 * 1024;

/// What came of one request.
struct Asked {
    came: Came,
    /// What the answer tells about the server's clock.
    clock_skew_ms: Option<i64>,
}

enum Came {
    /// A whole page.
    Page {
        has_events: bool,
    },
    /// An answer that is longer than a page of one event should be.
    Long {
        bytes: usize,
    },
    /// It takes our credentials, but what was asked for is too old.
    TooOld(Error),
    /// The signature's time was refused. The skew is what the server's clock says, if it does.
    WrongTime {
        clock_skew_ms: Option<i64>,
        error: Error,
    },
    Failed(Error),
}

pub(super) async fn check<H: Host>(host: &H, stream: &StreamConfig) -> Finding {
    let finding = asked(host, stream).await;
    match stream.source.advice(host.now()) {
        Some(advice) if finding.user_action.is_none() => finding.advising(advice),
        Some(advice) => Finding {
            message: format!("{}; {advice}", finding.message),
            ..finding
        },
        None => finding,
    }
}

async fn asked<H: Host>(host: &H, stream: &StreamConfig) -> Finding {
    let first = ask(host, stream, 0).await;
    let Came::WrongTime {
        clock_skew_ms: Some(skew_ms),
        ..
    } = first.came
    else {
        return Finding {
            clock_skew_ms: first.clock_skew_ms,
            ..finding(first.came)
        };
    };
    let again = finding(ask(host, stream, skew_ms).await.came);
    let signed = format!(
        "{}; it refused the time of the signature until the request was signed again with its own: {}",
        again.message,
        difference(skew_ms)
    );
    let mut again = Finding {
        message: signed,
        clock_skew_ms: Some(skew_ms),
        ..again
    };
    if again.outcome == Verdict::Ok {
        again = again
            .advising("set this host's clock; until then each run signs with the source's time");
    }
    again
}

fn finding(came: Came) -> Finding {
    match came {
        Came::Page { has_events: true } => Finding::ok("it takes the credentials and gives events"),
        Came::Page { has_events: false } => {
            Finding::ok("it takes the credentials and has no event to give at the moment")
        }
        Came::Long { bytes } => Finding::unknown(format!(
            "asked for one event, it answered with more than {bytes} bytes, which were not read to their end"
        ))
        .advising("check the source's host name, and look for a proxy on the way to it"),
        Came::TooOld(error) => Finding::ok(format!(
            "it takes the credentials, but no longer has the events with which the configuration begins, and a stream \
             without a checkpoint would record a gap there: {}",
            with_context(&error)
        ))
        .advising("nothing if the stream has run before; otherwise let its source begin at a later time"),
        Came::WrongTime { error, .. } | Came::Failed(error) => Finding::failed(&error),
    }
}

/// A skew in words.
fn difference(clock_skew_ms: i64) -> String {
    let seconds = clock_skew_ms.unsigned_abs().div_ceil(1000);
    let side = if clock_skew_ms < 0 {
        "ahead of"
    } else {
        "behind"
    };
    format!("this host's clock is {seconds} s {side} the source's")
}

async fn ask<H: Host>(host: &H, stream: &StreamConfig, clock_skew_ms: i64) -> Asked {
    let source = stream.source.as_ref();
    let start = source.start();
    let mut page = PageRequest {
        cursor: &start,
        limit: 1,
        now: host.now(),
        clock_skew_ms,
        nonce: [0; 16],
    };
    host.entropy(&mut page.nonce);
    let failed = |error| Asked {
        came: Came::Failed(error),
        clock_skew_ms: None,
    };
    let request = match source.request(&page) {
        Ok(request) => request,
        Err(error) => return failed(error),
    };
    let server = request.endpoint.to_string();
    let (head, mut body) = match host.fetch(request).await {
        Ok(answer) => answer,
        Err(error) => return failed(unreachable_source(&server, &reason(&error))),
    };
    let skew_ms = skew_ms(&head, page.now, host.now());
    let refusal = if head.is_success() {
        Vec::new()
    } else {
        read_up_to(&mut body, MAX_REFUSAL_BYTES).await.0
    };
    let came = match source.verdict(&page, &head, &refusal) {
        SourceVerdict::Page => {
            let max_bytes = stream.limits.max_event_bytes.saturating_add(MAX_REST_BYTES);
            let reader = source.reader(&page, &stream.limits);
            read(&mut body, reader, max_bytes).await
        }
        SourceVerdict::Resign {
            clock_skew_ms,
            error,
        } => Came::WrongTime {
            clock_skew_ms,
            error,
        },
        SourceVerdict::Recover { error } => Came::TooOld(error),
        SourceVerdict::Retry { error, .. }
        | SourceVerdict::AskFrom { error, .. }
        | SourceVerdict::Stop(error) => Came::Failed(error),
    };
    Asked {
        came,
        clock_skew_ms: skew_ms,
    }
}

/// Reads a page to its end: whatever stands before a source can answer 200, only a source ends a page.
async fn read<B: Body>(body: &mut B, mut reader: Box<dyn PageReader>, max_bytes: usize) -> Came {
    let (mut chunk, mut bytes, mut has_events) = (Vec::new(), 0_usize, false);
    loop {
        chunk.clear();
        match body.read(&mut chunk).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                return Came::Failed(no_page(&format!("it broke off: {}", reason(&error))));
            }
        }
        bytes = bytes.saturating_add(chunk.len());
        if bytes > max_bytes {
            return Came::Long { bytes: max_bytes };
        }
        reader.push(&chunk, &mut |_| has_events = true);
    }
    match reader.finish(&mut |_| has_events = true) {
        Ok(_) => Came::Page { has_events },
        Err(incomplete) => Came::Failed(no_page(&incomplete.to_string())),
    }
}

fn no_page(reason: &str) -> Error {
    Error::new(
        ErrorKind::PageIncomplete,
        "the source's answer is no whole page of events",
        "check again; if it lasts, check the source's host name, and look for a proxy on the way to it",
    )
    .with("reason", reason)
}

fn unreachable_source(server: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::SourceUnavailable,
        "the source could not be reached",
        "check the source's host name and that this machine may connect to it",
    )
    .with("server", server)
    .with("reason", reason)
}

/// The smallest difference of the clocks that explains the `Date` of an answer to what was sent at `sent` and came at
/// `received`: it is given in whole seconds (RFC 9110 section 5.6.7), and written somewhere on the way.
fn skew_ms(head: &ResponseHead, sent: Timestamp, received: Timestamp) -> Option<i64> {
    let earliest = Timestamp::parse_http_date(head.header("date")?)?;
    let latest = earliest.shifted(999);
    Some(if earliest > received {
        earliest.offset_from_ms(received)
    } else if latest < sent {
        latest.offset_from_ms(sent)
    } else {
        0
    })
}
