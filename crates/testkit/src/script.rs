//! The plainest source, schema and sink that use every verdict: what a test scripts is the server's answer,
//! the verdict follows from its status.

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Cursor, Endpoint, Error, ErrorKind, EventFacts, Gap,
    HttpRequest, Incomplete, InsecureLoopback, Limits, Line, Method, PageEnd, PageLimits,
    PageReader, PageRequest, Recovery, ResponseHead, Schema, Sink, SinkVerdict, Source,
    SourceVerdict, Timestamp, Unreadable, plain, retry_after_ms,
};
use serde_json::json;

fn endpoint(host: &str) -> Endpoint {
    Endpoint::parse_host(host, InsecureLoopback::Refuse).expect("a host name")
}

/// The body of a page: its lines, then `end NEXT` or `end NEXT more`.
pub fn page(lines: &[impl AsRef<str>], next: &str, more: bool) -> String {
    let mut body: String = lines
        .iter()
        .map(|line| format!("{}\n", line.as_ref()))
        .collect();
    body += &format!("end {next}{}", if more { " more" } else { "" });
    body
}

/// Asks `GET /CURSOR?limit=N` of `source.test`. 200 is a page, 410 another name of the same page (header `cursor`; with a header
/// `stuck` somebody has to do something about it), 416 an unknown cursor, 408 a wrong clock (header `skew`), 429 and 5xx come back later, anything else stops.
pub struct ScriptedSource {
    /// Page size asked for.
    pub limit: u32,
    /// Least time between pages, in milliseconds.
    pub min_interval_ms: u64,
    /// Least time from one answer to the next request, in milliseconds.
    pub quota_interval_ms: u64,
    /// Whether its pages follow each other in time.
    pub in_order: bool,
}

fn refused(kind: ErrorKind, head: &ResponseHead) -> Error {
    Error::new(
        kind,
        format!("the source answered {}", head.status),
        "look at the script",
    )
}

impl Source for ScriptedSource {
    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn start(&self) -> Cursor {
        Cursor(json!("0"))
    }

    fn since(
        &self,
        from: Timestamp,
        _to: Option<Timestamp>,
        _now: Timestamp,
    ) -> Result<Cursor, Error> {
        Ok(Cursor(json!(format!("since-{}", from.secs()))))
    }

    fn is_in_order(&self) -> bool {
        self.in_order
    }

    fn page_limits(&self) -> PageLimits {
        PageLimits {
            min: 10,
            configured: self.limit,
            min_interval_ms: self.min_interval_ms,
            quota_interval_ms: self.quota_interval_ms,
        }
    }

    fn request(&self, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
        let cursor = page.cursor.0.as_str().expect("a cursor is a string");
        let signed_at = page.now.shifted(page.clock_skew_ms);
        Ok(HttpRequest {
            method: Method::Get,
            endpoint: endpoint("source.test"),
            target: format!("/{cursor}?limit={}", page.limit),
            headers: vec![
                plain("signed-at", signed_at.millis().to_string()),
                plain("nonce", format!("{:?}", page.nonce)),
            ],
            body: Vec::new(),
            timeout_ms: 1000,
        })
    }

    fn verdict(&self, page: &PageRequest<'_>, head: &ResponseHead, _body: &[u8]) -> SourceVerdict {
        match head.status {
            200 => SourceVerdict::Page,
            408 => SourceVerdict::Resign {
                clock_skew_ms: head.header("skew").and_then(|skew| skew.parse().ok()),
                error: refused(ErrorKind::SourceRefused, head),
            },
            410 => SourceVerdict::AskFrom {
                cursor: Cursor(json!(head.header("cursor"))),
                error: match head.header("stuck") {
                    Some(_) => refused(ErrorKind::SourceRefused, head),
                    None => refused(ErrorKind::SourceUnavailable, head),
                },
            },
            416 => SourceVerdict::Recover {
                error: refused(ErrorKind::SourceRefused, head),
            },
            429 | 500..=599 => SourceVerdict::Retry {
                after_ms: head
                    .header("retry-after")
                    .and_then(|value| retry_after_ms(value, page.now)),
                error: refused(ErrorKind::SourceUnavailable, head),
            },
            _ => SourceVerdict::Stop(refused(ErrorKind::SourceRefused, head)),
        }
    }

    fn reader(&self, _page: &PageRequest<'_>, limits: &Limits) -> Box<dyn PageReader> {
        Box::new(ScriptedReader {
            buffer: Vec::new(),
            max: limits.max_event_bytes,
        })
    }

    fn recover(&self, lost: &Cursor, last_event_at: Option<Timestamp>, now: Timestamp) -> Recovery {
        let resumed_from = last_event_at.unwrap_or(now.shifted(-3_600_000));
        Recovery {
            cursor: Cursor(json!(format!("since-{}", resumed_from.secs()))),
            gap: Gap {
                detected_at: now,
                reason: "expired".to_owned(),
                lost: lost.clone(),
                last_event_at,
                resumed_from,
            },
        }
    }
}

struct ScriptedReader {
    buffer: Vec<u8>,
    max: usize,
}

impl PageReader for ScriptedReader {
    fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(Line<'_>)) {
        self.buffer.extend_from_slice(chunk);
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = &line[..end];
            if line.len() <= self.max {
                lines(Line::Event(line));
                continue;
            }
            let parts: Vec<_> = line.chunks(self.max).collect();
            for (index, part) in parts.iter().enumerate() {
                lines(Line::Oversize {
                    part,
                    index: index as u32,
                    last: index + 1 == parts.len(),
                });
            }
        }
    }

    fn finish(&mut self, _lines: &mut dyn FnMut(Line<'_>)) -> Result<PageEnd, Incomplete> {
        let last = String::from_utf8_lossy(&self.buffer).into_owned();
        let mut words = last.split(' ');
        match (words.next(), words.next()) {
            (Some("end"), Some(next)) => Ok(PageEnd {
                next: Cursor(json!(next)),
                more: words.next() == Some("more"),
            }),
            _ => Err(Incomplete("no context line".to_owned())),
        }
    }
}

/// The line itself; a line that begins with `!` is unreadable; `@SECONDS ` in front is the event's time.
#[derive(Default)]
pub struct PlainSchema;

impl Schema for PlainSchema {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        out.extend_from_slice(line);
        if line.first() == Some(&b'!') {
            return Err(Unreadable {
                reason: "begins with !",
                at: 0,
            });
        }
        let text = String::from_utf8_lossy(line);
        let time = text
            .strip_prefix('@')
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        Ok(EventFacts {
            time: time.map(Timestamp::from_secs),
            undecoded: 0,
            filtered: false,
        })
    }
}

/// Posts the documents, one a line, to `NAME.test`, with the batch's key as a header. 200 accepts, 413 is
/// too large, 422 refuses, 207 takes a part, 202 asks to poll, 429 and 5xx come back later, anything else stops.
#[derive(Debug)]
pub struct ScriptedSink {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub limits: BatchLimits,
}

impl ScriptedSink {
    /// A sink that takes `max_events` in a batch.
    pub fn new(name: &str, max_events: usize) -> Self {
        let limits = BatchLimits {
            bytes_per_event: 1,
            ..BatchLimits::new(max_events, 1_000_000)
        };
        Self {
            name: name.to_owned(),
            limits,
        }
    }
}

impl Sink for ScriptedSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        let documents: Vec<_> = batch.events().map(|event| event.document).collect();
        HttpRequest {
            method: Method::Post,
            endpoint: endpoint(&format!("{}.test", self.name)),
            target: "/".to_owned(),
            headers: vec![plain("key", batch.key().to_string())],
            body: documents.join(&b'\n'),
            timeout_ms: 1000,
        }
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        judge(self, answer)
    }

    fn poll_verdict(&self, _poll: &HttpRequest, answer: &Answer<'_>) -> SinkVerdict {
        judge(self, answer)
    }
}

fn judge(sink: &ScriptedSink, answer: &Answer<'_>) -> SinkVerdict {
    let reason = format!("status {}", answer.head.status);
    match answer.head.status {
        200 => SinkVerdict::Accepted,
        202 => {
            let poll = HttpRequest {
                method: Method::Post,
                endpoint: endpoint(&format!("{}.test", sink.name)),
                target: "/poll".to_owned(),
                headers: Vec::new(),
                body: Vec::new(),
                timeout_ms: 1000,
            };
            SinkVerdict::Pending {
                poll,
                after_ms: 2000,
            }
        }
        207 => {
            // `again: 0,2` and `refused: 3` name events by their place.
            let places = |name| -> Vec<usize> {
                let value = answer.head.header(name).unwrap_or("");
                value.split(',').filter_map(|n| n.parse().ok()).collect()
            };
            let refused = places("refused");
            SinkVerdict::Partial {
                again: places("again"),
                refused: refused.into_iter().map(|n| (n, reason.clone())).collect(),
                after_ms: None,
                reason,
            }
        }
        413 => SinkVerdict::TooLarge,
        422 => SinkVerdict::Rejected { reason },
        429 | 500..=599 => {
            let after_ms = answer
                .head
                .header("retry-after")
                .and_then(|value| retry_after_ms(value, answer.now));
            SinkVerdict::Retry { after_ms, reason }
        }
        _ => SinkVerdict::Stop(Error::new(
            ErrorKind::SinkRefused,
            reason,
            "look at the script",
        )),
    }
}
