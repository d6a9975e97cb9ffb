//! An event taken apart: the members that are known, and all others.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use edgesiem_model::{EventFacts, Timestamp, Unreadable};
use serde::de::IgnoredAny;

use super::time::Time;
use crate::distinct::Distinct;
use crate::filter::json;

/// An event is an object of depth 0, and no value of it is below this; as Akamai's.
const MAX_DEPTH: usize = 127;

/// A member that is known; its name is beside it in [`OUTER`] or [`INNER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    LogItemId,
    Service,
    Event,
    ScanType,
    AffectedUser,
    Location,
    DetectionTime,
    Policy,
    Filter,
    Action,
    Result,
    MailId,
    MailSender,
    MailRecipient,
    MailSubmitTime,
    MailDeliveryTime,
    MailSubject,
    MailFileName,
    FileName,
    FileUploadTime,
    FileSha1,
    FileSha256,
    SecurityRiskName,
    DetectedBy,
    RiskLevel,
    VirusName,
    DetectionType,
    RansomwareName,
    DlpTemplate,
    Violator,
    ViolatingContent,
}

/// Members of the event itself.
const OUTER: [(&str, Field); 3] = [
    ("log_item_id", Field::LogItemId),
    ("service", Field::Service),
    ("event", Field::Event),
];

/// Members of `message`, after Trend Micro's "Get Security Logs"; `violator` and `violating_content` are in older logs.
const INNER: [(&str, Field); 28] = [
    ("scan_type", Field::ScanType),
    ("affected_user", Field::AffectedUser),
    ("location", Field::Location),
    ("detection_time", Field::DetectionTime),
    ("triggered_policy_name", Field::Policy),
    ("triggered_security_filter", Field::Filter),
    ("action", Field::Action),
    ("action_result", Field::Result),
    ("mail_message_id", Field::MailId),
    ("mail_message_sender", Field::MailSender),
    ("mail_message_recipient", Field::MailRecipient),
    ("mail_message_submit_time", Field::MailSubmitTime),
    ("mail_message_delivery_time", Field::MailDeliveryTime),
    ("mail_message_subject", Field::MailSubject),
    ("mail_message_file_name", Field::MailFileName),
    ("file_name", Field::FileName),
    ("file_upload_time", Field::FileUploadTime),
    ("file_sha1", Field::FileSha1),
    ("file_sha256", Field::FileSha256),
    ("security_risk_name", Field::SecurityRiskName),
    ("detected_by", Field::DetectedBy),
    ("risk_level", Field::RiskLevel),
    ("virus_name", Field::VirusName),
    ("detection_type", Field::DetectionType),
    ("ransomware_name", Field::RansomwareName),
    ("triggered_dlp_template", Field::DlpTemplate),
    ("violator", Field::Violator),
    ("violating_content", Field::ViolatingContent),
];

/// Members of an answer of the API that are its events, in the newer and the older spelling.
const LISTS: [&str; 2] = ["security_events", "securityEvents"];
const ANSWER: &str = "an answer of the API, not one of its events";

const FIELDS: usize = OUTER.len() + INNER.len();

/// Members that are points in time.
const TIMES: [Field; 4] = [
    Field::DetectionTime,
    Field::MailSubmitTime,
    Field::MailDeliveryTime,
    Field::FileUploadTime,
];

impl Field {
    const fn bit(self) -> u64 {
        1 << self as u32
    }

    /// Where it is in an event.
    fn path(self) -> String {
        let outer = OUTER.iter().find(|(_, field)| *field == self);
        let inner = INNER.iter().find(|(_, field)| *field == self);
        match (outer, inner) {
            (Some((name, _)), _) => (*name).to_owned(),
            (None, Some((name, _))) => format!("message.{name}"),
            (None, None) => String::new(),
        }
    }
}

/// An event.
#[derive(Debug)]
pub struct Event<'a> {
    line: &'a [u8],
    /// By field, the JSON of its value.
    known: [Option<&'a [u8]>; FIELDS],
    /// Path and JSON of the other members.
    unknown: Vec<(String, &'a [u8])>,
    /// Bits of the fields whose value found no place.
    misfits: Cell<u64>,
    /// Bits of those that are written elsewhere, or are to be.
    placed: Cell<u64>,
}

impl<'a> Event<'a> {
    /// Takes `line` apart.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not one complete JSON object, or nested too deeply.
    pub fn read(line: &'a [u8]) -> Result<Self, Unreadable> {
        check(line)?;
        let mut event = Self {
            line,
            known: [None; FIELDS],
            unknown: Vec::new(),
            misfits: Cell::new(0),
            placed: Cell::new(0),
        };
        // Of members of the same name the last one counts, also of `message`.
        let mut message = None;
        for (name, value) in members(line) {
            match OUTER.iter().find(|(known, _)| known.as_bytes() == &*name) {
                Some((_, field)) => event.set(*field, value),
                None if &*name == b"message" => message = Some(value),
                None => event.unknown.push((lossy(name).into_owned(), value)),
            }
        }
        match message {
            Some(message) if message.first() == Some(&b'{') => event.message(message),
            Some(other) => event.unknown.push(("message".to_owned(), other)),
            None => {}
        }
        if event.is_answer() {
            return Err(Unreadable {
                reason: ANSWER,
                at: 0,
            });
        }
        Ok(event)
    }

    /// Whether it is an answer of the API, whose events nobody took out: what any document would make of it would look like one.
    fn is_answer(&self) -> bool {
        let is_list = |(path, value): &(String, &[u8])| {
            LISTS.contains(&path.as_str()) && value.first() == Some(&b'[')
        };
        self.known.iter().all(Option::is_none) && self.unknown.iter().any(is_list)
    }

    fn message(&mut self, message: &'a [u8]) {
        let mut id = None;
        for (name, value) in members(message) {
            match INNER.iter().find(|(known, _)| known.as_bytes() == &*name) {
                Some((_, field)) => self.set(*field, value),
                None if &*name == b"log_item_id" => id = Some(value),
                None => {
                    let path = format!("message.{}", lossy(name));
                    self.unknown.push((path, value));
                }
            }
        }
        // Some events say their id again.
        match id {
            Some(id) if self.get(Field::LogItemId).is_none() => self.set(Field::LogItemId, id),
            Some(id) if self.get(Field::LogItemId) != Some(id) => {
                self.unknown.push(("message.log_item_id".to_owned(), id));
            }
            _ => {}
        }
    }

    fn set(&mut self, field: Field, value: &'a [u8]) {
        if let Some(place) = self.known.get_mut(field as usize) {
            *place = Some(value);
        }
    }

    /// The line.
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// When it happened, and how many of its times are none.
    pub fn facts(&self) -> EventFacts {
        let odd = TIMES
            .iter()
            .filter(|field| self.text(**field).is_some() && self.time(**field).is_none())
            .count();
        EventFacts {
            time: self
                .time(Field::DetectionTime)
                .map(|time| Timestamp::from_millis(time.ms)),
            undecoded: u32::try_from(odd).unwrap_or(u32::MAX),
            filtered: false,
        }
    }

    /// The JSON of a value that says something: neither missing nor null nor empty.
    fn get(&self, field: Field) -> Option<&'a [u8]> {
        let value = self.known.get(field as usize).copied().flatten()?;
        (!matches!(value, b"null" | b"\"\"")).then_some(value)
    }

    /// Its text, if it is a string, a number or a truth value. Of others it is noted that they found no place.
    pub fn text(&self, field: Field) -> Option<Cow<'a, str>> {
        let value = self.get(field)?;
        let text = scalar(value);
        if text.is_none() {
            self.misfit(field);
        }
        text.filter(|text| !text.is_empty())
    }

    /// Its texts: those of a list, those of a list that is written in a string, or the one that it is.
    pub fn list(&self, field: Field) -> Vec<Cow<'a, str>> {
        let Some(value) = self.get(field) else {
            return Vec::new();
        };
        let (texts, whole) = list(value);
        if !whole {
            self.misfit(field);
        }
        texts
    }

    /// Its point in time. If it is none, it found no place.
    pub fn time(&self, field: Field) -> Option<Time> {
        let time = Time::parse(&self.text(field)?);
        if time.is_none() {
            self.misfit(field);
        }
        time
    }

    /// Notes that `field` is to be kept as it is, because its place does not hold all of it.
    pub fn misfit(&self, field: Field) {
        self.misfits.set(self.misfits.get() | field.bit());
    }

    /// Notes that the document has `field` in a place of its own.
    pub fn place(&self, field: Field) {
        self.placed.set(self.placed.get() | field.bit());
    }

    /// Whether [`Event::place`] was called for `field`.
    pub fn is_placed(&self, field: Field) -> bool {
        self.placed.get() & field.bit() != 0
    }

    /// The first of the fields that has a text.
    pub fn first(&self, fields: &[Field]) -> Option<(Field, Cow<'a, str>)> {
        fields
            .iter()
            .find_map(|field| Some((*field, self.text(*field)?)))
    }

    /// Path and text of what has no place: members that are not known, and those that were noted. Each path is there once, with
    /// its last value; what is no string is JSON. Paths have no NUL and are not empty, which receivers refuse in names.
    pub fn leftovers(&self) -> Vec<(String, Cow<'a, str>)> {
        let known = OUTER.iter().chain(&INNER).filter_map(|(_, field)| {
            let is_left = self.misfits.get() & field.bit() != 0;
            Some((field.path(), self.get(*field).filter(|_| is_left)?))
        });
        let unknown = self
            .unknown
            .iter()
            .map(|(path, value)| (path.clone(), *value));
        let all: Vec<(String, &'a [u8])> = known
            .chain(unknown)
            .filter(|(_, value)| !matches!(*value, b"null" | b"\"\""))
            .collect();
        let mut distinct = Distinct::default();
        distinct.group(all.len(), |number| {
            all.get(number).map_or(&[][..], |(path, _)| path.as_bytes())
        });
        let mut taken = BTreeSet::new();
        distinct
            .firsts()
            .filter_map(|first| {
                let (path, _) = all.get(first)?;
                let (_, value) = all.get(distinct.last(first))?;
                Some((usable(path, first, &mut taken), text_of(value)))
            })
            .collect()
    }

    /// The fields that have a text and were not placed, in the order of `fields`.
    pub fn unplaced(&self, fields: &[Field]) -> Vec<(String, Cow<'a, str>)> {
        fields
            .iter()
            .filter(|field| !self.is_placed(**field))
            .filter_map(|field| Some((field.path(), self.text(*field)?)))
            .collect()
    }
}

/// A name for `path` that receivers take and no other member has; `number` is the member's.
fn usable(path: &str, number: usize, taken: &mut BTreeSet<String>) -> String {
    let mut name = path.replace('\0', "_");
    if name.is_empty() {
        name.push('_');
    }
    // Only where something was replaced can another have the name. With the number it is this member's alone, unless somebody
    // wrote it, who has to write another one for each turn.
    while !taken.insert(name.clone()) {
        name.push_str(&format!("#{number}"));
    }
    name
}

fn check(line: &[u8]) -> Result<(), Unreadable> {
    let unreadable = |reason, at| Unreadable { reason, at };
    let text = std::str::from_utf8(line)
        .map_err(|error| unreadable("text that is not UTF-8", error.valid_up_to()))?;
    let start = json::white(line, 0);
    if line.get(start) != Some(&b'{') {
        return Err(unreadable("expected an object", start));
    }
    if let Some(at) = too_deep(line) {
        return Err(unreadable("nested too deeply", at));
    }
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(|error| unreadable("not valid JSON", position(line, &error)))
}

/// Where nesting exceeds the limit; strings are passed over.
fn too_deep(line: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0_usize, 0_usize);
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' => {
                at = json::string(line, at)?;
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
        at = at.saturating_add(1);
    }
    None
}

/// The byte that the parser means; its columns count from 1, behind what it read.
fn position(line: &[u8], error: &serde_json::Error) -> usize {
    let breaks = error.line().saturating_sub(1);
    let before: usize = line
        .split_inclusive(|byte| *byte == b'\n')
        .take(breaks)
        .map(<[u8]>::len)
        .sum();
    let at = before.saturating_add(error.column().saturating_sub(1));
    at.min(line.len())
}

/// Name and JSON of each member of a valid object.
pub(super) fn members(object: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, &[u8])> {
    spans(object, b'{').filter_map(|(name, value)| {
        let mut scratch = Vec::new();
        let name = object.get(name?)?;
        let plain = json::unescaped(name, &mut scratch);
        let name = if plain == name {
            Cow::Borrowed(name)
        } else {
            Cow::Owned(plain.to_vec())
        };
        Some((name, object.get(value)?))
    })
}

type Span = std::ops::Range<usize>;

/// Where the names and values of an object are in it, or the values of a list.
pub(super) fn spans(text: &[u8], open: u8) -> impl Iterator<Item = (Option<Span>, Span)> {
    let start = json::white(text, 0);
    let mut at =
        (text.get(start) == Some(&open)).then(|| json::white(text, start.saturating_add(1)));
    std::iter::from_fn(move || {
        let here = at.take()?;
        if matches!(text.get(here)?, b'}' | b']') {
            return None;
        }
        let (name, value) = if open == b'{' {
            let (name, value) = json::name(text, here)?;
            (Some(name), value)
        } else {
            (None, here)
        };
        let end = json::value(text, value)?;
        let next = json::white(text, end);
        if text.get(next) == Some(&b',') {
            at = Some(json::white(text, next.saturating_add(1)));
        }
        Some((name, value..end))
    })
}

fn lossy(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The text of a string, and of what is neither list nor object nor null.
pub(super) fn scalar(value: &[u8]) -> Option<Cow<'_, str>> {
    match value.first()? {
        b'"' => {
            let source = json::inside(value, 0, value.len())?;
            let mut scratch = Vec::new();
            let plain = json::unescaped(source, &mut scratch);
            Some(if plain == source {
                String::from_utf8_lossy(source)
            } else {
                Cow::Owned(String::from_utf8_lossy(plain).into_owned())
            })
        }
        b'{' | b'[' | b'n' => None,
        _ => Some(String::from_utf8_lossy(value)),
    }
}

/// Texts of a value that should be a list of texts, and whether they are all of it.
fn list(value: &[u8]) -> (Vec<Cow<'_, str>>, bool) {
    if value.first() == Some(&b'[') {
        let mut whole = true;
        let texts = spans(value, b'[')
            .filter_map(|(_, item)| {
                let item = value.get(item)?;
                let text = scalar(item);
                whole &= text.is_some() || item == b"null";
                text.filter(|text| !text.is_empty())
            })
            .collect();
        return (texts, whole);
    }
    let Some(text) = scalar(value) else {
        return (Vec::new(), false);
    };
    match written_list(&text) {
        Some(items) => {
            let filled = items.into_iter().filter(|item| !item.is_empty());
            (filled.map(Cow::Owned).collect(), true)
        }
        None if text.is_empty() => (Vec::new(), true),
        None => (vec![text], true),
    }
}

/// The list of texts that `text` is the JSON of.
pub(super) fn written_list(text: &str) -> Option<Vec<String>> {
    text.trim_start()
        .starts_with('[')
        .then(|| serde_json::from_str(text).ok())?
}

/// A value as text: that of a string, and JSON in one line of all else.
fn text_of(value: &[u8]) -> Cow<'_, str> {
    scalar(value).unwrap_or_else(|| {
        let mut text = Vec::with_capacity(value.len());
        super::raw::one_line(value, &mut text);
        Cow::Owned(String::from_utf8_lossy(&text).into_owned())
    })
}
