//! The events of a source: small, of its vendor's shape, each recognisable by its number.

use std::rc::Rc;

use edgesiem_model::Schema;

/// When Akamai's event 0 happened and was stored. The others follow, one a second.
pub const FIRST_EVENT_S: u64 = 1_795_300_000;

/// What stands before the number of an event, in its line and in its document, by vendor.
const AKAMAI: &[u8] = b"\"requestId\":\"1158db";
const TREND_MICRO: &[u8] = b"\"mail_message_id\":\"<cas-";
const DIGITS: usize = 6;

/// Lines as the source serves them, and documents as a sink must get them.
pub struct Events {
    mark: &'static [u8],
    lines: Vec<Vec<u8>>,
    documents: Vec<Vec<u8>>,
}

impl Events {
    /// `count` events of Akamai's SIEM API, converted by `schema`.
    pub fn akamai(count: u32, schema: &mut dyn Schema) -> Rc<Self> {
        Self::new(AKAMAI, (0..count).map(akamai_line), schema)
    }

    /// Events of Trend Micro, the first of the first of `kinds` and so on, converted by `schema`.
    pub fn trend_micro<'a>(
        kinds: impl Iterator<Item = TrendMicroKind<'a>>,
        schema: &mut dyn Schema,
    ) -> Rc<Self> {
        let lines = (0..).zip(kinds).map(|(number, kind)| kind.line(number));
        Self::new(TREND_MICRO, lines, schema)
    }

    fn new(
        mark: &'static [u8],
        lines: impl Iterator<Item = String>,
        schema: &mut dyn Schema,
    ) -> Rc<Self> {
        let lines: Vec<_> = lines.map(String::into_bytes).collect();
        let documents = lines
            .iter()
            .map(|line| {
                let mut document = Vec::new();
                schema
                    .convert(line, &mut document)
                    .expect("an event can be converted");
                document
            })
            .collect();
        Rc::new(Self {
            mark,
            lines,
            documents,
        })
    }

    /// The line of an event, without a line break.
    pub fn line(&self, number: u32) -> &[u8] {
        &self.lines[number as usize]
    }

    /// Every event in a body, and whether it is there byte for byte.
    pub fn find_in(&self, body: &[u8], mut found: impl FnMut(u32, bool)) {
        for at in memchr::memmem::find_iter(body, self.mark) {
            let Some(number) = self.number_at(body, at) else {
                continue;
            };
            let intact = self.documents.get(number as usize).is_some_and(|document| {
                let before = memchr::memmem::find(document, self.mark).unwrap_or(0);
                let start = at.checked_sub(before);
                start.is_some_and(|start| body[start..].starts_with(document))
            });
            found(number, intact);
        }
    }

    /// The number of the event that a line is, if it is one, unchanged.
    pub fn number_of(&self, line: &[u8]) -> Option<u32> {
        let at = memchr::memmem::find(line, self.mark)?;
        let number = self.number_at(line, at)?;
        let original = self.lines.get(number as usize)?;
        (original == line).then_some(number)
    }

    fn number_at(&self, body: &[u8], mark: usize) -> Option<u32> {
        let start = mark + self.mark.len();
        let digits = body.get(start..start + DIGITS)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

fn akamai_line(number: u32) -> String {
    let start = FIRST_EVENT_S + u64::from(number);
    format!(
        r#"{{"attackData":{{"configId":"14227","rules":"OTUwMDAy","ruleActions":"ZGVueQ%3d%3d"}},"httpMessage":{{"requestId":"1158db{number:06}","start":"{start}","status":"403"}},"type":"akamai_siem"}}"#
    )
}

/// What an event of Trend Micro is like, but for its number.
pub struct TrendMicroKind<'a> {
    /// Name of the service, as it is asked for.
    pub service: &'a str,
    /// Name of the event type, as it is asked for.
    pub event: &'a str,
    /// When it was detected.
    pub detected_at: String,
    /// Whether it has an id of its own. Those of the older documents do not.
    pub has_id: bool,
}

impl TrendMicroKind<'_> {
    fn line(&self, number: u32) -> String {
        let Self {
            service,
            event,
            detected_at,
            has_id,
        } = self;
        let id = if *has_id {
            format!(r#""log_item_id":"6f1d{number:06}-0000-4000-8000-000000000000","#)
        } else {
            String::new()
        };
        // The mark comes early: what was cut must not look like an event.
        format!(
            r#"{{{id}"service":"{service}","event":"{event}","message":{{"mail_message_id":"<cas-{number:06}@example.com>","mail_message_subject":"a }},{{ \"quoted\" [","detection_time":"{detected_at}","action":"Quarantine","action_result":"success"}}}}"#
        )
    }
}
