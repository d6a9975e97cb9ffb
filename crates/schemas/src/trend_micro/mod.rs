//! Events of Trend Micro Cloud App Security: elements of `security_events` of its Log Retrieval API.
//!
//! An event has `service`, `event`, `log_item_id` and a `message` whose members depend on the kind of event; none of them can be
//! relied on. Older answers have lists where newer ones have a string, and times without a zone. Whatever is not where it is
//! expected, or not known, is kept under its path.

mod cef;
mod decoded;
mod ecs;
mod event;
mod mail;
mod meaning;
mod ocsf;
mod otel;
mod raw;
mod time;

pub use ecs::Ecs;
pub use ocsf::Ocsf;

use edgesiem_decode::Writer;
use edgesiem_model::{DocumentForm, EventFacts, Gap, Schema, Unreadable};

use crate::EventWriter;
use event::Event;

/// Names of the schemas, as in the configuration.
pub(crate) const NAMES: &[&str] = &["decoded", "raw", "ecs", "cef", "ocsf", "otel"];

/// The schema of that name.
pub(crate) fn by_name(name: &str) -> Option<Box<dyn Schema>> {
    match name {
        "decoded" => Some(Box::new(decoded::Decoded)),
        "raw" => Some(Box::new(raw::Raw)),
        "ecs" => Some(Box::new(Ecs::default())),
        "cef" => Some(Box::new(Conversion::new(cef::Cef))),
        "ocsf" => Some(Box::new(Ocsf::default())),
        "otel" => Some(Box::new(Conversion::new(otel::Otel))),
        _ => None,
    }
}

/// What is known of the event `line`.
///
/// # Errors
/// [`Unreadable`] if it is none.
pub(crate) fn facts(line: &[u8]) -> Result<EventFacts, Unreadable> {
    Ok(Event::read(line)?.facts())
}

/// Writes an event as a document.
pub trait Document {
    /// The schema of the same name for Akamai's events: its documents about gaps, and their form, are the same here.
    type Akamai: EventWriter + Default;

    /// Appends the document of `event`.
    fn write(&self, event: &Event<'_>, writer: &mut Writer<'_>);
}

/// The schema whose documents `D` writes.
#[derive(Debug, Default)]
pub struct Conversion<D: Document> {
    document: D,
    akamai: D::Akamai,
}

impl<D: Document> Conversion<D> {
    fn new(document: D) -> Self {
        Self {
            document,
            akamai: D::Akamai::default(),
        }
    }
}

impl<D: Document> Schema for Conversion<D> {
    fn name(&self) -> &'static str {
        D::Akamai::NAME
    }

    fn form(&self) -> DocumentForm {
        D::Akamai::FORM
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        let event = Event::read(line)?;
        let expected = line.len().saturating_mul(2).saturating_add(1024);
        let mut writer = Writer::new(out, expected);
        self.document.write(&event, &mut writer);
        writer.finish();
        Ok(event.facts())
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        self.akamai.gap(line, gap, out);
    }
}
