//! Events as documents of the Open Cybersecurity Schema Framework 1.8.0, profile `security_control`.
//!
//! Which class an event is follows from what it reports:
//!
//! - what Data Loss Prevention found is a Data Security Finding (2006), wherever it was found;
//! - what a security risk scan found in a mail is an Email Activity (4009), `Scan`: spam, phishing, malware and blocked attachments
//!   are verdicts about one message, and that class has a place for all that the event says of it;
//! - all else is a Detection Finding (2004), whose evidence is the mail or the file: security risks in files, what Virtual Analyzer
//!   found, ransomware, and events of kinds that are not known.
//!
//! What an event does not tell is not guessed:
//!
//! - `severity_id` follows from `risk_level`, and is 0 (Unknown) where the event has none;
//! - the actor is the `violator`, where there is one. `affected_user` is whom it happened to: `user` of the evidence, and of a Data
//!   Security Finding an affected resource;
//! - `status_code` is the `action_result`. `status_id` of an Email Activity follows from it; that of a finding is 1 (New), because it is
//!   about the work on the finding, which an action of the product does not end.

use std::borrow::Cow;

use edgesiem_decode::{LongLiteral, Writer};
use edgesiem_model::{EventFacts, Gap, Schema, Unreadable};

use super::event::{Event, Field};
use super::meaning::{Effect, Kind, Level, Outcome};
use super::time::Time;
use super::{Conversion, Document, mail};
use crate::OCSF_VERSION;
use crate::json::{self, TextKey, key, text_key};

/// The `ocsf` schema for events of Trend Micro Cloud App Security.
///
/// Every document begins with `{"metadata":{`. The `log_item_id` is `metadata.uid`, and also `metadata.original_event_uid`, where
/// Akamai's events have their id. `time` is 0 if the event's cannot be
/// read. What has no attribute is in `unmapped` under its path, and what does not fit its attribute, or is not known, in
/// `unmapped.members`.
#[derive(Debug, Default)]
pub struct Ocsf(Conversion<Writing>);

#[derive(Debug, Default)]
struct Writing {
    raw_data: bool,
}

impl Ocsf {
    /// `raw_data`: whether the line is there as it came.
    pub fn new(raw_data: bool) -> Self {
        Self(Conversion::new(Writing { raw_data }))
    }
}

impl Schema for Ocsf {
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

/// What an event is in OCSF.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    EmailActivity,
    DataSecurityFinding,
    DetectionFinding,
}

impl Class {
    fn of(kind: Kind, has_address: bool) -> Self {
        match kind {
            Kind::Dlp => Self::DataSecurityFinding,
            Kind::SecurityRisk if has_address => Self::EmailActivity,
            _ => Self::DetectionFinding,
        }
    }

    const fn attributes(self) -> &'static [u8] {
        match self {
            Self::EmailActivity => {
                b",\"class_uid\":4009,\"class_name\":\"Email Activity\",\"category_uid\":4,\"category_name\":\"Network Activity\",\"activity_id\":3,\"activity_name\":\"Scan\",\"type_uid\":400903,\"type_name\":\"Email Activity: Scan\""
            }
            Self::DataSecurityFinding => {
                b",\"class_uid\":2006,\"class_name\":\"Data Security Finding\",\"category_uid\":2,\"category_name\":\"Findings\",\"activity_id\":1,\"activity_name\":\"Create\",\"type_uid\":200601,\"type_name\":\"Data Security Finding: Create\""
            }
            Self::DetectionFinding => {
                b",\"class_uid\":2004,\"class_name\":\"Detection Finding\",\"category_uid\":2,\"category_name\":\"Findings\",\"activity_id\":1,\"activity_name\":\"Create\",\"type_uid\":200401,\"type_name\":\"Detection Finding: Create\""
            }
        }
    }
}

/// Fields that are in `unmapped` where no attribute took them.
const TEXTS: &[Field] = &[
    Field::Service,
    Field::Event,
    Field::ScanType,
    Field::AffectedUser,
    Field::Location,
    Field::Result,
    Field::MailId,
    Field::MailSubmitTime,
    Field::MailDeliveryTime,
    Field::MailSubject,
    Field::MailFileName,
    Field::FileName,
    Field::FileUploadTime,
    Field::FileSha1,
    Field::FileSha256,
    Field::SecurityRiskName,
    Field::DetectedBy,
    Field::VirusName,
    Field::DetectionType,
    Field::RansomwareName,
    Field::Violator,
    Field::ViolatingContent,
];

impl Document for Writing {
    type Akamai = crate::Ocsf;

    fn write(&self, event: &Event<'_>, w: &mut Writer<'_>) {
        let kind = Kind::of(event);
        let is_mail = mail::is_mail(event);
        // OCSF knows no mail without an address.
        let has_address = is_mail
            && [Field::MailSender, Field::MailRecipient]
                .iter()
                .any(|field| !addresses(&event.list(*field)).is_empty());
        let class = Class::of(kind, has_address);
        json::block(w, *b"{}", |w| {
            metadata(event, w);
            w.short(class.attributes());
            verdict(event, class, w);
            match class {
                Class::EmailActivity => {
                    w.short(b",\"direction_id\":0,\"direction\":\"Unknown\"");
                    email(event, w);
                }
                Class::DataSecurityFinding => {
                    finding_info(event, w);
                    data_security(event, is_mail, w);
                }
                Class::DetectionFinding => {
                    finding_info(event, w);
                    evidences(event, has_address, w);
                }
            }
            malware(event, kind, w);
            policy(event, w);
            unmapped(event, w);
            if self.raw_data {
                json::bytes(w, text_key!("raw_data"), event.line());
            }
        });
    }
}

fn metadata(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("metadata"), |w| {
        w.short(b",\"version\":\"");
        w.short(OCSF_VERSION.as_bytes());
        w.short(b"\",\"profiles\":[\"security_control\"],\"product\":{\"name\":\"Cloud App Security\",\"vendor_name\":\"Trend Micro\"}");
        placed(w, text_key!("uid"), event, Field::LogItemId);
        placed(w, text_key!("log_name"), event, Field::Event);
        placed(w, text_key!("log_provider"), event, Field::Service);
        placed(w, text_key!("original_event_uid"), event, Field::LogItemId);
        placed(w, text_key!("original_time"), event, Field::DetectionTime);
    });
}

/// When it was, how bad it is, and what was done about it.
fn verdict(event: &Event<'_>, class: Class, w: &mut Writer<'_>) {
    // One that cannot be read is in `metadata.original_time`.
    let time = event.text(Field::DetectionTime);
    let time = time.and_then(|text| Time::parse(&text));
    json::number(w, key!("time"), time.map_or(0, |time| time.ms));
    risk(event, w);
    let effect = Effect::of(event);
    w.short(match effect {
        Effect::Passed => b",\"action_id\":1,\"action\":\"Allowed\",\"disposition_id\":1,\"disposition\":\"Allowed\"",
        Effect::Quarantined => b",\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":3,\"disposition\":\"Quarantined\"",
        Effect::Deleted => b",\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":5,\"disposition\":\"Deleted\"",
        Effect::Blocked => b",\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":2,\"disposition\":\"Blocked\"",
        Effect::Tagged => b",\"action_id\":4,\"action\":\"Modified\",\"disposition_id\":18,\"disposition\":\"Tagged\"",
        Effect::Replaced => b",\"action_id\":4,\"action\":\"Modified\",\"disposition_id\":11,\"disposition\":\"Corrected\"",
        Effect::Failed => b",\"action_id\":3,\"action\":\"Observed\",\"disposition_id\":13,\"disposition\":\"Uncorrected\"",
        Effect::Other => b",\"action_id\":99,\"disposition_id\":99",
        Effect::Unknown => b",\"action_id\":0,\"action\":\"Unknown\",\"disposition_id\":0,\"disposition\":\"Unknown\"",
    });
    if effect == Effect::Other {
        placed(w, text_key!("action"), event, Field::Action);
        placed(w, text_key!("disposition"), event, Field::Action);
    }
    placed(w, text_key!("status_detail"), event, Field::Action);
    placed(w, text_key!("status_code"), event, Field::Result);
    w.short(match (class, Outcome::of(event)) {
        (Class::EmailActivity, Outcome::Success) => b",\"status_id\":1,\"status\":\"Success\"",
        (Class::EmailActivity, Outcome::Failure) => b",\"status_id\":2,\"status\":\"Failure\"",
        (Class::EmailActivity, Outcome::Unknown) => b",\"status_id\":0,\"status\":\"Unknown\"",
        _ => b",\"status_id\":1,\"status\":\"New\"",
    });
    w.short(b",\"is_alert\":true");
}

/// How bad the event says it is, in its own word and in OCSF's.
fn risk(event: &Event<'_>, w: &mut Writer<'_>) {
    let Some(risk) = event.text(Field::RiskLevel) else {
        w.short(b",\"severity_id\":0,\"severity\":\"Unknown\"");
        return;
    };
    event.place(Field::RiskLevel);
    match Level::of(event) {
        Some(Level::Low) => w.short(b",\"severity_id\":2,\"severity\":\"Low\",\"risk_level_id\":1"),
        Some(Level::Medium) => {
            w.short(b",\"severity_id\":3,\"severity\":\"Medium\",\"risk_level_id\":2");
        }
        Some(Level::High) => {
            w.short(b",\"severity_id\":4,\"severity\":\"High\",\"risk_level_id\":3")
        }
        None => {
            w.short(b",\"severity_id\":99");
            json::bytes(w, text_key!("severity"), risk.as_bytes());
            w.short(b",\"risk_level_id\":99");
        }
    }
    json::bytes(w, text_key!("risk_level"), risk.as_bytes());
}

/// An event without an id is a finding of the id `unknown`, because there must be one.
fn finding_info(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("finding_info"), |w| {
        match event.text(Field::LogItemId) {
            Some(id) => json::bytes(w, text_key!("uid"), id.as_bytes()),
            None => w.short(b",\"uid\":\"unknown\""),
        }
        let names = [
            Field::SecurityRiskName,
            Field::RansomwareName,
            Field::VirusName,
        ];
        if let Some((field, name)) = event.first(&names) {
            event.place(field);
            json::bytes(w, text_key!("title"), name.as_bytes());
        }
        let analytics = [Field::DetectedBy, Field::DetectionType];
        if let Some((field, name)) = event.first(&analytics) {
            event.place(field);
            json::object(w, key!("analytic"), |w| {
                json::bytes(w, text_key!("name"), name.as_bytes());
                w.short(b",\"type_id\":0,\"type\":\"Unknown\"");
            });
        }
    });
}

/// `evidences`: who, and the mail and the file, if the event has them.
fn evidences(event: &Event<'_>, has_address: bool, w: &mut Writer<'_>) {
    json::array(w, key!("evidences"), |w| {
        json::object_item(w, |w| {
            if has_address {
                email(event, w);
            } else {
                json::object(w, key!("file"), |w| file(event, w));
                for field in [Field::MailSender, Field::MailRecipient] {
                    event.misfit(field);
                }
            }
            user(event, Field::AffectedUser, key!("user"), w);
            actor(event, w);
        });
    });
}

/// `data_security` and what it is about: a file, or a mail, which is a resource here, because the class has no attribute for it.
fn data_security(event: &Event<'_>, is_mail: bool, w: &mut Writer<'_>) {
    json::object(w, key!("data_security"), |w| {
        w.short(
            b",\"detection_system_id\":8,\"detection_system\":\"Cloud Access Security Broker\"",
        );
        let templates = event.list(Field::DlpTemplate);
        if let [only] = templates.as_slice() {
            event.place(Field::DlpTemplate);
            json::bytes(w, text_key!("detection_pattern"), only.as_bytes());
        }
        placed(
            w,
            text_key!("pattern_match"),
            event,
            Field::ViolatingContent,
        );
    });
    actor(event, w);
    json::object(w, key!("file"), |w| file(event, w));
    json::array(w, key!("resources"), |w| {
        if is_mail {
            json::object_item(w, |w| mail_resource(event, w));
        }
        json::object_item(w, |w| affected_account(event, w));
    });
}

/// Whose mailbox or file it is, as a resource: the class has no other place for a user who is not the actor.
fn affected_account(event: &Event<'_>, w: &mut Writer<'_>) {
    let Some(name) = event.text(Field::AffectedUser) else {
        return;
    };
    w.short(b",\"type\":\"Account\",\"role_id\":3,\"role\":\"Affected\"");
    json::bytes(w, text_key!("name"), name.as_bytes());
    user(event, Field::AffectedUser, key!("owner"), w);
}

/// A mail as a resource, which must have a name or an id.
fn mail_resource(event: &Event<'_>, w: &mut Writer<'_>) {
    w.short(b",\"type\":\"Email\"");
    match (event.text(Field::MailSubject), event.text(Field::MailId)) {
        (None, None) => w.short(b",\"name\":\"unknown\""),
        _ => {
            placed(w, text_key!("name"), event, Field::MailSubject);
            placed(w, text_key!("uid"), event, Field::MailId);
        }
    }
    json::object(w, key!("data"), |w| {
        for (key, field) in [
            (key!("mail_message_sender"), Field::MailSender),
            (key!("mail_message_recipient"), Field::MailRecipient),
        ] {
            texts(w, key, &event.list(field));
        }
        placed(
            w,
            text_key!("mail_message_file_name"),
            event,
            Field::MailFileName,
        );
    });
}

/// `email`: addresses where they are some by OCSF's own pattern, and the mailboxes as they came where they say more.
fn email(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("email"), |w| {
        let senders = event.list(Field::MailSender);
        let addresses = addresses(&senders);
        if let Some(first) = addresses.first() {
            json::bytes(w, text_key!("from"), first.as_bytes());
        }
        if addresses.len() > 1 {
            texts(w, key!("from_list"), &addresses);
        }
        match senders.as_slice() {
            [sender] if !says_no_more(sender) => {
                json::bytes(w, text_key!("from_mailbox"), sender.as_bytes());
            }
            [_, _, ..] if !senders.iter().all(|sender| says_no_more(sender)) => {
                event.misfit(Field::MailSender);
            }
            _ => {}
        }
        let recipients = event.list(Field::MailRecipient);
        texts(w, key!("to"), &self::addresses(&recipients));
        if !recipients.iter().all(|recipient| says_no_more(recipient)) {
            texts(w, key!("to_mailboxes"), &recipients);
        }
        placed(w, text_key!("subject"), event, Field::MailSubject);
        placed(w, text_key!("message_uid"), event, Field::MailId);
        json::array(w, key!("files"), |w| {
            json::object_item(w, |w| file(event, w));
            if event.text(Field::MailFileName).is_some() && !event.is_placed(Field::MailFileName) {
                json::object_item(w, |w| {
                    placed(w, text_key!("name"), event, Field::MailFileName);
                    w.short(b",\"type_id\":0");
                });
            }
        });
    });
}

fn addresses<'a>(mailboxes: &'a [Cow<'_, str>]) -> Vec<Cow<'a, str>> {
    let addresses = mailboxes.iter().map(|mailbox| mail::address(mailbox));
    mail::distinct(
        addresses
            .filter(|address| is_address(address))
            .map(Cow::Borrowed),
    )
}

/// Whether the address among `from` or `to` is all that a mailbox says.
fn says_no_more(mailbox: &str) -> bool {
    mail::is_address_only(mailbox) && is_address(mail::address(mailbox))
}

/// Whether OCSF takes it for an `email_t`: `^[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$`, where `+-/` is a
/// range.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_local =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+,-./=?^_`{|}~".contains(&byte);
    let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let Some((first, rest)) = domain.split_once('.') else {
        return false;
    };
    [local, first, rest].iter().all(|part| !part.is_empty())
        && local.bytes().all(is_local)
        && first.bytes().all(is_domain)
        && rest.bytes().all(|byte| is_domain(byte) || byte == b'.')
}

/// Members of the file that the event is about, or else of the file in its mail; it must have a name.
fn file(event: &Event<'_>, w: &mut Writer<'_>) {
    let Some((field, name)) = event.first(&[Field::FileName, Field::MailFileName]) else {
        return;
    };
    event.place(field);
    json::bytes(w, text_key!("name"), name.as_bytes());
    w.short(b",\"type_id\":0");
    let location = event.text(Field::Location);
    let last = location
        .as_deref()
        .and_then(|location| location.rsplit(['/', '\\']).next());
    if last == Some(&name) {
        placed(w, text_key!("path"), event, Field::Location);
    }
    json::array(w, key!("hashes"), |w| {
        for (field, algorithm) in [
            (
                Field::FileSha1,
                &b",\"algorithm_id\":2,\"algorithm\":\"SHA-1\""[..],
            ),
            (
                Field::FileSha256,
                b",\"algorithm_id\":3,\"algorithm\":\"SHA-256\"",
            ),
        ] {
            if event.text(field).is_some() {
                json::object_item(w, |w| {
                    w.short(algorithm);
                    placed(w, text_key!("value"), event, field);
                });
            }
        }
    });
}

/// Who did it, if the event says so.
fn actor(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("actor"), |w| {
        user(event, Field::Violator, key!("user"), w);
    });
}

/// The user that `field` names.
fn user(event: &Event<'_>, field: Field, key: &LongLiteral, w: &mut Writer<'_>) {
    let Some(name) = event.text(field) else {
        return;
    };
    event.place(field);
    json::object(w, key, |w| {
        json::bytes(w, text_key!("name"), name.as_bytes());
        let address = mail::address(&name);
        if is_address(address) {
            json::bytes(w, text_key!("email_addr"), address.as_bytes());
        }
    });
}

/// `malware`, where the event names malicious code.
fn malware(event: &Event<'_>, kind: Kind, w: &mut Writer<'_>) {
    if !kind.is_malware(event) {
        return;
    }
    let names = [
        Field::RansomwareName,
        Field::VirusName,
        Field::SecurityRiskName,
    ];
    let Some((field, name)) = event.first(&names) else {
        return;
    };
    event.place(field);
    json::array(w, key!("malware"), |w| {
        json::object_item(w, |w| {
            let is_ransomware = kind == Kind::Ransomware || field == Field::RansomwareName;
            w.short(if is_ransomware {
                b",\"classification_ids\":[10],\"classifications\":[\"Ransomware\"]"
            } else {
                b",\"classification_ids\":[0],\"classifications\":[\"Unknown\"]"
            });
            json::bytes(w, text_key!("name"), name.as_bytes());
            w.short(b",\"provider\":\"Trend Micro\"");
        });
    });
}

/// The policy, and as its type the filter of it that was triggered.
fn policy(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("policy"), |w| {
        placed(w, text_key!("name"), event, Field::Policy);
        placed(w, text_key!("type"), event, Field::Filter);
    });
}

fn unmapped(event: &Event<'_>, w: &mut Writer<'_>) {
    json::object(w, key!("unmapped"), |w| {
        for (path, text) in event.unplaced(TEXTS) {
            pair(w, &path, &text);
        }
        if !event.is_placed(Field::DlpTemplate) {
            let templates = event.list(Field::DlpTemplate);
            texts(w, key!("triggered_dlp_template"), &templates);
        }
        json::object(w, key!("members"), |w| {
            for (path, text) in event.leftovers() {
                pair(w, &path, &text);
            }
        });
    });
}

fn pair(w: &mut Writer<'_>, name: &str, text: &str) {
    w.short(b",\"");
    w.escaped(name.as_bytes());
    w.short(b"\":\"");
    w.escaped(text.as_bytes());
    w.byte(b'"');
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

/// The member `key` with the text of `field`, which then has its place.
fn placed(w: &mut Writer<'_>, key: TextKey, event: &Event<'_>, field: Field) {
    if let Some(text) = event.text(field) {
        event.place(field);
        json::bytes(w, key, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_is_what_the_pattern_of_ocsf_takes() {
        for (text, expected) in [
            ("a@example.com", true),
            ("a.b+c/d,e@ex-ample.co.jp", true),
            ("a@example", false),
            ("a@example.", false),
            ("@example.com", false),
            ("a@@example.com", false),
            ("a b@example.com", false),
            ("a@exa_mple.com", false),
            ("\u{e9}@example.com", false),
            ("a@example.com\n", false),
            ("", false),
        ] {
            assert_eq!(is_address(text), expected, "{text:?}");
        }
    }
}
