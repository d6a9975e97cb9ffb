//! Events as OpenTelemetry log records.
//!
//! `file`, `user` and `security_rule` follow the semantic conventions; a mail has none there. All else is under `trend_micro.cas`,
//! with the names of the event's members, and the line as it came is the body.

use edgesiem_decode::Writer;

use super::Document;
use super::event::{Event, Field};
use super::meaning::Effect;
use crate::json;
use crate::otel::value::{END, array, list, many, text};

/// The `otel` schema for events of Trend Micro Cloud App Security.
#[derive(Debug)]
pub(super) struct Otel;

const TEXTS: &[(&[u8], Field)] = &[
    (text!("user.name"), Field::AffectedUser),
    (text!("file.name"), Field::FileName),
    (text!("security_rule.name"), Field::Policy),
    (text!("security_rule.category"), Field::Filter),
    (text!("trend_micro.cas.log_item_id"), Field::LogItemId),
    (text!("trend_micro.cas.service"), Field::Service),
    (text!("trend_micro.cas.event"), Field::Event),
    (text!("trend_micro.cas.scan_type"), Field::ScanType),
    (text!("trend_micro.cas.location"), Field::Location),
    (text!("trend_micro.cas.action"), Field::Action),
    (text!("trend_micro.cas.action_result"), Field::Result),
    (text!("trend_micro.cas.mail_message_id"), Field::MailId),
    (
        text!("trend_micro.cas.mail_message_subject"),
        Field::MailSubject,
    ),
    (
        text!("trend_micro.cas.mail_message_file_name"),
        Field::MailFileName,
    ),
    (text!("trend_micro.cas.file_sha1"), Field::FileSha1),
    (text!("trend_micro.cas.file_sha256"), Field::FileSha256),
    (
        text!("trend_micro.cas.security_risk_name"),
        Field::SecurityRiskName,
    ),
    (text!("trend_micro.cas.detected_by"), Field::DetectedBy),
    (text!("trend_micro.cas.risk_level"), Field::RiskLevel),
    (text!("trend_micro.cas.virus_name"), Field::VirusName),
    (
        text!("trend_micro.cas.detection_type"),
        Field::DetectionType,
    ),
    (
        text!("trend_micro.cas.ransomware_name"),
        Field::RansomwareName,
    ),
    (text!("trend_micro.cas.violator"), Field::Violator),
    (
        text!("trend_micro.cas.violating_content"),
        Field::ViolatingContent,
    ),
];

const TIMES: &[(&[u8], Field)] = &[
    (
        text!("trend_micro.cas.mail_message_submit_time"),
        Field::MailSubmitTime,
    ),
    (
        text!("trend_micro.cas.mail_message_delivery_time"),
        Field::MailDeliveryTime,
    ),
    (
        text!("trend_micro.cas.file_upload_time"),
        Field::FileUploadTime,
    ),
];

const LISTS: &[(&[u8], Field)] = &[
    (
        array!("trend_micro.cas.mail_message_sender"),
        Field::MailSender,
    ),
    (
        array!("trend_micro.cas.mail_message_recipient"),
        Field::MailRecipient,
    ),
    (
        array!("trend_micro.cas.triggered_dlp_template"),
        Field::DlpTemplate,
    ),
];

impl Document for Otel {
    type Akamai = crate::Otel;

    fn write(&self, event: &Event<'_>, w: &mut Writer<'_>) {
        w.short(b"{\"attributes\":");
        let has_attributes = json::block(w, *b"[]", |w| attributes(event, w));
        if !has_attributes {
            w.short(b"[]");
        }
        // Readers keep nanoseconds in 64 bits with a sign, which end in 2262; the body has the text.
        let time = event
            .time(Field::DetectionTime)
            .and_then(|time| time.ms.checked_mul(1_000_000))
            .filter(|nanoseconds| i64::try_from(*nanoseconds).is_ok());
        if let Some(nanoseconds) = time {
            w.short(b",\"timeUnixNano\":\"");
            json::digits(w, nanoseconds);
            w.byte(b'"');
        }
        // What was only reported is a warning, what was acted upon an error, as with Akamai's events.
        w.short(if Effect::of(event).is_acted_upon() {
            crate::otel::ERROR
        } else {
            crate::otel::WARN
        });
        w.short(b",\"eventName\":\"trend_micro.cas.event\",\"body\":{\"stringValue\":\"");
        w.escaped(event.line());
        w.literal(END);
    }
}

fn attributes(event: &Event<'_>, w: &mut Writer<'_>) {
    for (opening, field) in TEXTS {
        if let Some(text) = event.text(*field) {
            attribute(w, opening, &text);
        }
    }
    if let Some(user) = event
        .text(Field::AffectedUser)
        .filter(|user| user.contains('@'))
    {
        attribute(w, text!("user.email"), &user);
    }
    for (opening, field) in TIMES {
        if let Some(time) = event.time(*field) {
            attribute(w, opening, &time.text);
        }
    }
    for (opening, field) in LISTS {
        let texts = event.list(*field);
        many(w, opening, |w| texts.iter().for_each(|text| item(w, text)));
    }
    let _ = event.time(Field::DetectionTime);
    many(w, list!("trend_micro.cas.unmapped"), |w| {
        for (path, text) in event.leftovers() {
            w.short(b",{\"key\":\"");
            w.escaped(path.as_bytes());
            attribute(w, b"\",\"value\":{\"stringValue\":\"", &text);
        }
    });
}

fn attribute(w: &mut Writer<'_>, opening: &[u8], text: &str) {
    w.short(opening);
    w.escaped(text.as_bytes());
    w.literal(END);
}

fn item(w: &mut Writer<'_>, text: &str) {
    w.short(b",{\"stringValue\":\"");
    w.escaped(text.as_bytes());
    w.short(b"\"}");
}
