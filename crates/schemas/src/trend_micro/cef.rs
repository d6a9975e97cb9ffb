//! Events as ArcSight's Common Event Format.
//!
//! The header is that of Trend Micro's own `format=cef`, with the last bar, which theirs lacks and parsers need, and with the level of
//! `risk_level` as the severity where the event tells one: their example has High whatever the event says.
//!
//! Trend Micro's, from its example ("Content Mapping Between Log Output and CEF Syslog Type"), are `DevicePayloadId`,
//! `destinationServiceName`, `cat`, `msg`, `rt`, `act`, `outcome`, `suid`, `suser`, `duser`, `start`, `end`, and with `TrendMicroCas` in
//! front `AffectedUser`, `Location`, `PolicyName` and `Filter`. The format's own keys for what the example does not have are ours:
//! `fname`, `fileHash` (SHA-1), and `cs1` to `cs6` with the labels that are written beside them. So are, in Trend Micro's manner and
//! for what the format has no key for, `TrendMicroCasMailSubject`, `TrendMicroCasMailFileName`, `TrendMicroCasFileSha256`,
//! `TrendMicroCasFileUploadTime`, and `TrendMicroCasDetectionTime` for a time that cannot be read. A parser made for Trend Micro's
//! lines does not know ours.
//!
//! Times are milliseconds since 1970, as the format has them, and several senders or recipients have semicolons between them.

use edgesiem_decode::{LongLiteral, Writer};

use super::Document;
use super::event::{Event, Field};
use super::meaning::{Kind, Level};
use crate::cef::{key, lossy, pair};
use crate::json;

/// The `cef` schema for events of Trend Micro Cloud App Security.
#[derive(Debug)]
pub(super) struct Cef;

/// A part of the extension.
enum Part {
    Text(&'static LongLiteral, Field),
    List(&'static LongLiteral, Field),
    Time(&'static LongLiteral, Field),
    /// The first that there is, and its label.
    Labelled(&'static LongLiteral, &'static [(Field, &'static str)]),
}

const PARTS: &[Part] = &[
    Part::Text(key!("DevicePayloadId"), Field::LogItemId),
    Part::Text(key!("destinationServiceName"), Field::Service),
    Part::Text(key!("cat"), Field::Event),
    Part::Text(key!("msg"), Field::ScanType),
    Part::Text(key!("TrendMicroCasAffectedUser"), Field::AffectedUser),
    Part::Text(key!("TrendMicroCasLocation"), Field::Location),
    Part::Time(key!("rt"), Field::DetectionTime),
    Part::Text(key!("TrendMicroCasPolicyName"), Field::Policy),
    Part::Text(key!("TrendMicroCasFilter"), Field::Filter),
    Part::Text(key!("act"), Field::Action),
    Part::Text(key!("outcome"), Field::Result),
    Part::Text(key!("suid"), Field::MailId),
    Part::List(key!("suser"), Field::MailSender),
    Part::List(key!("duser"), Field::MailRecipient),
    Part::Time(key!("start"), Field::MailSubmitTime),
    Part::Time(key!("end"), Field::MailDeliveryTime),
    Part::Text(key!("TrendMicroCasMailSubject"), Field::MailSubject),
    Part::Text(key!("TrendMicroCasMailFileName"), Field::MailFileName),
    Part::Text(key!("fname"), Field::FileName),
    Part::Text(key!("fileHash"), Field::FileSha1),
    Part::Text(key!("TrendMicroCasFileSha256"), Field::FileSha256),
    Part::Time(key!("TrendMicroCasFileUploadTime"), Field::FileUploadTime),
    Part::Labelled(
        key!("cs1"),
        &[
            (Field::SecurityRiskName, "cs1Label=Security Risk Name "),
            (Field::VirusName, "cs1Label=Virus Name "),
            (Field::RansomwareName, "cs1Label=Ransomware Name "),
        ],
    ),
    Part::Labelled(
        key!("cs2"),
        &[
            (Field::DetectedBy, "cs2Label=Detected By "),
            (Field::DetectionType, "cs2Label=Detection Type "),
        ],
    ),
    Part::Labelled(key!("cs3"), &[(Field::RiskLevel, "cs3Label=Risk Level ")]),
    Part::List(key!("cs4"), Field::DlpTemplate),
    Part::Labelled(key!("cs5"), &[(Field::Violator, "cs5Label=Violator ")]),
    Part::Labelled(
        key!("cs6"),
        &[(Field::ViolatingContent, "cs6Label=Violating Content ")],
    ),
];

impl Document for Cef {
    type Akamai = crate::Cef;

    fn write(&self, event: &Event<'_>, w: &mut Writer<'_>) {
        let kind = match Kind::of(event) {
            Kind::SecurityRisk => "securityrisk",
            Kind::VirtualAnalyzer => "virtualanalyzer",
            Kind::Ransomware => "ransomware",
            Kind::Dlp => "dlp",
            Kind::Other => "event",
        };
        // The example's severity is High whatever the event says.
        let severity = match Level::of(event) {
            Some(Level::Low) => "Low",
            Some(Level::Medium) => "Medium",
            Some(Level::High) | None => "High",
        };
        w.short(b"CEF:0|Trend Micro|CAS|5.0|");
        for field in [kind, kind, severity] {
            w.short(field.as_bytes());
            w.byte(b'|');
        }
        let start = w.len();
        for part in PARTS {
            write(part, event, w);
        }
        // Behind the last pair there is no separator.
        if w.len() > start {
            let end = w.len().saturating_sub(1);
            w.back_to(end);
        }
    }
}

fn write(part: &Part, event: &Event<'_>, w: &mut Writer<'_>) {
    match part {
        Part::Text(key, field) => {
            if let Some(text) = event.text(*field) {
                pair(w, key, |w| lossy(w, text.as_bytes()));
            }
        }
        Part::List(key, field) => {
            let texts = event.list(*field);
            pair(w, key, |w| lossy(w, texts.join(";").as_bytes()));
            if *field == Field::DlpTemplate && !texts.is_empty() {
                w.short(b"cs4Label=DLP Templates ");
            }
        }
        Part::Time(key, field) => match (event.time(*field), event.text(*field)) {
            (Some(time), _) => pair(w, key, |w| json::digits(w, time.ms)),
            (None, Some(text)) if *field == Field::DetectionTime => {
                pair(w, key!("TrendMicroCasDetectionTime"), |w| {
                    lossy(w, text.as_bytes())
                });
            }
            _ => {}
        },
        Part::Labelled(key, fields) => {
            let texts = fields
                .iter()
                .map(|(field, label)| (event.text(*field), label));
            if let Some((Some(text), label)) = texts.into_iter().find(|(text, _)| text.is_some()) {
                pair(w, key, |w| lossy(w, text.as_bytes()));
                w.short(label.as_bytes());
            }
        }
    }
}
