//! Events as documents of the Elastic Common Schema 9.4.
//!
//! `event.id` is the `log_item_id`. `event.severity` follows from `risk_level`, as the risk score that Elastic Security gives to rules of
//! that severity: 21 (low), 47 (medium), 73 (high). An event that does not tell its risk, or in a word that is not known, has none.
//!
//! What ECS has no field for is under `trend_micro.cas`. In an index template map `trend_micro.cas.unmapped` as `flattened`: the
//! names of its members come from outside, and would otherwise become fields.

use std::borrow::Cow;

use edgesiem_decode::{LongLiteral, Writer};
use edgesiem_model::{EventFacts, Gap, Schema, Unreadable};

use super::event::{Event, Field};
use super::meaning::{Kind, Level, Outcome};
use super::{Conversion, Document, mail};
use crate::json::{self, TextKey, key, text_key};
use crate::{ECS_VERSION, EcsSettings};

/// The `ecs` schema for events of Trend Micro Cloud App Security.
///
/// Every document begins with `{"event":{"kind":"`; without a readable `detection_time` it has no `@timestamp`, so that a sink can add
/// one.
#[derive(Debug, Default)]
pub struct Ecs(Conversion<Writing>);

#[derive(Debug, Default)]
struct Writing(EcsSettings);

impl Ecs {
    /// With these settings.
    pub fn new(settings: EcsSettings) -> Self {
        Self(Conversion::new(Writing(settings)))
    }
}

impl Schema for Ecs {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        self.0.convert(line, out)
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        self.0.gap(line, gap, out);
    }
}

/// Members under `trend_micro.cas` that are texts.
const OWN: &[(TextKey, Field)] = &[
    (text_key!("log_item_id"), Field::LogItemId),
    (text_key!("service"), Field::Service),
    (text_key!("event"), Field::Event),
    (text_key!("scan_type"), Field::ScanType),
    (text_key!("action_result"), Field::Result),
    (text_key!("location"), Field::Location),
    (text_key!("security_risk_name"), Field::SecurityRiskName),
    (text_key!("detected_by"), Field::DetectedBy),
    (text_key!("risk_level"), Field::RiskLevel),
    (text_key!("detection_type"), Field::DetectionType),
    (text_key!("violator"), Field::Violator),
    (text_key!("violating_content"), Field::ViolatingContent),
];

impl Document for Writing {
    type Akamai = crate::Ecs;

    fn write(&self, event: &Event<'_>, w: &mut Writer<'_>) {
        let is_mail = mail::is_mail(event);
        json::block(w, *b"{}", |w| {
            self.event(event, is_mail, w);
            time(w, text_key!("@timestamp"), event, Field::DetectionTime);
            json::object(w, key!("rule"), |w| {
                member(w, text_key!("name"), event, Field::Policy);
                member(w, text_key!("category"), event, Field::Filter);
            });
            email(event, w);
            file(event, is_mail, w);
            threat(event, w);
            user(event, w);
            related(event, w);
            w.short(b",\"observer\":{\"vendor\":\"Trend Micro\",\"product\":\"Cloud App Security\"},\"ecs\":{\"version\":\"");
            w.short(ECS_VERSION.as_bytes());
            w.short(b"\"}");
            own(event, w);
        });
    }
}

impl Writing {
    fn event(&self, event: &Event<'_>, is_mail: bool, w: &mut Writer<'_>) {
        w.short(b",\"event\":{\"kind\":\"alert\"");
        let kind = Kind::of(event);
        let is_file = !is_mail && event.text(Field::FileName).is_some();
        json::array(w, key!("category"), |w| {
            let categories = [
                ("email", is_mail),
                ("file", is_file),
                ("malware", kind.is_malware(event)),
            ];
            let mut found = categories.iter().filter(|(_, holds)| *holds).peekable();
            if found.peek().is_none() {
                w.short(b",\"intrusion_detection\"");
            }
            for (name, _) in found {
                w.short(b",\"");
                w.short(name.as_bytes());
                w.byte(b'"');
            }
        });
        w.short(b",\"type\":[\"info\"],\"outcome\":\"");
        w.short(Outcome::of(event).name().as_bytes());
        w.short(b"\",\"module\":\"trend_micro\",\"dataset\":\"trend_micro.cas\"");
        member(w, text_key!("id"), event, Field::LogItemId);
        member(w, text_key!("action"), event, Field::Action);
        if let Some(level) = Level::of(event) {
            let severity = match level {
                Level::Low => 21,
                Level::Medium => 47,
                Level::High => 73,
            };
            json::number(w, key!("severity"), severity);
        }
        if self.0.event_original {
            json::bytes(w, text_key!("original"), event.line());
        }
        w.byte(b'}');
    }
}

/// `email`: addresses without the names beside them, so that rules for mail of any origin find them.
fn email(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("email"), |w| {
        for (key, field) in [
            (key!("from"), Field::MailSender),
            (key!("to"), Field::MailRecipient),
        ] {
            let addresses = addresses(event, field);
            json::object(w, key, |w| texts(w, key!("address"), &addresses));
        }
        member(w, text_key!("subject"), event, Field::MailSubject);
        if let Some(id) = event.text(Field::MailId) {
            json::bytes(w, text_key!("message_id"), mail::message_id(&id).as_bytes());
        }
        time(
            w,
            text_key!("origination_timestamp"),
            event,
            Field::MailSubmitTime,
        );
        time(
            w,
            text_key!("delivery_timestamp"),
            event,
            Field::MailDeliveryTime,
        );
        json::array(w, key!("attachments"), |w| {
            json::object_item(w, |w| {
                json::object(w, key!("file"), |w| {
                    member(w, text_key!("name"), event, Field::MailFileName);
                });
            });
        });
    });
}

fn addresses<'a>(event: &Event<'a>, field: Field) -> Vec<Cow<'a, str>> {
    let mailboxes = event.list(field);
    let addresses = mailboxes.into_iter().map(|mailbox| match mailbox {
        Cow::Borrowed(mailbox) => Cow::Borrowed(mail::address(mailbox)),
        Cow::Owned(mailbox) => Cow::Owned(mail::address(&mailbox).to_owned()),
    });
    mail::distinct(addresses)
}

fn file(event: &Event<'_>, is_mail: bool, w: &mut Writer<'_>) {
    json::object(w, key!("file"), |w| {
        let name = event.text(Field::FileName);
        member(w, text_key!("name"), event, Field::FileName);
        // The place of a file is a path only where it ends in the file.
        let path = event.text(Field::Location).filter(|location| {
            let last = location.rsplit(['/', '\\']).next();
            !is_mail && last == name.as_deref()
        });
        if let Some(path) = path {
            json::bytes(w, text_key!("path"), path.as_bytes());
        }
        json::object(w, key!("hash"), |w| {
            member(w, text_key!("sha1"), event, Field::FileSha1);
            member(w, text_key!("sha256"), event, Field::FileSha256);
        });
    });
}

/// The name of what was found, as that of an indicator; malicious code also as software.
fn threat(event: &Event<'_>, w: &mut Writer<'_>) {
    let code = event.first(&[Field::RansomwareName, Field::VirusName]);
    let name = event.text(Field::SecurityRiskName);
    let name = name.or_else(|| code.as_ref().map(|(_, name)| name.clone()));
    json::object(w, key!("threat"), |w| {
        json::object(w, key!("indicator"), |w| {
            if let Some(name) = name {
                json::bytes(w, text_key!("name"), name.as_bytes());
            }
        });
        json::object(w, key!("software"), |w| {
            if let Some((field, name)) = code {
                json::bytes(w, text_key!("name"), name.as_bytes());
                w.short(b",\"type\":\"Malware\"");
                // An event with both names says the other one, too.
                if field == Field::RansomwareName && event.text(Field::VirusName).is_some() {
                    event.misfit(Field::VirusName);
                }
            }
        });
    });
}

fn user(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("user"), |w| {
        let Some(user) = event.text(Field::AffectedUser) else {
            return;
        };
        json::bytes(w, text_key!("name"), user.as_bytes());
        if user.contains('@') {
            json::bytes(w, text_key!("email"), user.as_bytes());
        }
    });
}

fn related(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("related"), |w| {
        let hashes = [Field::FileSha1, Field::FileSha256];
        let hashes = hashes.into_iter().filter_map(|field| event.text(field));
        texts(w, key!("hash"), &mail::distinct(hashes));
        let users = event
            .text(Field::AffectedUser)
            .into_iter()
            .chain(addresses(event, Field::MailSender))
            .chain(addresses(event, Field::MailRecipient))
            .chain(event.text(Field::Violator));
        texts(w, key!("user"), &mail::distinct(users));
    });
}

/// `trend_micro.cas`.
fn own(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("trend_micro"), |w| {
        json::object(w, key!("cas"), |w| {
            for (key, field) in OWN {
                member(w, *key, event, *field);
            }
            time(
                w,
                text_key!("file_upload_time"),
                event,
                Field::FileUploadTime,
            );
            let templates = event.list(Field::DlpTemplate);
            texts(w, key!("triggered_dlp_template"), &templates);
            for (key, field) in [
                (key!("mail_message_sender"), Field::MailSender),
                (key!("mail_message_recipient"), Field::MailRecipient),
            ] {
                let mailboxes = event.list(field);
                // Names beside the addresses have no field.
                if mailboxes
                    .iter()
                    .any(|mailbox| !mail::is_address_only(mailbox))
                {
                    texts(w, key, &mailboxes);
                }
            }
            json::object(w, key!("unmapped"), |w| {
                for (path, text) in event.leftovers() {
                    w.short(b",\"");
                    w.escaped(path.as_bytes());
                    w.short(b"\":\"");
                    w.escaped(text.as_bytes());
                    w.byte(b'"');
                }
            });
        });
    });
}

fn member(w: &mut Writer<'_>, key: TextKey, event: &Event<'_>, field: Field) {
    if let Some(text) = event.text(field) {
        json::bytes(w, key, text.as_bytes());
    }
}

fn time(w: &mut Writer<'_>, key: TextKey, event: &Event<'_>, field: Field) {
    if let Some(time) = event.time(field) {
        let text = edgesiem_model::Timestamp::from_millis(time.ms).to_rfc3339();
        json::bytes(w, key, text.as_bytes());
    }
}

fn texts(w: &mut Writer<'_>, key: &LongLiteral, texts: &[Cow<'_, str>]) {
    json::array(w, key, |w| {
        for text in texts {
            w.short(b",\"");
            w.escaped(text.as_bytes());
            w.byte(b'"');
        }
    });
}
