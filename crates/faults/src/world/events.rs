//! The events of the source: small, of Akamai's shape, each recognisable by its number.

use std::rc::Rc;

use edgesiem_model::Schema;

/// When event 0 happened and was stored. The others follow, one a second.
pub const FIRST_EVENT_S: u64 = 1_795_300_000;

/// What stands before an event's number, in its line and in its document.
const MARK: &[u8] = b"\"requestId\":\"1158db";
const DIGITS: usize = 6;

/// Lines as the source serves them, and documents as a sink must get them.
pub struct Events {
    lines: Vec<Vec<u8>>,
    documents: Vec<Vec<u8>>,
}

impl Events {
    /// `count` events, converted by `schema`.
    pub fn new(count: u32, schema: &mut dyn Schema) -> Rc<Self> {
        let lines: Vec<_> = (0..count).map(|number| line(number).into_bytes()).collect();
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
        Rc::new(Self { lines, documents })
    }

    /// The line of an event, without a line break.
    pub fn line(&self, number: u32) -> &[u8] {
        &self.lines[number as usize]
    }

    /// Every event in a body, and whether it is there byte for byte.
    pub fn find_in(&self, body: &[u8], mut found: impl FnMut(u32, bool)) {
        for at in memchr::memmem::find_iter(body, MARK) {
            let Some(number) = number_at(body, at) else {
                continue;
            };
            let intact = self.documents.get(number as usize).is_some_and(|document| {
                let before = memchr::memmem::find(document, MARK).unwrap_or(0);
                let start = at.checked_sub(before);
                start.is_some_and(|start| body[start..].starts_with(document))
            });
            found(number, intact);
        }
    }

    /// The number of the event that a line is, if it is one, unchanged.
    pub fn number_of(&self, line: &[u8]) -> Option<u32> {
        let at = memchr::memmem::find(line, MARK)?;
        let number = number_at(line, at)?;
        let original = self.lines.get(number as usize)?;
        (original == line).then_some(number)
    }
}

fn number_at(body: &[u8], mark: usize) -> Option<u32> {
    let start = mark + MARK.len();
    let digits = body.get(start..start + DIGITS)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn line(number: u32) -> String {
    let start = FIRST_EVENT_S + u64::from(number);
    format!(
        r#"{{"attackData":{{"configId":"14227","rules":"OTUwMDAy","ruleActions":"ZGVueQ%3d%3d"}},"httpMessage":{{"requestId":"1158db{number:06}","start":"{start}","status":"403"}},"type":"akamai_siem"}}"#
    )
}
